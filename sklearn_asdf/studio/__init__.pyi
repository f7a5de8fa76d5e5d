from ._serve import serve as serve
from ._studio import Studio as Studio

__all__ = ["Studio", "serve"]
