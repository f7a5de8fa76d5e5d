"""Checks of what users pass in: every refusal is a sentence (expected, got, what to do).

The one place that touches scikit-learn's private parameter checks.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)

__all__ = [
    "HasMethods",
    "Integral",
    "Interval",
    "InvalidParameterError",
    "Real",
    "StrOptions",
    "check_choice",
    "check_sample_weight",
    "did_you_mean",
    "find_column",
    "raise_all",
    "require",
    "validate_parameters",
]


def did_you_mean(word: object, options: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the option nearest to `word`, or nothing."""
    near = difflib.get_close_matches(str(word), list(map(str, options)), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def check_choice(value: Any, options: Iterable[str], *, name: str) -> Any:
    """Return `value` if it is one of `options`; otherwise say which there are."""
    options = list(options)
    if value in options:
        return value
    listed = ", ".join(map(repr, options))
    raise ValueError(
        f"expected {name} to be one of {listed}, got {value!r}.{did_you_mean(value, options)}"
    )


def find_column(column: str, names: Iterable[str]) -> tuple[int | None, str | None]:
    """Return the place of a named column of a table, or what is wrong.

    A name is found behind a prefix too, as ``FeatureUnion`` and ``ColumnTransformer`` put it before
    (``union__clip_beat_tempo``), if only one column has it.
    """
    names = list(map(str, names))
    exact = [i for i, name in enumerate(names) if name == column]
    found = exact or [i for i, name in enumerate(names) if name.endswith(f"__{column}")]
    if len(found) == 1:
        return found[0], None
    if not found:
        hint = did_you_mean(column, names)
        return None, f"expected a column {column!r}, got a table without it.{hint}"
    listed = ", ".join(repr(names[i]) for i in found)
    return None, f"expected one column {column!r}, got {listed}: give the whole name of one"


def check_sample_weight(
    weight: Any, n_rows: int, problems: list[str] | None = None
) -> np.ndarray | None:
    """Return the weights of rows as floats, or None where there are none.

    A number is the weight of every row. What is wrong with the values is added to `problems`, or
    raised where there is no such list.
    """
    if weight is None:
        return None
    if isinstance(weight, Real):
        weight = np.full(n_rows, weight)
    weight = check_array(weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weight.shape != (n_rows,):
        raise ValueError(
            f"expected sample_weight of shape ({n_rows},), got {weight.shape}: give a weight a row"
        )
    if not (weight.min() >= 0 and weight.max() > 0):
        found = (
            "expected sample weights of zero or more, some above zero, got weights from "
            f"{weight.min():g} to {weight.max():g}: leave out rows that should not count"
        )
        if problems is None:
            raise ValueError(found)
        problems.append(found)
    return weight


def validate_parameters(estimator: Any) -> None:
    """Check an estimator's parameters against its ``_parameter_constraints``.

    scikit-learn's own check, with "did you mean" for a misspelt choice. Called first in `fit`. An
    estimator of others without constraints passes.
    """
    constraints = getattr(estimator, "_parameter_constraints", {})
    params = estimator.get_params(deep=False)
    try:
        validate_parameter_constraints(constraints, params, caller_name=type(estimator).__name__)
    except InvalidParameterError as error:
        hints = (
            did_you_mean(params[name], rule.options)
            for name, rules in constraints.items()
            for rule in (rules if isinstance(rules, list) else ())
            if isinstance(rule, StrOptions)
            and isinstance(params[name], str)
            and params[name] not in rule.options
        )
        raise InvalidParameterError(str(error) + next((h for h in hints if h), "")) from None


def raise_all(problems: list[str]) -> None:
    """Raise one `ValueError` with every problem found, if there is any."""
    if len(problems) == 1:
        raise ValueError(problems[0])
    if problems:
        raise ValueError("; ".join(f"({i}) {p}" for i, p in enumerate(problems, 1)))


def require(*modules: str, extra: str, purpose: str) -> None:
    """Raise an `ImportError` that names the extra to install if a module is missing."""
    import importlib.util

    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"{purpose} needs {', '.join(missing)}, which "
            f"{'is' if len(missing) == 1 else 'are'} not installed: "
            f"pip install 'sklearn-asdf[{extra}]'"
        )
