"""Contract probe: a Numba walk through the dispatch gives the generic walk's draws."""

from __future__ import annotations

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.core.dispatch import DRAW_KERNELS
from arden.core.draw import draw, generic_draw, uniform_noise
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.shuffled import Shuffled
from tests.core.models import build, generator

pytest.importorskip("numba")


@pytest.fixture
def registered(dispatch: None) -> None:
    """() -> (): the kernels are in the tables for one test."""
    from arden.kernels import register

    DRAW_KERNELS.clear()
    if not register():
        pytest.skip("kernels are switched off")


@pytest.mark.parametrize("context_size", [0, 3])
def test_a_fused_walk_draws_what_the_generic_walk_draws(
    registered: None, context_size: int
) -> None:
    model = build(NADE, NADEOptions(9), Bernoulli(), Shuffled((5, 7)), context_size)
    noise = uniform_noise(generator(), (64, 5, 7, 1))
    context = torch.eye(3)[torch.arange(64) % 3] if context_size else None
    kernel = DRAW_KERNELS["NADE", "Bernoulli", "cpu"]
    fused = kernel(model, noise, None, None, context)
    assert fused is not None, "the kernel declined the case it is made for"
    expected = generic_draw(model, noise, context=context)
    assert torch.equal(fused, expected)
    assert torch.equal(draw(model, noise, context=context), expected)
    known = torch.rand(64, 5, 7, generator=generator(1)) < 0.3
    given = torch.randint(0, 2, (64, 5, 7), generator=generator(2))
    kept = draw(model, noise, known, given, context=context)
    assert torch.equal(kept, generic_draw(model, noise, known, given, context=context))
    assert torch.equal(kept[known], given[known])


def test_the_dispatch_really_goes_through_the_kernel(
    registered: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build(NADE, NADEOptions(4), Bernoulli(), Shuffled((6,)))
    key, asked = ("NADE", "Bernoulli", "cpu"), []
    kernel = DRAW_KERNELS[key]

    def counting(*arguments):  # type: ignore[no-untyped-def]
        asked.append(kernel(*arguments))
        return asked[-1]

    monkeypatch.setitem(DRAW_KERNELS, key, counting)
    noise = uniform_noise(generator(), (3, 6, 1))
    drawn = draw(model, noise)
    assert len(asked) == 1
    assert asked[0] is not None
    assert torch.equal(asked[0], drawn)
