"""ArdenImputer: missing cells filled from p(missing | observed), as a scikit-learn transformer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from arden.data.decoding import filled_cells, frame_of_cells
from arden.data.readers.arrow_table import table_of_frame
from arden.data.schema import Schema
from arden.errors import InputError
from arden.estimators._base import ArdenEstimator, library_of
from arden.tasks.complete import complete
from arden.tasks.verbs import exact

__all__ = ["ArdenImputer"]


class ArdenImputer(OneToOneFeatureMixin, TransformerMixin, ArdenEstimator):
    """NaN is missing: never seen in training, and drawn given what is there when rows are filled.

    The default system reads any set of columns, so that draws are exact for every pattern of gaps
    (of the joint whose order visits the observed first). Parameters as `ArdenDensity`, and

    Parameters
    ----------
    strategy : {"mean", "draw"}, default="mean"
        Fill with the mean of the draws (of levels: the most frequent), or with a single draw.
    draws : int, default=16
        How many, for the mean.

    Rows with no gap are left as they are. The same X is always filled in the same way.

    >>> import numpy as np
    >>> from arden.estimators import ArdenImputer
    >>> x = np.random.default_rng(0).normal(size=(200, 1)) + np.zeros((1, 2))
    >>> x[::7, 1] = np.nan
    >>> filled = ArdenImputer(epochs=3, options={"hidden": (8,)}, random_state=0).fit_transform(x)
    >>> filled.shape, bool(np.isnan(filled).any())
    ((200, 2), False)
    """

    def __init__(
        self,
        system: str = "orderless-nade",
        *,
        strategy: str = "mean",
        draws: int = 16,
        options: Mapping[str, Any] | None = None,
        epochs: int = 100,
        validation_fraction: float = 0.1,
        discrete: bool | None = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            system,
            options=options,
            epochs=epochs,
            validation_fraction=validation_fraction,
            discrete=discrete,
            random_state=random_state,
        )
        self.strategy = strategy
        self.draws = draws

    def fit(self, X: Any, y: Any = None) -> ArdenImputer:
        """(n, d), NaN where missing -> self; y is not looked at."""
        if self.strategy not in ("mean", "draw"):
            raise InputError(f"strategy: expected mean or draw, got {self.strategy!r}")
        x, seen = self._rows(X, reset=True, gaps=True)
        known = np.ones(x.shape, dtype=bool) if seen is None else seen
        if not known.any(axis=0).all():
            column = int((~known.any(axis=0)).argmax())
            raise InputError(f"X: column {column} holds no value at all; expected at least one")
        self._fit_model(x, observed=seen)
        exact("complete", self.model_)
        return self

    def transform(self, X: Any) -> Any:
        """(n, d), NaN where missing -> (n, d) without; a frame with words becomes such a frame."""
        check_is_fitted(self)
        x, seen = self._rows(X, reset=False, gaps=True)
        known = np.ones(x.shape, dtype=bool) if seen is None else seen
        gaps = ~known.all(axis=1)
        self._values(x, known)  # levels are checked in whole rows as well
        filled = x.copy()
        if gaps.any():
            filled[gaps] = self._filled(x[gaps], known[gaps])
        return filled if self._schema is None else self._frame(X, filled, known, self._schema)

    def _frame(
        self, X: Any, filled: NDArray[np.float64], known: NDArray[np.bool_], schema: Schema
    ) -> Any:
        """The frame that came, (n, D) values without gaps -> the same frame, its gaps filled."""
        table, values = table_of_frame(X, "X"), torch.from_numpy(filled)[:, None]
        cells = filled_cells(table, values, torch.from_numpy(~known), schema, typed=True)
        dtypes = {raw.name: raw.dtype for raw in table.columns}
        dtypes |= {column.name: column.dtype for column in schema.columns}
        return frame_of_cells(cells, dtypes, schema, library_of(X))

    def _filled(self, x: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
        found = complete(
            exact("complete", self.model_),
            self._values(x, known),
            torch.from_numpy(known),
            num=self.draws if self.strategy == "mean" else 1,
            seed=self._seed,
        ).values.double()
        if self._schema is not None:
            middle = _middle_by_column(found, self._schema)
        elif self.num_levels_ is None or self.strategy == "draw":
            middle = found.mean(dim=1)
        else:
            middle = found.mode(dim=1).values
        return np.where(known, x, middle.numpy())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _middle_by_column(found: Tensor, schema: Schema) -> Tensor:
    """(n, M, D) draws -> (n, D): of numbers the mean, to whole levels where there are some; of
    words the most frequent."""
    parts = []
    for place, column in enumerate(schema.columns):
        drawn = found[:, :, place]
        if column.num_symbols is not None and not column.has_order:
            parts.append(drawn.mode(dim=1).values)
        else:
            mean = drawn.mean(dim=1)
            parts.append(mean if column.num_symbols is None else mean.round())
    return torch.stack(parts, dim=1)
