"""How far ln p in float32 is from ln p in float64: every system, all its weights shaken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from torch import Tensor

    from arden.data.dataset import Dataset

__all__ = ["CASES", "cases_of", "data_of", "errors", "measure"]

CASES = {
    "bits 4×4": (4, "bits"),
    "bits 8×8": (8, "bits"),
    "bits 16×16": (16, "bits"),
    "bits 24×24": (24, "bits"),
    "17 levels 8×8": (8, "levels"),
    "reals 8×8": (8, "reals"),
}
"""A case -> the side of its images, and what a pixel holds."""
STRENGTH = 0.5
"""Of the noise on every weight, in units of its size, as the audit takes it."""


def cases_of(name: str) -> list[str]:
    """A system's name -> the cases that it is measured on.

    >>> cases_of("rnade"), cases_of("table")
    (['reals 8×8'], ['bits 4×4'])
    """
    from arden.systems import SYSTEMS

    if name == "table":  # 2⁶⁴ numbers are too many
        return ["bits 4×4"]
    kinds = {"bits": "discrete", "levels": "discrete", "reals": "real"}
    takes = SYSTEMS[name].data
    return [case for case, (side, kind) in CASES.items() if side > 4 and kinds[kind] in takes]


def data_of(case: str, rows: int) -> Dataset:
    """A case, N -> N training rows of it, and N to be scored: half real ones, half random.

    Real ones are the digits, every pixel repeated or every second one left out; of reals random
    walks along the lines, and the random ones are ten times as far out.
    """
    import torch

    from arden.data import Schema, load_data
    from arden.data.dataset import Dataset, Split

    side, kind = CASES[case]
    source = torch.Generator().manual_seed(0)
    if kind == "reals":
        steps = torch.randn(2 * rows, side, side, generator=source, dtype=torch.float64)
        values = steps.cumsum(dim=2)
        values[-(rows // 2) :] *= 10
        schema = Schema("image", (side, side))
    else:
        whole = load_data("digits" if kind == "bits" else "digits-17")
        images, symbols = whole.train.values[: 2 * rows], whole.schema.num_symbols
        assert symbols is not None
        if side < 8:
            images = images[:, :: 8 // side, :: 8 // side]
        values = images.repeat_interleave(max(side // 8, 1), 1)
        values = values.repeat_interleave(max(side // 8, 1), 2).clone()
        any_ = torch.randint(symbols, (rows // 2, side, side), generator=source)
        values[-(rows // 2) :] = any_.to(values.dtype)
        schema = Schema("image", (side, side), symbols)
    train, scored = Split(values[:rows]), Split(values[rows:])
    return Dataset(case, schema, train, train, scored, f"{case}, made for a benchmark.")


def measure(name: str, case: str, rows: int, seed: int = 0) -> dict[str, Any]:
    """A system, a case, how many rows -> how far off float32 is, without kernels and with them.

    The system has its default options. The float64 copy holds the same float32 numbers.
    """
    import copy

    import torch

    from arden.assembly import assemble, split_options
    from arden.audit.subject import shaken
    from arden.core.model import AutoregressiveModel
    from arden.kernels import register, without_kernels

    data = data_of(case, rows)
    fresh = assemble(name, data, split_options(name, {"seed": seed}))
    source = torch.Generator().manual_seed(seed)
    # It shakes whatever has parameters and masks.
    single = shaken(cast(AutoregressiveModel, fresh.eval()), STRENGTH, source)
    double = copy.deepcopy(single).double()
    values = data.test.values
    with without_kernels():
        exact = _nats(double, values)
        plain = _nats(single, values)
    register()
    fused = _nats(single, values)
    found = {"system": name, "case": case, "variables": values[0].numel(), **errors(plain, exact)}
    if not torch.equal(fused, plain):
        found["fused"] = errors(fused, exact)
    return found


def errors(found: Tensor, exact: Tensor) -> dict[str, float]:
    """(N,) nats in float32, (N,) in float64 -> the errors, absolute in nats and relative.

    >>> import torch
    >>> told = errors(torch.tensor([2.0, 4.5]), torch.tensor([2.0, 4.0]))
    >>> told["max_abs"], told["mean_abs"], told["max_rel"], told["mean_rel"], told["mean_nats"]
    (0.5, 0.25, 0.125, 0.0625, 3.0)
    """
    apart = (found.double() - exact.double()).abs()
    share = apart / exact.double().abs()
    return {
        "mean_nats": exact.double().mean().item(),
        "max_abs": apart.max().item(),
        "mean_abs": apart.mean().item(),
        "max_rel": share.max().item(),
        "mean_rel": share.mean().item(),
    }


def _nats(model: Any, values: Tensor) -> Tensor:
    """A model, (N, *event) -> (N,) float64: −ln p, or what takes its place with noise of seed 0."""
    import torch

    from arden.core.latent import LatentModel
    from arden.tasks.score import score
    from arden.training.objectives import default_objective

    if not isinstance(model, LatentModel):
        return -score(model, values)
    objective = default_objective(model)
    source = torch.Generator().manual_seed(0)
    noise = objective.noise(len(values), values[0].numel(), source)
    with torch.no_grad():
        return objective(values, None, None, noise).double()
