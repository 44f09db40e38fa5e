"""Events without a fixed length: a row ends at its end symbol, and nothing after it counts."""

from __future__ import annotations

import pytest
import torch

from arden.conditionals.categorical import Categorical
from arden.core.draw import draw, uniform_noise
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.gru import GRU, GRUOptions
from arden.orderings.until_end import UntilEnd
from tests.core.models import build, generator

END = 2


def strings(seed: int = 0) -> AutoregressiveModel:
    """A shaken GRU over three letters and an end symbol that is not 0."""
    return build(GRU, GRUOptions(6), Categorical(4), UntilEnd(END), seed=seed)


def test_what_follows_the_end_is_neither_scored_nor_read() -> None:
    model = strings()
    padded = torch.tensor([[0, 3, END, END, END], [END, END, END, END, END], [1, 1, 1, 0, 3]])
    junk = padded.clone()
    junk[0, 3:], junk[1, 1:] = torch.tensor([1, 0]), torch.tensor([3, 3, END, 0])
    terms = model.log_conditionals(padded)
    assert torch.equal(model.log_conditionals(junk), terms)
    assert torch.equal(terms != 0, model.ordering.valid(padded))
    torch.testing.assert_close(model.log_prob(padded[:1, :3]), model.log_prob(padded[:1]))
    nonsense = junk.double()
    nonsense[0, 3:] = torch.nan
    assert torch.equal(model.log_conditionals(nonsense), terms)


def test_what_is_padding_in_every_row_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    model, lengths = strings(), []
    forward = GRU.forward

    def spy(self, features, context=None):  # type: ignore[no-untyped-def]
        lengths.append(features.shape[1])
        return forward(self, features, context)

    monkeypatch.setattr(GRU, "forward", spy)
    x = torch.full((3, 50), END)
    x[0, :4], x[1, :2] = 1, 3
    expected = model.log_conditionals(x).sum(dim=1)
    torch.testing.assert_close(model.log_prob(x), expected, rtol=1e-12, atol=1e-12)
    x[2, :50] = 0  # a row that never ends counts to its last symbol
    expected = model.log_conditionals(x).sum(dim=1)
    torch.testing.assert_close(model.log_prob(x), expected, rtol=1e-12, atol=1e-12)
    assert lengths == [50, 5, 50, 50]
    assert model.log_prob(x[:0]).shape == (0,)


def test_draws_stop_at_the_end_symbol_and_with_the_last_row() -> None:
    model, longest = strings(), 40
    noise = uniform_noise(generator(), (30, longest, 1))
    drawn = draw(model, noise)
    valid = model.ordering.valid(drawn)
    assert bool((drawn[~valid] == END).all())
    lengths = valid.sum(1)
    assert drawn.shape[1] == int(lengths.max())
    assert drawn.shape[1] < longest  # all rows ended: the walk did not go on
    assert len(lengths.unique()) > 3
    short = draw(model, noise[:, :3])
    assert torch.equal(short, drawn[:, :3])
    for row in range(5):  # a row does not wait for the others
        alone = draw(model, noise[row : row + 1])
        assert torch.equal(alone[0], drawn[row, : int(lengths[row])])


def test_a_chooser_is_told_which_rows_are_active_and_the_rest_is_ignored() -> None:
    model = strings()
    wanted = torch.tensor([[0, 1, END, 9, 9], [END, -5, 99, 0, 1], [3, 3, 3, 3, END]])
    seen = []

    def choose(step):  # type: ignore[no-untyped-def]
        seen.append(step.active.tolist())
        return wanted[:, step.index]

    event = model.walk(choose, 3, max_steps=8)
    assert event.tolist() == [[0, 1, END, END, END], [END] * 5, [3, 3, 3, 3, END]]
    assert (
        seen
        == [[True, True, True], [True, False, True], [True, False, True]]
        + [[False, False, True]] * 2
    )


def test_a_walk_that_reaches_its_limit_leaves_rows_unfinished() -> None:
    model = strings()
    event = model.walk(lambda step: torch.full((2,), 3), 2, max_steps=4)
    assert event.tolist() == [[3, 3, 3, 3]] * 2


def test_a_prefix_may_have_ended() -> None:
    model = strings()
    prefix = torch.tensor([[0, END, END], [1, 3, 0]])
    walker = model.begin(2, prefix=prefix, max_steps=6)
    assert walker.step.active.tolist() == [False, True]
    assert model.begin(1, prefix=prefix[:1], max_steps=6).done
    fresh = model.begin(1, prefix=prefix[1:], max_steps=6)
    torch.testing.assert_close(walker.step.params[1:], fresh.step.params, rtol=1e-10, atol=1e-12)


def test_a_mixture_of_string_models_ignores_inactive_rows_too() -> None:
    mixture = Mixture([strings(1), strings(2)], weights=[1.0, 3.0])
    wanted = torch.tensor([[0, 1, END, -1, 99], [3, 3, 3, 3, END]])
    total = torch.zeros(2, dtype=torch.float64)
    walker = mixture.begin(2, max_steps=5)
    while not walker.done:
        step = walker.step
        values = wanted[:, step.index]
        safe = torch.where(step.active, values, 0)
        total += torch.where(step.active, step.family.log_prob(step.params, safe), 0.0)
        walker.advance(values)
    event = walker.event()
    assert event.tolist() == [[0, 1, END, END, END], [3, 3, 3, 3, END]]
    torch.testing.assert_close(total, mixture.log_prob(event), rtol=1e-10, atol=0)


@pytest.mark.parametrize("length", [0, 1])
def test_batches_of_short_strings(length: int) -> None:
    model = strings()
    x = torch.full((3, length), END)
    expected = 0.0 if length == 0 else model.log_conditionals(torch.full((1, 4), END))[0, 0].item()
    assert model.log_prob(x).tolist() == pytest.approx([expected] * 3)


@pytest.mark.parametrize("end", [-1, 4])
def test_an_end_symbol_that_is_never_drawn_is_refused(end: int) -> None:
    with pytest.raises(InputError, match=r"end symbol that .* can draw"):
        build(GRU, GRUOptions(6), Categorical(4), UntilEnd(end))
