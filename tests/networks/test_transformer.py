"""The causal Transformer: caches that outgrow their first length, and positions that turn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.network import NetworkSpec, select_rows
from arden.layers import causal_attention
from arden.layers.causal_attention import TransformerBlock
from arden.networks.transformer import Transformer, TransformerOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from tests.core.models import build, generator, shake

OPTIONS = TransformerOptions(8, 2, 1)


def test_caches_of_an_unknown_length_grow_and_fork() -> None:
    model = build(Transformer, OPTIONS, Categorical(3), UntilEnd(0)).network
    features = torch.randn(2, 140, 3, dtype=torch.float64, generator=generator(1))
    with torch.no_grad():
        expected = model(features)
        params, state = model.start(2)
        for step in range(139):
            torch.testing.assert_close(params, expected[:, step], rtol=1e-10, atol=1e-10)
            if step == 70:
                rows = torch.tensor([1, 0])
                state, features, expected = (
                    select_rows(state, rows),
                    features[rows],
                    expected[rows],
                )
            params, state = model.step(state, features[:, step])
        torch.testing.assert_close(params, expected[:, 139], rtol=1e-10, atol=1e-10)


def test_a_known_length_is_allocated_once() -> None:
    model = build(Transformer, OPTIONS, Bernoulli(), Raster((6,))).network
    _, (caches, position) = model.start(3)
    _, (later, after) = model.step((caches, position), torch.zeros(3, 1, dtype=torch.float64))
    assert caches[0][0].shape == (3, 2, 6, 4)
    assert (position, after) == (1, 2)
    assert later[0][0] is caches[0][0]


@pytest.mark.parametrize("half", [True, False])
def test_attention_is_in_single_precision_on_a_cpu(
    half: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    block, seen = TransformerBlock(8, 2), []

    def spy(query: Tensor, *rest: Tensor, **how: bool) -> Tensor:
        seen.append(query.dtype)
        return scaled_dot_product_attention(query, *rest, **how)

    monkeypatch.setattr(causal_attention, "scaled_dot_product_attention", spy)
    x = torch.randn(2, 5, 8, generator=generator())
    with torch.no_grad():
        expected = block(x)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            found = block(x)
    assert seen == [torch.float32, torch.float32]
    assert torch.equal(found, expected) is not half
    # bfloat16 has eight bits, and a product of eight numbers loses some of the last.
    torch.testing.assert_close(found.float(), expected, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("num_features", [1, 65])
def test_neither_values_nor_positions_drown_the_others(num_features: int) -> None:
    network = Transformer(NetworkSpec(50, num_features, 2), TransformerOptions(64, 4, 1))
    assert network.position is not None
    values, positions = network.value.weight.std(), network.position.weight.std()
    assert 0.7 < (positions / values).item() < 1.4


@pytest.mark.parametrize("rotary", [True, False])
def test_a_rotary_block_tells_distances_apart_and_nothing_else(rotary: bool) -> None:
    block = TransformerBlock(8, 2, rotary).double()
    shake(block)
    x = torch.randn(1, 3, 8, dtype=torch.float64, generator=generator())
    swapped = x[:, [1, 0, 2]]
    with torch.no_grad():
        # Step 2 sees the same two values before it in another order.
        same_set = torch.allclose(block(x)[:, 2], block(swapped)[:, 2])
        query, key, _ = block._heads(x, 0)
        moved_query, moved_key, _ = block._heads(x, 50)
    assert same_set is not rotary
    scores, moved = query @ key.mT, moved_query @ moved_key.mT
    torch.testing.assert_close(moved, scores, rtol=1e-10, atol=1e-10)
    assert torch.equal(query, moved_query) is not rotary
