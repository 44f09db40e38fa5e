"""Several requests in one pass: each is answered as if it was alone, by its own random numbers."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.core.draw import RowGenerators
from arden.core.mixture import Mixture
from arden.networks.gru import GRU, GRUOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from arden.tasks import complete as completing
from arden.tasks import sample as drawing
from arden.tasks.complete import complete
from arden.tasks.sample import sample
from tests.core.models import build, generator, some_events

SHUFFLED = Shuffled((12,), seed=1)
MIXED = Mixed((Bernoulli(), Categorical(3), GaussianMixture(2), Categorical(4)))
MODELS: dict[str, Any] = {
    "bits": lambda: build(NADE, NADEOptions(5), Bernoulli(), SHUFFLED),
    "reals": lambda: build(NADE, NADEOptions(5), GaussianMixture(2), SHUFFLED),
    "mixed": lambda: build(NADE, NADEOptions(5), MIXED, Raster((4,))),
    "any order": lambda: build(
        OrderlessNADE, OrderlessNADEOptions((7,)), Bernoulli(), Shuffled((6,), seed=1)
    ),
    "several orders": lambda: Mixture(
        [
            build(NADE, NADEOptions(5), GaussianMixture(2), SHUFFLED),
            build(NADE, NADEOptions(4), GaussianMixture(2), Raster((12,)), seed=2),
        ]
    ),
    "strings": lambda: build(GRU, GRUOptions(5), Categorical(4), UntilEnd(3)),
}
COUNTS = [3, 1, 4]
models = pytest.mark.parametrize("name", MODELS)


def together() -> RowGenerators:
    """() -> the generators of three requests, seeded 1, 2, 3."""
    return RowGenerators.of_parts([generator(seed) for seed in (1, 2, 3)], COUNTS)


@models
@pytest.mark.parametrize("rows_at_once", [1024, 2])
def test_draws_are_those_of_each_request(
    name: str, rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, how = MODELS[name](), {"max_steps": 9} if name == "strings" else {}
    alone = [sample(model, n, seed=s, **how) for s, n in enumerate(COUNTS, 1)]
    monkeypatch.setattr(drawing, "_MOST_ROWS", rows_at_once)
    found = sample(model, sum(COUNTS), generator=together(), **how).split(COUNTS)
    assert not torch.equal(found[0], found[2][:3])
    for one, other in zip(found, alone, strict=True):
        assert torch.allclose(one[:, : other.shape[1]], other, rtol=0, atol=1e-10)


@models
@pytest.mark.parametrize("walks_at_once", [4096, 12])
def test_completions_are_those_of_each_request(
    name: str, walks_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of all kinds beside each other: known first, known last, nothing known, all known."""
    monkeypatch.setattr(completing, "_MOST_WALKS", walks_at_once)
    model, how = MODELS[name](), {"max_steps": 8} if name == "strings" else {}
    first = model.models[0] if isinstance(model, Mixture) else model
    if name == "strings":
        x = torch.tensor([[0, 1, 2, 1, 3, 3]] * sum(COUNTS))
    elif name == "mixed":
        x = torch.tensor([[1.0, 2.0, 0.4, 3.0]] * sum(COUNTS), dtype=torch.float64)
    else:
        x = some_events(first.conditional, first.event_shape, sum(COUNTS))
    observed = torch.rand(x.shape, generator=generator(7)) < 0.5
    observed[2], observed[4] = False, True
    observed[5] = torch.arange(x.shape[1]) < 2
    observed[6:] = torch.arange(x.shape[1]) > 1
    rows = torch.arange(sum(COUNTS)).split(COUNTS)
    asked = {"num": 3, "candidates": 4, **how}
    alone = [complete(model, x[r], observed[r], seed=s, **asked) for s, r in enumerate(rows, 1)]
    found = complete(model, x, observed, generator=together(), **asked)
    for mine, other in zip(rows, alone, strict=True):
        length = min(found.values.shape[2], other.values.shape[2])
        gap = found.values[mine][:, :, :length] - other.values[:, :, :length]
        assert gap.abs().max() < 1e-10
        assert torch.equal(found.exact_rows[mine], other.exact_rows)
        assert torch.allclose(found.log_observed[mine], other.log_observed)
        sizes = found.effective_sample_size[mine]
        assert torch.allclose(sizes, other.effective_sample_size)
