"""Networks over a raster: what they see of it, however odd its size; a state that is bounded."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from arden.audit.predecessors import predecessors
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.conditional import Conditional
from arden.core.model import AutoregressiveModel
from arden.core.network import CausalNetwork, select_rows
from arden.networks.gated_pixelcnn import GatedPixelCNN, GatedPixelCNNOptions
from arden.networks.pixelcnn import PixelCNN, PixelCNNOptions
from arden.networks.pixelsnail import PixelSNAIL, PixelSNAILOptions
from arden.orderings.raster import Raster
from tests.core.models import build, generator, some_events

GATED, SNAIL = GatedPixelCNNOptions(12, 4, 5), PixelSNAILOptions(4, 1, 1, 4)
PIXEL = PixelCNNOptions(7, 1, kernel=1)  # its first convolution sees its own pixel alone
NETWORKS = [(GatedPixelCNN, GATED), (PixelCNN, PIXEL), (PixelSNAIL, SNAIL)]

FAMILIES: dict[str, Conditional] = {
    "bits": Bernoulli(),
    "17 levels": Categorical(17),
    "256 levels": Categorical(256, "scalar"),
    "logistics": LogisticMixture(256, 2),
    "reals": GaussianMixture(2),
}


def triangle(size: int) -> Tensor:
    """T -> (T, T) bool: all steps before."""
    return torch.ones(size, size, dtype=torch.bool).tril(-1)


def of_shape(
    network: type[CausalNetwork], options: object, shape: tuple[int, ...]
) -> AutoregressiveModel:
    """A network, its options, an image's shape -> a shaken model of bits."""
    return build(network, options, Bernoulli(), Raster(shape))


def wedge(height: int, width: int, y: int, x: int) -> Tensor:
    """H, W, a pixel -> (H, W) bool: what 3×3 kernels under a mask never reach above it."""
    down, right = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (down < y) & (right - x > y - down)


def test_two_stacks_leave_no_blind_spot_where_one_does() -> None:
    height, width = 5, 7
    size = height * width
    # The first kernel reaches one pixel, every layer after it one more: six in all, as far as
    # from one border of the image to the other.
    gated = of_shape(GatedPixelCNN, GatedPixelCNNOptions(12, 6, 3), (height, width))
    masked = of_shape(PixelCNN, PixelCNNOptions(12, 5, 3), (height, width))
    x = some_events(gated.conditional, (height, width), 2)
    everything = triangle(size)
    for model in (gated, masked):
        read, promised = predecessors(model, x)
        assert bool((read <= promised).all())
        assert torch.equal(promised, everything) == (model is gated)
    assert torch.equal(predecessors(gated, x)[0], everything)
    missing = everything & ~masked.network.promised(size)
    for y in range(height):
        for column in range(width):
            step = y * width + column
            assert torch.equal(
                missing[step].reshape(height, width), wedge(height, width, y, column)
            )


def test_a_shallow_stack_promises_no_more_than_it_reaches() -> None:
    promised = of_shape(GatedPixelCNN, GatedPixelCNNOptions(2, 2, 3), (9, 9)).network.promised(81)
    seen = promised[4 * 9 + 4].reshape(9, 9)
    assert seen[2:4, 2:7].all()
    assert seen[4].nonzero().flatten().tolist() == [2, 3]
    assert int(seen.sum()) == 12


@pytest.mark.parametrize(("network", "options"), NETWORKS)
@pytest.mark.parametrize("shape", [(5, 7), (7, 1), (1, 8), (3, 5, 3), (1, 1, 3), (2, 3, 2)])
@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_steps_equal_forward_for_images_of_any_size_and_any_values(
    network: type[CausalNetwork],
    options: object,
    shape: tuple[int, ...],
    family: Conditional,
) -> None:
    model = build(network, options, family, Raster(shape), context_size=2).network
    length = math.prod(shape)
    features = family.features(some_events(family, (length,), 3)).double()
    context = torch.randn(3, 2, dtype=torch.float64, generator=generator(1))
    with torch.no_grad():
        expected = model(features, context)
        params, state = model.start(3, context)
        for step in range(length - 1):
            torch.testing.assert_close(params, expected[:, step], rtol=1e-10, atol=1e-10)
            if step == length // 2:  # in the middle of a row, rows are forked and change places
                rows = torch.tensor([2, 0, 2])
                state = select_rows(state, rows)
                features, context, expected = features[rows], context[rows], expected[rows]
            params, state = model.step(state, features[:, step])
        torch.testing.assert_close(params, expected[:, -1], rtol=1e-10, atol=1e-10)


def test_the_strips_of_the_vertical_stack_are_no_taller_than_its_kernel() -> None:
    model = of_shape(GatedPixelCNN, GatedPixelCNNOptions(4, 3, 5), (9, 6)).network
    assert isinstance(model, GatedPixelCNN)
    _, (_, (layers, _), _) = model.start(2)
    assert [above is None for _, above, *_ in layers] == [True, False, False]
    # Two rows of six pixels, and a zero to either side.
    assert [above.shape for _, above, *_ in layers[1:]] == [(2, 4, 2, 8)] * 2
    assert [row.shape for _, _, row, *_ in layers] == [(2, 8, 1, 6)] * 3


def test_the_channels_of_a_pixel_share_the_maps_evenly() -> None:
    model = of_shape(GatedPixelCNN, GatedPixelCNNOptions(7, 1, 3), (2, 2, 3)).network
    assert isinstance(model, GatedPixelCNN)
    assert model.head.hidden.weight.shape[0] == 9
