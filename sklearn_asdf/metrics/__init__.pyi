from ._scorers import get_scorer as get_scorer
from ._scorers import get_scorer_names as get_scorer_names

__all__ = ["get_scorer", "get_scorer_names"]
