"""Drawing: noise that is never 0 or 1, draws that are functions of it, samples of the density."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.tempered import Tempered
from arden.core.dispatch import DRAW_KERNELS
from arden.core.draw import draw, draw_mixture, generic_draw, uniform_noise
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.observed_first import observed_first
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from tests.core.models import build, chi_square, every_event, generator, noise_for

COUNT = 20_000


def bits(seed: int = 0) -> AutoregressiveModel:
    """A shaken NADE over five bits in an order of its own."""
    return build(NADE, NADEOptions(4), Bernoulli(), Shuffled((5,), seed=seed), seed=seed)


def frequencies(drawn: Tensor, events: Tensor) -> Tensor:
    """(N, *event), (M, *event) -> (M,): how often each event was drawn."""
    return (drawn.flatten(1)[:, None] == events.flatten(1)[None]).all(dim=2).sum(dim=0)


def test_noise_lies_on_a_grid_inside_the_open_interval() -> None:
    noise = uniform_noise(generator(), (1000, 7))
    assert noise.dtype == torch.float64
    cells = noise * 2.0**52 - 0.5
    assert torch.equal(cells, cells.round())
    # The two ends of that grid are floating point numbers, and neither is 0 or 1.
    first, last = torch.tensor([0, 2**52 - 1]).double().add(0.5).mul(2.0**-52).tolist()
    assert 0.0 < first == 2.0**-53
    assert 1.0 > last == 1 - 2.0**-53
    assert abs(noise.mean().item() - 0.5) < 0.02


@pytest.mark.parametrize("shape", [(3, 1), (4, 17), (5, 3, 3, 2)])
def test_noise_is_taken_row_by_row(shape: tuple[int, ...]) -> None:
    many = uniform_noise(generator(), (200, *shape[1:]))
    assert torch.equal(uniform_noise(generator(), shape), many[: shape[0]])
    source = generator()
    parts = [uniform_noise(source, (n, *shape[1:])) for n in (1, 50, 149)]
    assert torch.equal(torch.cat(parts), many)


def test_two_calls_with_one_generator_differ() -> None:
    """PITFALLS 14."""
    source = generator()
    assert not torch.equal(uniform_noise(source, (9, 5)), uniform_noise(source, (9, 5)))
    before = torch.random.get_rng_state()
    draw(bits(), uniform_noise(source, (9, 5, 1)))
    assert torch.equal(torch.random.get_rng_state(), before)  # the global seed is nobody's


def test_samples_follow_the_density() -> None:
    model, events = bits(), every_event((5,), 2)
    drawn = draw(model, noise_for(model, COUNT))
    counts = frequencies(drawn, events)
    assert counts.sum().item() == COUNT
    mass = model.log_prob(events).exp().detach()
    # Chi-square with 31 degrees exceeds its mean by 6.5 deviations once in about 1e6 times.
    assert chi_square(counts, mass) < 6.5
    # The test has teeth: a sampler at temperature 0.9 is another distribution.
    sharper = AutoregressiveModel(model.ordering, model.network, Tempered(Bernoulli(), 0.9))
    assert chi_square(frequencies(draw(sharper, noise_for(model, COUNT)), events), mass) > 6.5


def test_noise_is_laid_out_in_event_order() -> None:
    """The uniform of a variable is at the variable's place, whatever step visits it."""
    model = bits()
    noise = noise_for(model, 8)
    last = int(model.dims(8, 5)[-1])
    other = noise.clone()
    other[:, last] = 1 - other[:, last]
    drawn, again = draw(model, noise), draw(model, other)
    same = torch.arange(5) != last
    assert torch.equal(drawn[:, same], again[:, same])
    assert not torch.equal(drawn[:, last], again[:, last])


def test_known_cells_are_kept_and_the_rest_is_drawn_given_those_before() -> None:
    model = build(
        AnyOrderTransformer, AnyOrderTransformerOptions(8, 2, 1), Categorical(3), Raster((2, 2))
    )
    events = every_event((2, 2), 3)
    known = torch.tensor([[[True, False], [False, True]]]).expand(COUNT, -1, -1)
    given = torch.tensor([[[2, 0], [0, 1]]]).expand(COUNT, -1, -1)
    order = observed_first(known)
    drawn = draw(model, noise_for(model, COUNT), known, given, order=order)
    assert torch.equal(drawn[known], given[known])
    agree = (events[:, 0, 0] == 2) & (events[:, 1, 1] == 1)
    mass = model.log_prob(events[agree], order=order[0]).exp().detach()
    assert chi_square(frequencies(drawn, events[agree]), mass / mass.sum()) < 6.5


def test_rows_may_know_different_cells() -> None:
    family = Mixed((Bernoulli(), GaussianMixture(2), Categorical(3)))
    model = build(AnyOrderTransformer, AnyOrderTransformerOptions(8, 2, 1), family, Raster((3,)))
    known = torch.rand(40, 3, generator=generator()) < 0.5
    given = torch.tensor([1.0, 0.123456789, 2.0], dtype=torch.float64).expand(40, -1)
    filled = torch.where(known, given, torch.nan)
    drawn = draw(model, noise_for(model, 40), known, filled, order=observed_first(known))
    assert torch.equal(drawn[known], given[known])
    assert bool(family.contains(drawn).all())
    alone = draw(
        model,
        noise_for(model, 40)[7:8],
        known[7:8],
        filled[7:8],
        order=observed_first(known)[7:8],
    )
    torch.testing.assert_close(alone, drawn[7:8], rtol=1e-10, atol=1e-10)


def test_known_without_given_is_refused() -> None:
    model = bits()
    for wrong in ({"known": torch.ones(2, 5).bool()}, {"given": torch.zeros(2, 5)}):
        with pytest.raises(InputError, match="known, given: expected both or neither"):
            draw(model, noise_for(model, 2), **wrong)


def test_a_kernel_serves_where_it_can_and_may_decline(dispatch: None) -> None:
    model, asked = bits(), []

    def kernel(*arguments: object) -> Tensor | None:
        asked.append(len(arguments))
        return None if len(asked) > 1 else torch.full((2, 5), 9)

    DRAW_KERNELS["NADE", "Bernoulli", "cpu"] = kernel
    noise = noise_for(model, 2)
    assert bool((draw(model, noise) == 9).all())
    assert torch.equal(draw(model, noise), generic_draw(model, noise))
    assert asked == [5, 5]


def test_drawing_from_a_mixture_draws_from_its_components() -> None:
    mixture = Mixture([bits(1), bits(2), bits(3)], weights=[0.2, 0.3, 0.5])
    events = every_event((5,), 2)
    noise = uniform_noise(generator(), (COUNT, 6))
    drawn = draw_mixture(mixture, noise[:, 0], noise[:, 1:, None])
    mass = mixture.log_prob(events).exp().detach()
    assert chi_square(frequencies(drawn, events), mass) < 6.5
    chosen = mixture.choose_component(noise[:9, 0])
    for row in range(9):
        component = mixture.models[int(chosen[row])]
        assert torch.equal(draw(component, noise[row : row + 1, 1:, None])[0], drawn[row])


def test_a_component_is_chosen_by_the_exact_quantile() -> None:
    mixture = Mixture([bits(1), bits(2), bits(3)], weights=[1.0, 0.0, 3.0])
    edges = torch.tensor([2.0**-53, 0.25 - 1e-12, 0.25 + 1e-12, 1 - 2.0**-53]).double()
    edges[1], edges[2] = 0.25 - 1e-12, 0.25 + 1e-12
    edges[0], edges[3] = 2.0**-53, 1 - 2.0**-53
    assert mixture.choose_component(edges).tolist() == [0, 0, 2, 2]


def test_a_mixture_of_string_models_is_drawn_whole() -> None:
    parts = [build(GRU, GRUOptions(5), Categorical(4), UntilEnd(2), seed=s) for s in (1, 2)]
    noise = uniform_noise(generator(), (40, 31))
    drawn = draw_mixture(Mixture(parts), noise[:, 0], noise[:, 1:, None])
    valid = UntilEnd(2).valid(drawn)
    assert bool((drawn[~valid] == 2).all())
    assert drawn.shape[1] == int(valid.sum(1).max())


def test_a_masked_walk_draws_what_a_masked_pass_scores() -> None:
    """PITFALLS 4: every drawn value is one the density was asked about."""
    model = build(MADE, MADEOptions((9,)), Categorical(4), Shuffled((6,)))
    drawn = draw(model, noise_for(model, 200))
    assert bool(model.log_prob(drawn).isfinite().all())
    # Putting each term through the same uniforms gives back the same symbol.
    flat, noise = drawn.flatten(1), noise_for(model, 200).flatten(1)
    params = model.params(drawn).flatten(1, -2)
    again = model.conditional.draw(params, noise[..., None])
    assert torch.equal(again, flat)
