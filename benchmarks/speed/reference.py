"""What public code does: the textbook way of each task, as small functions over our weights.

A sample by n full forward passes (the walk of `Replay`); NADE and FVSBN by a loop over dimensions
under the default Adam; MADE and PixelCNN with weight · mask on every forward, the latter on planes
that lie one after the other; a Transformer whose attention is written out, with its mask and
softmax; a stateful nn.LSTM. All in float32. Every way gives the numbers of ours: `check` says so
before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import conv2d, gelu, linear

from arden.core.model import AutoregressiveModel
from arden.layers.causal_attention import TransformerBlock
from arden.layers.masked_conv import MaskedConv
from arden.networks.fvsbn import FVSBN
from arden.networks.lstm import LSTM
from arden.networks.made import MADE
from arden.networks.nade import NADE
from arden.networks.pixelcnn import PixelCNN
from arden.networks.transformer import Transformer

__all__ = ["LOOPS", "check", "default_step", "log_prob", "one_pass", "sample"]

LOOPS = ("fvsbn", "nade", "made", "pixelcnn", "transformer")
"""The systems that `log_prob` writes as the textbook does."""


def log_prob(model: AutoregressiveModel) -> tuple[Callable[[Tensor], Tensor], list[Tensor]]:
    """A model of `LOOPS` over bits -> ln p as it is usually written, and the weights it reads.

    (B, *event) -> (B,), in nats.
    """
    network = model.network
    if isinstance(network, FVSBN):
        return _one_module_per_dimension(network)
    weights: list[Tensor] = list(network.parameters())
    if isinstance(network, NADE):
        return lambda x: _nade(network, x.flatten(1).float()), weights
    if isinstance(network, PixelCNN):
        return lambda x: _pixelcnn(network, x.float()), weights
    if isinstance(network, Transformer):
        return lambda x: _transformer(network, x.flatten(1).float()), weights
    assert isinstance(network, MADE)
    return lambda x: _made(network, x.flatten(1).float()), weights


def default_step(weights: Iterable[Tensor], loss: Callable[[], Tensor]) -> Callable[[], object]:
    """Weights, what to minimise -> a step of torch's Adam as it comes."""
    optimiser = torch.optim.Adam(weights, lr=1e-4)

    def step() -> object:
        optimiser.zero_grad()
        loss().backward()
        return optimiser.step()

    return step


def one_pass(model: AutoregressiveModel, x: Tensor) -> Callable[[], object]:
    """A model, (B, *event) -> a forward pass: public code draws with one per scalar."""
    if isinstance(model.network, FVSBN | MADE):
        scored, _ = log_prob(model)
        return torch.no_grad()(lambda: scored(x))
    features = model.conditional.features(x.flatten(1)).to(model.dtype)
    return torch.no_grad()(lambda: model.network(features))


def sample(model: AutoregressiveModel, uniforms: Tensor) -> Callable[[], Tensor]:
    """A NADE over bits or an LSTM, (B, T) -> a call that draws (B, T), one step after another."""
    network = model.network
    if isinstance(network, NADE):
        return torch.no_grad()(lambda: _nade_sample(network, uniforms))
    assert isinstance(network, LSTM)
    return torch.no_grad()(lambda: _lstm_sample(network, uniforms))


def check(model: AutoregressiveModel, x: Tensor) -> None:
    """A model over bits, (B, *event) -> (), if the textbook's ln p is ours."""
    with torch.no_grad():
        torch.testing.assert_close(log_prob(model)[0](x), model.log_prob(x), rtol=1e-4, atol=1e-2)


def _nade(network: NADE, x: Tensor) -> Tensor:
    sums, total = network.hidden_bias.expand(len(x), -1), x.new_zeros(len(x))
    steps = x.shape[1]
    for step in range(steps):
        logit = sums.sigmoid() @ network.outputs[step, 0] + network.output_bias[step, 0]
        total = total - cross_entropy(logit, x[:, step], reduction="none")
        if step < steps - 1:
            sums = sums + x[:, step : step + 1] * network.inputs[step]
    return total


def _nade_sample(network: NADE, uniforms: Tensor) -> Tensor:
    batch, steps = uniforms.shape
    sums, drawn = network.hidden_bias.expand(batch, -1), torch.zeros(batch, steps)
    for step in range(steps):
        logit = sums.sigmoid() @ network.outputs[step, 0] + network.output_bias[step, 0]
        drawn[:, step] = uniforms[:, step] >= torch.sigmoid(-logit)
        if step < steps - 1:
            sums = sums + drawn[:, step : step + 1] * network.inputs[step]
    return drawn


def _one_module_per_dimension(
    network: FVSBN,
) -> tuple[Callable[[Tensor], Tensor], list[Tensor]]:
    steps, weight, bias = network.spec.num_steps or 0, network.linear.weight, network.linear.bias
    modules = nn.ModuleList(nn.Linear(step, 1) for step in range(1, steps))
    first = nn.Parameter(bias[:1].detach().clone())
    with torch.no_grad():
        for step, module in enumerate(modules, start=1):
            assert isinstance(module, nn.Linear)
            module.weight.copy_(weight[step : step + 1, :step])
            module.bias.copy_(bias[step : step + 1])

    def loop(x: Tensor) -> Tensor:
        flat = x.flatten(1).float()
        total = -cross_entropy(first.expand(len(x)), flat[:, 0], reduction="none")
        for step, module in enumerate(modules, start=1):
            logit = module(flat[:, :step])[:, 0]
            total = total - cross_entropy(logit, flat[:, step], reduction="none")
        return total

    return loop, [first, *modules.parameters()]


def _made(network: MADE, x: Tensor) -> Tensor:
    hidden = x
    for layer in network.layers:
        hidden = torch.relu(linear(hidden, layer.weight * layer.weight_mask, layer.bias))
    output = network.output
    logits = linear(hidden, output.weight * output.weight_mask, output.bias)
    if network.direct is not None:
        logits = logits + linear(x, network.direct.weight * network.direct.weight_mask)
    return -cross_entropy(logits, x, reduction="none").sum(dim=1)


def _pixelcnn(network: PixelCNN, x: Tensor) -> Tensor:
    """(B, H, W) bits -> (B,): every kernel is whole, the half that is masked multiplied as well."""
    planes = torch.stack([x, torch.ones_like(x)], dim=1)
    maps = _convolved(network.first, planes)
    for block in network.blocks:
        inner = _convolved(block.narrow, torch.relu(maps))
        inner = _convolved(block.middle, torch.relu(inner))
        maps = maps + _convolved(block.widen, torch.relu(inner))
    maps = _convolved(network.head.hidden, torch.relu(maps))
    logits = _convolved(network.head.output, torch.relu(maps))[:, 0]
    return -cross_entropy(logits, x, reduction="none").sum(dim=(1, 2))


def _convolved(layer: MaskedConv, x: Tensor) -> Tensor:
    return conv2d(x, layer.weight * layer.weight_mask, layer.bias, padding=layer.reach)


def _transformer(network: Transformer, x: Tensor) -> Tensor:
    """(B, T) bits -> (B,)."""
    steps, position = x.shape[1], network.position
    assert position is not None
    first = network.first.expand(len(x), 1, -1)
    tokens = torch.cat([first, network.value(x[:, :-1, None])], dim=1)
    tokens = tokens + position(torch.arange(steps))
    hidden = torch.tril(torch.ones(steps, steps)) == 0
    for block in network.blocks:
        assert isinstance(block, TransformerBlock)
        tokens = tokens + _attended(block, block.attention_norm(tokens), hidden)
        wide = gelu(block.perceptron_in(block.perceptron_norm(tokens)))
        tokens = tokens + block.perceptron_out(wide)
    logits = network.output(network.norm(tokens))[..., 0]
    return -cross_entropy(logits, x, reduction="none").sum(dim=1)


def _attended(block: TransformerBlock, x: Tensor, hidden: Tensor) -> Tensor:
    """A block, (B, T, W), (T, T) bool -> (B, T, W): softmax(Q Kᵀ / √D) V, all weights in memory."""
    query, key, value = (
        part.unflatten(2, (block.heads, -1)).transpose(1, 2)
        for part in block.query_key_value(x).chunk(3, dim=2)
    )
    scores = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5
    weights = scores.masked_fill(hidden, -torch.inf).softmax(dim=-1)
    return block.attention_output((weights @ value).transpose(1, 2).flatten(2))


def _lstm_sample(network: LSTM, uniforms: Tensor) -> Tensor:
    """As a loop over nn.LSTM with a state: one call a character, an embedding by one-hot codes."""
    batch, steps = uniforms.shape
    layers = network.recurrent
    hidden, cell = (part.transpose(0, 1).contiguous() for part in layers.start(batch))
    drawn = torch.zeros(batch, steps, dtype=torch.int64)
    out = hidden[-1]
    for step in range(steps):
        masses = torch.softmax(network.output(out).double(), dim=1).cumsum(dim=1)
        drawn[:, step] = (
            (masses <= uniforms[:, step : step + 1]).sum(dim=1).clamp(max=masses.shape[1] - 1)
        )
        code = nn.functional.one_hot(drawn[:, step], masses.shape[1]).float()[:, None]
        whole, (hidden, cell) = layers.cells(code, (hidden, cell))
        out = whole[:, 0]
    return drawn
