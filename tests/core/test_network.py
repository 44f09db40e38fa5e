"""The conventions that counting, shaking, saving and forking read."""

from __future__ import annotations

import torch
from torch import nn

from arden.conditionals.bernoulli import Bernoulli
from arden.core.network import (
    Replay,
    apply_masks,
    masked_parameters,
    select_rows,
    used_entries,
)
from arden.layers.masked_linear import MaskedLinear
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.orderings.raster import Raster
from tests.core.models import build, generator

LEFT = torch.tensor([[True, False], [False, False]])
RIGHT = torch.tensor([[False, False], [True, False]])


class Pair(nn.Module):
    """Two layers that hold one weight under two masks, and a third with a mask of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.one = MaskedLinear(LEFT, shared=True, bias=False)
        self.two = MaskedLinear(RIGHT, shared=True, bias=False)
        self.two.weight = self.one.weight
        self.own = MaskedLinear(LEFT)


def test_shared_weights_are_used_wherever_any_mask_uses_them() -> None:
    pair = Pair()
    used = used_entries(pair)
    assert torch.equal(used[pair.one.weight], LEFT | RIGHT)
    assert torch.equal(used[pair.own.weight], LEFT)
    assert pair.own.bias is not None
    assert bool(used[pair.own.bias].all())
    assert len(used) == 3


def test_masks_are_applied_to_own_weights_only() -> None:
    pair = Pair()
    with torch.no_grad():
        for parameter in pair.parameters():
            parameter.fill_(1.0)
    apply_masks(pair)
    assert bool((pair.one.weight == 1).all())
    assert torch.equal(pair.own.weight, LEFT.float())
    found = {name: mask is not None for name, _, mask in masked_parameters(pair)}
    assert found == {"one.weight": False, "own.weight": True, "own.bias": False}


def test_rows_of_a_state_are_copied_at_any_depth() -> None:
    tensor = torch.arange(6).reshape(3, 2)
    state = (tensor, ((tensor * 10, 7), None), 3)
    chosen = select_rows(state, torch.tensor([2, 0, 2]))
    assert chosen[0].tolist() == [[4, 5], [0, 1], [4, 5]]
    assert chosen[1][0][0].tolist() == [[40, 50], [0, 10], [40, 50]]
    assert chosen[1][0][1:] == (7,)
    assert chosen[1][1] is None
    assert chosen[2] == 3
    chosen[0].zero_()
    assert tensor.sum().item() == 15


def test_a_replay_takes_the_cache_away_and_nothing_else() -> None:
    network = build(FVSBN, FVSBNOptions(memory=1), Bernoulli(), Raster((4,))).network
    replay = Replay(network)
    features = torch.randn(3, 4, 1, generator=generator(), dtype=torch.float64)
    assert torch.equal(replay(features), network(features))
    assert torch.equal(replay.promised(4), network.promised(4))
    assert replay.num_parameters() == network.num_parameters()
    params, state = replay.start(3)
    kept = [leaf.clone() for leaf in state if isinstance(leaf, torch.Tensor)]
    replay.step(state, features[:, 0])
    again = [leaf for leaf in state if isinstance(leaf, torch.Tensor)]
    assert all(torch.equal(a, b) for a, b in zip(kept, again, strict=True))
    torch.testing.assert_close(params, network(features)[:, 0])
