"""Tiny data sets of every kind, and small models of every system: what the fits here run on."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Generator, Tensor

from arden.assembly import assemble, split_options
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Dataset, Split
from arden.data.schema import Column, Schema
from arden.systems import SYSTEMS
from arden.tasks.score import score
from arden.training.objectives import Objective
from arden.training.options import TrainingOptions
from tests.core.models import generator

Model = AutoregressiveModel | Mixture

CLASSES = ("even", "odd")
QUICK = TrainingOptions(epochs=5, batch_size=16, learning_rate=0.02)
REAL_SYSTEMS = tuple(name for name, system in SYSTEMS.items() if "mixed" in system.data)
"""Systems that take real columns, and columns of several kinds."""


def parts(values: Tensor, labels: Tensor | None = None) -> dict[str, Split]:
    """(N, *event), (N,) -> its three splits: the last quarters validate and test."""
    quarter = len(values) // 4
    bounds = {
        "train": slice(0, -2 * quarter),
        "valid": slice(-2 * quarter, -quarter),
        "test": slice(-quarter, None),
    }
    return {
        name: Split(values[rows], None if labels is None else labels[rows])
        for name, rows in bounds.items()
    }


def bits(rows: int = 120, shape: tuple[int, int] = (2, 3), seed: int = 0) -> Dataset:
    """Images of correlated bits with a class each: odd rows of mostly ones, even ones of zeros."""
    source = generator(seed)
    labels = torch.arange(rows) % 2
    likely = torch.where(labels == 1, 0.8, 0.25)[:, None, None]
    values = (torch.rand(rows, *shape, generator=source) < likely).to(torch.uint8)
    values[:, 0, 1] = values[:, 0, 0]  # a pair that always agrees
    schema = Schema("image", shape, 2, class_names=CLASSES)
    return Dataset("bits", schema, **parts(values, labels), protocol="Bits made for a test.")


def symbols(rows: int = 120, columns: int = 4, levels: int = 3, seed: int = 0) -> Dataset:
    """A table of levels 0 … K − 1 in which every column tends to repeat the one before it."""
    source = generator(seed)
    values = torch.randint(0, levels, (rows, columns), generator=source)
    for column in range(1, columns):
        repeats = torch.rand(rows, generator=source) < 0.6
        values[repeats, column] = values[repeats, column - 1]
    schema = Schema("table", (columns,), levels)
    values = values.to(torch.uint8)
    return Dataset("symbols", schema, **parts(values), protocol="Symbols made for a test.")


def reals(rows: int = 160, scale: float = 1.0, seed: int = 0) -> Dataset:
    """A table (N, 3) of reals: the second follows the first, the third has a mode a class."""
    source = generator(seed)
    noise = torch.randn(rows, 3, generator=source, dtype=torch.float64)
    sign = torch.randint(0, 2, (rows,), generator=source) * 2.0 - 1.0
    columns = [noise[:, 0], 0.9 * noise[:, 0] + 0.3 * noise[:, 1], 2 * sign + 0.3 * noise[:, 2]]
    values = torch.stack(columns, dim=1) * scale + 5.0 * scale
    labels, schema = (sign > 0).long(), Schema("table", (3,), class_names=CLASSES)
    return Dataset("reals", schema, **parts(values, labels), protocol="Reals for a test.")


def mixed(rows: int = 160, seed: int = 0) -> Dataset:
    """A table of one binary, one categorical and one real column that depends on both."""
    source = generator(seed)
    flag = torch.randint(0, 2, (rows,), generator=source).double()
    kind = torch.randint(0, 3, (rows,), generator=source).double()
    noise = torch.randn(rows, generator=source, dtype=torch.float64)
    values = torch.stack([flag, kind, 3 * flag - kind + 0.3 * noise], dim=1)
    columns = (Column("flag", "binary", 2), Column("kind", "categorical", 3), Column("y", "real"))
    schema = Schema("table", (3,), None, columns)
    return Dataset("mixed", schema, **parts(values), protocol="A mixed table for a test.")


def natural(name: str) -> Dataset:
    """A system's name -> data with classes that it takes: bits, or reals where it takes no bits."""
    return bits() if "discrete" in SYSTEMS[name].data else reals()


def fresh(name: str, data: Dataset, context_size: int = 0, **options: Any) -> Model:
    """A system's name, data -> its untrained model, small unless asked otherwise."""
    condition = {"condition": "label"} if context_size else {}
    chosen = split_options(name, {**SYSTEMS[name].small, **condition, **options})
    return assemble(name, data, chosen)


def quick(**changes: Any) -> TrainingOptions:
    """The options of a fit that takes no time, with changes."""
    return dataclasses.replace(QUICK, **changes)


def nats(model: Model, data: Dataset, split: str = "valid") -> float:
    """−mean ln p of a split without classes."""
    return -score(model, data.split(split).values).mean().item()


def one_hot(labels: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """(N,) int64 -> (N, 2) one-hot classes."""
    return torch.nn.functional.one_hot(labels, len(CLASSES)).to(dtype)


def minimised(
    objective: Objective, x: Tensor, source: Generator, observed: Tensor | None = None
) -> Tensor:
    """An objective, (B, *event), a generator -> (B,): as the loop asks for it."""
    noise = objective.noise(len(x), x[0].numel(), source)
    return objective(x, None, observed, noise)
