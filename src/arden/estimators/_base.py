"""What the estimators share: rows of numbers become a data set, a system is fitted, silently."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data
from torch import Tensor

from arden.assembly import assemble, split_options
from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Dataset, Split
from arden.data.decoding import LIBRARIES
from arden.data.loading import load_data
from arden.data.readers.arrow_table import is_frame, table_of_frame
from arden.data.reading import read_rows
from arden.data.schema import Schema
from arden.errors import InputError
from arden.storage.model_files import CONFIG, WEIGHTS, load, save
from arden.training.fit import fit_model

__all__ = ["ArdenEstimator", "as_mask", "library_of"]

_MODELS = ("model_", "background_")
_MOST_LEVELS = 256
_SEEDS = 2**31 - 1

Numbers = NDArray[np.float64]


class ArdenEstimator(BaseEstimator):
    """Parameters that all of them take; `fit` of each one ends in a ``model_``.

    A fitted estimator is pickled with its model as a recipe and safetensors bytes.
    """

    def __init__(
        self,
        system: str = "made",
        *,
        options: Mapping[str, Any] | None = None,
        epochs: int = 100,
        validation_fraction: float = 0.1,
        discrete: bool | None = None,
        random_state: Any = None,
    ) -> None:
        self.system = system
        self.options = options
        self.epochs = epochs
        self.validation_fraction = validation_fraction
        self.discrete = discrete
        self.random_state = random_state

    _schema: Schema | None = None
    """Of the frame that was fitted, where its columns are of several kinds."""

    def _rows(
        self, X: Any, *, reset: bool, gaps: bool = False
    ) -> tuple[Numbers, NDArray[np.bool_] | None]:
        """(n, d) numbers, or a frame with words -> (n, D) values, (n, D) which are known.

        None for all of them. The columns of a frame with words are read as `arden.load_data` does,
        and what is missing there is not known; in plain numbers ``gaps`` are NaN.
        """
        if reset:
            self._schema = _schema_of(X)
        if self._schema is None:
            how: dict[str, Any] = {"ensure_all_finite": "allow-nan"} if gaps else {}
            least = 2 if reset else 1
            x = validate_data(
                self, X, dtype=np.float64, ensure_min_samples=least, reset=reset, **how
            )
            known = ~np.isnan(x)
            return x, None if known.all() else known
        validate_data(self, X, reset=reset, skip_check_array=True)
        if not is_frame(X):
            raise InputError(
                "X: expected a data frame with the columns that were fitted, "
                f"got {type(X).__name__}"
            )
        rows = read_rows(X, self._schema)
        observed = None if rows.observed is None else rows.observed.numpy()
        return rows.values.double().numpy(), observed

    def _fit_model(
        self,
        x: Numbers,
        labels: NDArray[np.int64] | None = None,
        observed: NDArray[np.bool_] | None = None,
    ) -> None:
        """(n, d), (n,) classes, (n, d) what is known -> (): ``model_`` is fitted to the rows."""
        source = check_random_state(self.random_state)
        self._seed: int = int(source.randint(_SEEDS))
        known = np.ones(x.shape, dtype=bool) if observed is None else observed
        if self._schema is None:
            self.num_levels_ = _levels(x[known], self.discrete)
        else:
            self.num_levels_ = self._schema.num_symbols
        self.model_: AnyModel
        self.model_, self.n_iter_ = self._fitted(x, labels, observed, {})

    def _fitted(
        self,
        x: Numbers,
        labels: NDArray[np.int64] | None,
        observed: NDArray[np.bool_] | None,
        more: Mapping[str, Any],
    ) -> tuple[AnyModel, int]:
        """(n, d), (n,), (n, d), further options -> a model of the rows, how many epochs it took.

        Two of them hold the same rows out, those of `_hold_out`.
        """
        if not 0 < self.validation_fraction < 1:
            raise InputError(
                "validation_fraction: expected a number above 0 and below 1, "
                f"got {self.validation_fraction!r}"
            )
        known = np.ones(x.shape, dtype=bool) if observed is None else observed
        classes = () if labels is None else tuple(map(str, range(int(labels.max()) + 1)))
        schema = self._schema or Schema(
            "table", (x.shape[1],), self.num_levels_, class_names=classes
        )
        held_out = self._hold_out(len(x), labels)
        values = self._values(np.where(known, x, 0.0)).to(schema.dtype)

        def split(rows: NDArray[np.int64], *, prefix: bool = False) -> Split:
            mask = torch.from_numpy(known[rows])
            if prefix:  # validation scores in one order: what follows the first gap is left out
                mask = mask.cumprod(dim=1).bool()
            told = None if labels is None else torch.from_numpy(labels[rows])
            return Split(values[rows], told, None if observed is None else mask)

        train, valid = split(held_out[0]), split(held_out[1], prefix=True)
        data = Dataset("rows", schema, train, valid, valid, "Rows given to an estimator.")
        condition = {} if labels is None else {"condition": "label"}
        given = {"epochs": self.epochs, **(self.options or {}), **condition, **more}
        given["seed"] = self._seed
        chosen = split_options(self.system, given)
        model = assemble(self.system, data, chosen)
        result = fit_model(model, data, chosen[2])
        if labels is not None and isinstance(model, AutoregressiveModel | Mixture):
            for member in model.models if isinstance(model, Mixture) else [model]:
                member.class_counts = tuple(np.bincount(labels).tolist())
        # In float64 a row's figures do not depend on the rows beside it, to the last digits shown.
        return model.double().eval(), len(result.records)

    def _hold_out(
        self, rows: int, labels: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """n rows -> those a fit trains on, and those that choose its epoch."""
        return _hold_out(rows, self.validation_fraction, labels, self._seed)

    def _values(self, x: Numbers, known: NDArray[np.bool_] | None = None) -> Tensor:
        """(n, d) -> the same as the model takes them: levels, or reals.

        Raises:
            InputError: other levels than those fitted to.
        """
        x = np.where(np.isnan(x), 0.0, x) if known is None else np.where(known, x, 0.0)
        if self._schema is not None:  # checked as they were read
            return torch.from_numpy(x).to(self._schema.dtype)
        if self.num_levels_ is None:
            return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64))
        wrong = (x != np.floor(x)) | (x < 0) | (x >= self.num_levels_)
        if wrong.any():
            raise InputError(
                f"X: expected levels 0 … {self.num_levels_ - 1}, as the rows that were fitted, got "
                f"{x[wrong][0]:g}; discrete=False fits real numbers"
            )
        return torch.from_numpy(x.astype(np.int64))

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state["_files"] = {name: _packed(state.pop(name)) for name in _MODELS if name in state}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        files = state.pop("_files", {})
        super().__setstate__(state)
        for name, packed in files.items():
            setattr(self, name, _unpacked(packed))


def as_mask(known: NDArray[np.bool_] | None) -> Tensor | None:
    """(n, D) which are known, None for all -> the same as tasks take it."""
    return None if known is None else torch.from_numpy(known)


def library_of(X: Any) -> str:
    """A frame -> which library it is of."""
    home = type(X).__module__.partition(".")[0]
    return home if home in LIBRARIES else "pandas"


def _schema_of(X: Any) -> Schema | None:
    """What is given to fit -> the schema of a frame in which there are words; else None."""
    if not is_frame(X):
        return None
    table = table_of_frame(X, "X")
    if not any(column.is_text and not column.missing.all() for column in table.columns):
        return None
    return load_data(X).schema


def _packed(model: AnyModel) -> dict[str, bytes]:
    """A model -> its recipe and its weights, as the files they would be."""
    with tempfile.TemporaryDirectory() as place:
        folder = save(model, Path(place) / "model")
        return {name: (folder / name).read_bytes() for name in (CONFIG, WEIGHTS)}


def _unpacked(files: Mapping[str, bytes]) -> AnyModel:
    with tempfile.TemporaryDirectory() as place:
        for name in (CONFIG, WEIGHTS):
            (Path(place) / name).write_bytes(files[name])
        return load(place)


def _levels(values: Numbers, discrete: bool | None) -> int | None:
    """Known values, how to read them -> K, or None for real numbers.

    Raises:
        InputError: values that are no levels, where levels were asked for.
    """
    whole = bool(((values == np.floor(values)) & (values >= 0)).all()) and values.size > 0
    fits = whole and values.max() < _MOST_LEVELS
    if discrete and not fits:
        raise InputError(
            f"discrete: expected whole numbers in 0 … {_MOST_LEVELS - 1}, because it is True; "
            "X holds others"
        )
    if discrete is False or not fits:
        return None
    return max(2, int(values.max()) + 1)


def _hold_out(
    rows: int, share: float, labels: NDArray[np.int64] | None, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """n rows -> those to train on and those that choose the epoch, no class without the former."""
    order = np.random.default_rng(seed).permutation(rows)
    wanted = max(1, round(share * rows))
    left = np.bincount(labels) if labels is not None else np.array([rows])
    held: list[int] = []
    for row in order.tolist():
        own = 0 if labels is None else labels[row]
        if len(held) < wanted and left[own] > 1:
            left[own] -= 1
            held.append(row)
    train = np.setdiff1d(order, held)
    # Where every class has a single row, the same rows must do for both.
    return train, np.array(held or train.tolist(), dtype=np.int64)
