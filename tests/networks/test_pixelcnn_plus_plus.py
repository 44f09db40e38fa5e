"""PixelCNN++: the chain for any number of channels and levels, dropout, and what it refuses."""

from __future__ import annotations

import copy

import pytest
import torch

from arden.assembly import assemble, split_options
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.draw import draw
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.pixelcnn_plus_plus import PixelCNNPlusPlus, PixelCNNPlusPlusOptions
from arden.orderings.raster import Raster
from tests.core.models import build, every_event, noise_for, some_events
from tests.training.toys import bits, real_images

CHANNELS, LEVELS = (1, 2, 3, 4), (2, 17, 256)


def shaken(
    levels: int, channels: int, pixels: tuple[int, int] = (2, 3), dropout: float = 0.0
) -> AutoregressiveModel:
    """A small PixelCNN++ in float64, every weight far from its start."""
    options = PixelCNNPlusPlusOptions(4, blocks=1, kernel=3, dropout=dropout)
    family = LogisticMixture(levels, 3)
    return build(PixelCNNPlusPlus, options, family, Raster((*pixels, channels)))


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("levels", LEVELS)
def test_a_pixel_is_one_mixture_over_its_channels(levels: int, channels: int) -> None:
    """Recomputed from the head itself: Σ_m π_m ∏_c p_m(x_c | x_<c), written as in the paper."""
    model = shaken(levels, channels)
    x = some_events(model.conditional, model.event_shape, 3)
    features = model.conditional.features(x.flatten(1)).double()
    heads = []
    network = model.network
    assert isinstance(network, PixelCNNPlusPlus)
    hook = network.output.register_forward_hook(lambda _, __, head: heads.append(head))
    with torch.no_grad():
        network(features)
    hook.remove()
    head = heads[0].unflatten(-1, (-1, 3))  # (B, H, W, numbers, M)
    pixels = features.reshape(x.shape)
    joint, used = head[..., 0, :].log_softmax(-1), 1 + 2 * channels
    for channel in range(channels):
        mean = head[..., 1 + channel, :]
        for before in range(channel):
            mean = mean + head[..., used, :].tanh() * pixels[..., before, None]
            used += 1
        log_scale = head[..., 1 + channels + channel, :]
        family = network.chain.family
        joint = joint + family.component_log_prob(mean, log_scale, x[..., channel])
    assert used == head.shape[-2]
    with torch.no_grad():
        told = model.log_conditionals(x).sum(dim=-1)
    torch.testing.assert_close(told, joint.logsumexp(-1), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("channels", CHANNELS)
def test_all_colours_of_a_pixel_sum_to_one(channels: int) -> None:
    model = shaken(4, channels, (1, 1))
    with torch.no_grad():
        total = model.log_prob(every_event((1, 1, channels), 4)).exp().sum().item()
    assert abs(total - 1) < 1e-10


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_draws_lie_on_the_grid_and_are_scored_as_they_were_drawn(
    levels: int, channels: int, dtype: torch.dtype
) -> None:
    model = shaken(levels, channels).to(dtype)
    drawn = draw(model, noise_for(model, 8))
    assert drawn.dtype == torch.int64
    assert 0 <= int(drawn.min()) <= int(drawn.max()) < levels
    assert len(drawn.unique()) > 1
    walker, total = model.begin(8), torch.zeros(8, dtype=torch.float64)
    while not walker.done:
        value = drawn.flatten(1).gather(1, walker.step.dims[:, None])[:, 0]
        total += walker.step.family.log_prob(walker.step.params, value)
        walker.advance(value)
    # In float32 a level's place is known to 2⁻²⁴, and narrow logistics magnify it a thousandfold.
    close = 1e-10 if dtype == torch.float64 else 1e-3
    with torch.no_grad():
        torch.testing.assert_close(model.log_prob(drawn).double(), total, rtol=close, atol=close)


def test_256_levels_in_single_precision_are_those_of_double_precision() -> None:
    """With weights of the size that fits have, so that scales are those of images."""
    model = build(
        PixelCNNPlusPlus, PixelCNNPlusPlusOptions(8, 2, 3), LogisticMixture(), Raster((4, 5, 3))
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.3)
    x = some_events(model.conditional, model.event_shape, 16)
    single = copy.deepcopy(model).float()
    with torch.no_grad():
        told, true = single.log_conditionals(x), model.log_conditionals(x)
    assert told.dtype == torch.float32
    torch.testing.assert_close(told.double(), true, rtol=1e-4, atol=1e-4)


def test_dropout_is_of_training_alone() -> None:
    model = shaken(4, 2, dropout=0.5)
    x = some_events(model.conditional, model.event_shape, 3)
    with torch.no_grad():
        evaluated = model.log_prob(x)
        assert torch.equal(model.log_prob(x), evaluated)
        model.train()
        assert not torch.equal(model.log_prob(x), model.log_prob(x))
        assert torch.equal(model.eval().log_prob(x), evaluated)


def test_another_family_is_refused() -> None:
    with pytest.raises(InputError, match=r"family: pixelcnn\+\+ needs logistics, got softmax"):
        assemble("pixelcnn++", bits(), split_options("pixelcnn++", {"family": "softmax"}))
    with pytest.raises(InputError, match=r"pixelcnn\+\+ takes discrete values, but .* real ones"):
        assemble("pixelcnn++", real_images(), split_options("pixelcnn++", {}))
