"""Contract probe: a tiny RGB PixelCNN++ whose logistic mixture is an exact chain of scalars."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_sample_image
from torch import Tensor

from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.draw import draw
from arden.core.model import AutoregressiveModel, spec_for
from arden.networks.pixelcnn_plus_plus import PixelCNNPlusPlus, PixelCNNPlusPlusOptions
from arden.orderings.raster import Raster
from tests.core.models import every_event, generator, noise_for, shake
from tests.probes.training import train

LEVELS, COMPONENTS = 4, 3
SHAPE = (3, 3, 3)


def pixelcnn(shape: tuple[int, ...] = SHAPE, seed: int = 0) -> AutoregressiveModel:
    """A PixelCNN++ of four maps over images of four levels."""
    ordering, family = Raster(shape), LogisticMixture(LEVELS, COMPONENTS)
    torch.manual_seed(seed)
    network = PixelCNNPlusPlus(
        spec_for(ordering, family), PixelCNNPlusPlusOptions(8, blocks=1, kernel=3)
    )
    return AutoregressiveModel(ordering, network, family)


def shaken(shape: tuple[int, ...] = SHAPE) -> AutoregressiveModel:
    """The same in float64, every weight far from its start."""
    model = pixelcnn(shape).double().eval()
    shake(model)
    return model


def photograph() -> Tensor:
    """A real photograph -> (N, 3, 3, 3) int64 patches of four levels a channel."""
    image = torch.tensor(load_sample_image("flower.jpg")[::2, ::2]) // (256 // LEVELS)
    patches = image.unfold(0, 3, 3).unfold(1, 3, 3)  # (H / 3, W / 3, C, 3, 3)
    return patches.permute(0, 1, 3, 4, 2).reshape(-1, 3, 3, 3).long()


@pytest.mark.parametrize("row", [0, 4, 8])
def test_the_three_channels_of_a_pixel_sum_to_one(row: int) -> None:
    """All 64 colours of one pixel, the pixels before it fixed."""
    model = shaken()
    image = torch.randint(0, LEVELS, SHAPE, generator=generator(row))
    colours = every_event((3,), LEVELS)
    images = image.flatten().repeat(len(colours), 1)
    images[:, 3 * row : 3 * row + 3] = colours
    terms = model.log_conditionals(images.reshape(-1, *SHAPE)).flatten(1)
    pixel = terms[:, 3 * row : 3 * row + 3].sum(dim=1)
    assert abs(pixel.exp().sum().item() - 1) < 1e-10


def test_the_chain_is_the_mixture_over_whole_pixels() -> None:
    """∏ p(r) p(g | r) p(b | r, g) = Σ_m π_m p_m(r) p_m(g | r) p_m(b | r, g)."""
    model = shaken()
    x = torch.randint(0, LEVELS, (5, *SHAPE), generator=generator())
    family = model.conditional
    assert isinstance(family, LogisticMixture)
    weights, means, log_scales = model.params(x).chunk(3, dim=-1)
    within = family.component_log_prob(means, log_scales, x)  # (B, H, W, C, M)
    whole = weights[..., 0, :].log_softmax(dim=-1) + within.sum(dim=-2)
    chain = model.log_conditionals(x).sum(dim=-1)
    torch.testing.assert_close(chain, whole.logsumexp(dim=-1), rtol=1e-10, atol=1e-12)
    # It is no product of independent channels: the weights really are updated by what was seen.
    assert (weights[..., 1, :] - weights[..., 0, :]).abs().max().item() > 0.1
    alone = (weights[..., :1, :].log_softmax(-1) + within).logsumexp(-1).sum(-1)
    assert (alone - chain).abs().max().item() > 1e-3


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 4, 3), (4, 1, 3), (3, 3, 3), (2, 5, 2)])
def test_samples_are_scored_step_by_step_as_in_one_pass(shape: tuple[int, ...]) -> None:
    """PITFALLS 4 and 12: draws lie on the grid, and green is drawn given red."""
    model = shaken(shape)
    drawn = draw(model, noise_for(model, 4))
    assert drawn.dtype == torch.int64
    assert drawn.shape == (4, *shape)
    assert 0 <= int(drawn.min()) <= int(drawn.max()) < LEVELS
    walker, total = model.begin(4), torch.zeros(4, dtype=torch.float64)
    while not walker.done:
        value = drawn.flatten(1).gather(1, walker.step.dims[:, None])[:, 0]
        total += walker.step.family.log_prob(walker.step.params, value)
        walker.advance(value)
    torch.testing.assert_close(total, model.log_prob(drawn), rtol=1e-10, atol=1e-10)


def test_a_single_pixel_image_is_normalised_as_a_whole() -> None:
    model = shaken((1, 1, 3))
    total = model.log_prob(every_event((1, 1, 3), LEVELS)).exp().sum().item()
    assert abs(total - 1) < 1e-10


def test_it_learns_a_photograph() -> None:
    patches = photograph()
    held_out, training = patches[::5], patches[torch.arange(len(patches)) % 5 != 0]
    model = pixelcnn()
    train(model, lambda rows, _: -model.log_prob(training[rows]), len(training), 150)
    counts = torch.stack([(training == level).double().mean(0) for level in range(LEVELS)], -1)
    alone = (counts + 1e-3).log().expand(len(held_out), *SHAPE, LEVELS)
    baseline = alone.gather(-1, held_out[..., None]).sum(dim=(1, 2, 3, 4)).mean().item()
    with torch.no_grad():
        scored = model.log_prob(held_out).mean().item()
    assert scored > baseline + 5, f"{scored:.1f} against {baseline:.1f} nats for 27 scalars"
