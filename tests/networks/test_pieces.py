"""Work divided into pieces of steps: the same numbers, and less memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from arden.conditionals.categorical import Categorical
from arden.core.network import NetworkSpec, Replay
from arden.networks import fvsbn, nade
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.nade import NADE, NADEOptions
from tests.kernels.networks import shaken


class Largest(TorchDispatchMode):
    """The most numbers of any array that is made, and what is saved for the backward pass."""

    most = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        sizes = [leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        self.most = max([self.most, *sizes])
        return result


def network_of(kind: Any, options: Any, steps: int) -> Any:
    family = Categorical(3)
    spec = NetworkSpec(steps, family.num_features, family.num_params, family.num_symbols, 2)
    return shaken(kind(spec, options).double())


def passed(network: NADE, features: Tensor, context: Tensor) -> tuple[Tensor, list[Tensor]]:
    params = network(features, context)
    weights = torch.linspace(-1, 2, params.numel(), dtype=params.dtype).view_as(params)
    return params, list(torch.autograd.grad((params * weights).sum(), [*network.parameters()]))


@pytest.mark.parametrize("steps", [1, 2, 8, 9, 16, 17, 30])
def test_nade_in_pieces_is_nade(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of(NADE, NADEOptions(5), steps)
    features, context = torch.randn(3, steps, 3).double(), torch.randn(3, 2).double()
    whole = passed(network, features, context)  # in one piece
    monkeypatch.setattr(nade, "_STEPS", 8)
    pieces = passed(network, features, context)
    for one, other in zip([whole[0], *whole[1]], [pieces[0], *pieces[1]], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_memory_of_nade_is_bounded() -> None:
    """Neither an array of all units of all steps, nor as many numbers kept piece by piece."""
    rows, steps, hidden = 20, 200, 30
    network = network_of(NADE, NADEOptions(hidden), steps)
    features, context = torch.randn(rows, steps, 3).double(), torch.randn(rows, 2).double()
    kept: list[int] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    weights = sum(weight.numel() for weight in network.parameters())
    with Largest() as watch:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            params = network(features, context)
        params.sum().backward()
    assert watch.most <= max(rows * (nade._STEPS + 1) * hidden, rows * steps * 3, weights)
    assert watch.most < rows * steps * hidden / 4
    assert sum(kept) < rows * steps * hidden


@pytest.mark.parametrize("steps", [1, 4, 5, 8, 9, 30])
@pytest.mark.parametrize("memory", [None, 6])
def test_fvsbn_in_blocks_is_fvsbn(
    steps: int, memory: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fvsbn, "_BLOCK", 4)
    network = network_of(FVSBN, FVSBNOptions(memory=memory), steps)
    features, context = torch.randn(3, steps, 3).double(), torch.randn(3, 2).double()
    told, replay = network.start(3, context), Replay(network).start(3, context)
    for step in range(steps):
        torch.testing.assert_close(told[0], replay[0], rtol=1e-10, atol=1e-10)
        if step + 1 < steps:
            told = network.step(told[1], features[:, step])
            replay = Replay(network).step(replay[1], features[:, step])


@torch.no_grad()
def test_a_walk_of_one_row_does_not_write_into_the_weights() -> None:
    """The first sums of a lone row without context are the biases themselves."""
    spec = NetworkSpec(4, 1, 1, 2)
    network = shaken(NADE(spec, NADEOptions(5)).double())
    assert isinstance(network, NADE)
    before = network.hidden_bias.clone()
    _, state = network.start(1)
    network.step(state, torch.ones(1, 1).double())
    assert torch.equal(network.hidden_bias, before)
