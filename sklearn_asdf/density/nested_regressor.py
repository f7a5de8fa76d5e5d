"""What densities around another regressor share: checks, metadata, a short name of a parameter."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted, validate_data

from .._metadata import accepted, routing_enabled
from .._validation import check_sample_weight

__all__ = ["NestedRegressorMixin", "has_density"]

# A parameter of the density with a short name, so that searches use one name in all presets.
_SHORT, _NESTED = "n_mixtures", "regressor__n_mixtures"


def has_density(estimator: Any) -> bool:
    """Return whether the regressor, fitted or not, predicts a density; None stands for one."""
    regressor = getattr(estimator, "regressor_", None) or estimator.regressor
    return regressor is None or hasattr(regressor, "predict_dist")


class NestedRegressorMixin:
    """Mixin of regressors with a parameter `regressor`, which takes the same features."""

    regressor: Any

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with `n_mixtures` for `regressor__n_mixtures`.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of `regressor` too, and with them `n_mixtures`.

        Returns
        -------
        params : dict
            Names and values.
        """
        params = super().get_params(deep=deep)  # type: ignore[misc]
        if _NESTED in params:
            params[_SHORT] = params[_NESTED]
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; `n_mixtures` is a short name of `regressor__n_mixtures`.

        Searches can use it for `MDNRegressor` and for this regressor alike.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : estimator
            This estimator.
        """
        if (
            _SHORT in params
            and _SHORT in getattr(params.get("regressor", self.regressor), "get_params", dict)()
        ):
            short = params.pop(_SHORT)
            if params.setdefault(_NESTED, short) != short:
                raise ValueError(
                    f"expected one value of {_SHORT} and {_NESTED}, which are the same parameter, "
                    f"got {short!r} and {params[_NESTED]!r}: pass one of them"
                )
        return super().set_params(**params)  # type: ignore[misc]

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata this estimator and its regressor requested.

        Returns
        -------
        routing : MetadataRouter
            The routing of `fit`.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        regressor = self._nested()
        if regressor is None:
            return router
        return router.add(
            regressor=regressor, method_mapping=MethodMapping().add(caller="fit", callee="fit")
        )

    def _nested(self) -> Any:
        """Return the regressor that `fit` clones, or None."""
        return self.regressor

    def _metadata(
        self, sample_weight: Any, groups: Any, n_rows: int
    ) -> tuple[np.ndarray, Any, dict[str, Any]]:
        """Return the weights and groups of this estimator's rows, and the regressor's metadata.

        With metadata routing each of the two may refuse what the other requests.
        """
        weight = check_sample_weight(sample_weight, n_rows)
        given = {"sample_weight": weight, "groups": groups}
        given = {name: value for name, value in given.items() if value is not None}
        regressor = self._nested()
        params: dict[str, Any] = {}
        if routing_enabled():
            if given and regressor is not None:
                params = dict(process_routing(self, "fit", **given).regressor.fit)
            own = super().get_metadata_routing().fit.requests  # type: ignore[misc]
            weight = None if own.get("sample_weight") is False else weight
            groups = None if own.get("groups") is False else groups
        elif regressor is not None:
            # A regressor that does not take weights raises an error; groups are optional.
            params = {name: v for name, v in given.items() if name == "sample_weight"}
            params |= accepted(regressor, {k: v for k, v in given.items() if k == "groups"})
        return np.ones(n_rows) if weight is None else weight, groups, params

    def _check(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, ensure_all_finite=self._finite())

    def _finite(self) -> bool | str:
        if self.regressor is None or not get_tags(self.regressor).input_tags.allow_nan:
            return True
        return "allow-nan"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.target_tags.multi_output = True
        if self.regressor is not None:
            tags.input_tags.allow_nan = get_tags(self.regressor).input_tags.allow_nan
        return tags
