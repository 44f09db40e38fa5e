"""Rows as tensors: a split, and the three splits of a data set with the protocol behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arden.errors import InputError, suggestion

if TYPE_CHECKING:
    import torch

    from arden.data.schema import Schema

__all__ = ["EVENTS_OF_UNIT", "SPLIT_NAMES", "Dataset", "Split"]

SPLIT_NAMES = ("train", "valid", "test")
_MOST_SCALE_ROWS = 2**20
EVENTS_OF_UNIT = {"row": "rows", "symbol": "windows", "string": "strings"}
"""What a figure is per -> what the rows behind it are called."""


# Tensors have no truth value, so that dataclass equality would raise: identity is compared.
@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """values (N, *event), and what else is known of them; all but values may be None.

    `labels` (N,) int64: the class of each row. `observed` (N, *event) bool: a value that is not
    observed may be anything; without it all of them are. `scored` (N, *event) bool: the values
    whose probability counts, the others being the context they are read in (windows of a long
    sequence overlap, and each symbol is scored once). `intensities` (N, *event) in 0..1: the
    probability of a one, where a new binary row is drawn each time it is trained on.

    >>> import torch
    >>> Split(torch.zeros(5, 2, dtype=torch.uint8))
    Split(5 rows of shape (2,))
    """

    values: torch.Tensor
    labels: torch.Tensor | None = None
    observed: torch.Tensor | None = None
    scored: torch.Tensor | None = None
    intensities: torch.Tensor | None = None

    def __post_init__(self) -> None:
        if self.labels is not None and self.labels.shape != self.values.shape[:1]:
            raise InputError(
                f"labels must have shape {tuple(self.values.shape[:1])}, one for each row, "
                f"got {tuple(self.labels.shape)}."
            )
        for name in ("observed", "scored", "intensities"):
            beside = getattr(self, name)
            if beside is not None and beside.shape != self.values.shape:
                raise InputError(
                    f"{name} must have the shape {tuple(self.values.shape)} of the values, "
                    f"got {tuple(beside.shape)}."
                )

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        extras = (
            (", labels" if self.labels is not None else "")
            + (", partly observed" if self.observed is not None else "")
            + (", in windows" if self.scored is not None else "")
            + (", binarized anew" if self.intensities is not None else "")
        )
        return f"Split({len(self)} rows of shape {tuple(self.values.shape[1:])}{extras})"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three splits of events that follow one schema; they are checked when the set is made.

    `protocol` is one sentence stating version, binarization, split and seed. It is printed with
    every figure: figures under different protocols must never stand in one table. `files` are where
    the rows lie if they are not in memory; such rows were checked when they were written there.

    >>> import torch
    >>> from arden.data.schema import Schema
    >>> bits = Split(torch.tensor([[0, 1], [1, 1]], dtype=torch.uint8))
    >>> toy = Dataset("toy", Schema("table", (2,), 2), bits, bits, bits, "Two rows, used thrice.")
    >>> len(toy.split("test"))
    2
    """

    name: str
    schema: Schema
    train: Split
    valid: Split
    test: Split
    protocol: str
    files: Any = None  # MappedFiles; for mypy, `**splits` might hold whatever else has a type

    def __post_init__(self) -> None:
        for split_name in SPLIT_NAMES:
            split = self.split(split_name)
            where = f"{self.name} ({split_name})"
            if len(split) == 0:
                raise InputError(f"{where}: expected at least one row, got none.")
            if self.files is None:
                self.schema.validate(split.values, split.observed, where)
                self._check_labels(split, where)

    @property
    def unit(self) -> str:
        """What a figure is a mean over: "row", "string", or "symbol" of a long sequence."""
        return self.schema.unit

    def scale_rows(self) -> Split:
        """() -> the training rows that scales are read from: all of them, unless they lie in files.

        Then every so-manieth, so that there are at most 2^20: sorting more would need the memory
        that the files are to spare.
        """
        step = -(-len(self.train) // _MOST_SCALE_ROWS)
        if self.files is None or step == 1:
            return self.train
        from arden.data.scoring_rows import take_rows

        return take_rows(self.train, slice(None, None, step))

    def let_go(self) -> None:
        """() -> (): rows that lie in files take no memory until they are read again."""
        if self.files is not None:
            self.files.let_go()

    def num_units(self, name: str) -> int:
        """The name of a split -> how many units it holds: rows, strings, the symbols that count."""
        return self.num_scalars(name) if self.unit == "symbol" else len(self.split(name))

    def num_scalars(self, name: str) -> int:
        """The name of a split -> how many scalars its figures are spread over.

        Of rows all of them, of windows those that are scored, of strings all up to their ends.
        """
        split, counted = self.split(name), self.counted(name)
        return split.values.numel() if counted is None else int(counted.sum())

    def counted(self, name: str) -> torch.Tensor | None:
        """The name of a split -> (N, *event) bool: what counts in sequences; None for all.

        Rows with values that are not observed still have as many scalars as others.
        """
        split = self.split(name)
        if self.schema.end is not None:
            from arden.orderings.until_end import UntilEnd

            return UntilEnd(self.schema.end).valid(split.values)
        if self.unit == "row":
            return None
        return split.observed if split.scored is None else split.scored

    def _check_labels(self, split: Split, where: str) -> None:
        num_classes = len(self.schema.class_names)
        if split.labels is None or not num_classes:
            return
        low, high = split.labels.aminmax()
        if low < 0 or high >= num_classes:
            raise InputError(
                f"{where}: labels must be in 0..{num_classes - 1}, the places of their classes, "
                f"got {int(low)}..{int(high)}."
            )

    def split(self, name: str) -> Split:
        """ "train", "valid" or "test" -> that split."""
        if name not in SPLIT_NAMES:
            raise InputError(
                f'"{name}" is not a split; expected one of {", ".join(SPLIT_NAMES)}.'
                + suggestion(name, SPLIT_NAMES)
            )
        split: Split = getattr(self, name)
        return split
