"""NADE in images/s: fused kernel, plain torch path and a loop over variables, in one process.

    python benchmarks/nade_kernel.py --threads 2 --rounds 7

Rounds are interleaved and medians reported; what matters is the ratio. 28×28 bits, 13 % of them
one, 500 hidden units. Every way is checked to give the same log probabilities first.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from arden.conditionals.bernoulli import Bernoulli
from arden.core.draw import draw, uniform_noise
from arden.core.model import AutoregressiveModel
from arden.core.network import NetworkSpec
from arden.kernels import register, without_kernels
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster

STEPS = 784


def loop(network: NADE, x: Tensor) -> Tensor:
    """(B, T) -> (B,): ln p as it is usually written, one variable after the other."""
    sums = network.hidden_bias.expand(len(x), -1)
    total = x.new_zeros(len(x))
    for step in range(STEPS):
        logit = sums.sigmoid() @ network.outputs[step, 0] + network.output_bias[step, 0]
        total = total - binary_cross_entropy_with_logits(logit, x[:, step], reduction="none")
        if step < STEPS - 1:
            sums = sums + x[:, step : step + 1] * network.inputs[step]
    return total


def median_rates(
    ways: dict[str, Callable[[], object]], images: int, rounds: int
) -> dict[str, float]:
    """name -> call of so many images; -> name -> images/s, rounds interleaved."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, call in ways.items():
            began = time.perf_counter()
            call()
            if turn:  # the first round warms up
                seconds[name].append(time.perf_counter() - began)
    return {name: images / statistics.median(times) for name, times in seconds.items()}


def main() -> None:
    """Prints one JSON line a case: images/s of each way, and ratios of the kernel to the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--batch", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--no-loop", action="store_true", help="leave out the slow loop")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    assert register(), "install the extra `fast`"
    torch.manual_seed(0)
    spec = NetworkSpec(num_steps=STEPS, num_features=1, num_params=1, num_symbols=2)
    network = NADE(spec, NADEOptions(hidden=500))
    model = AutoregressiveModel(Raster((STEPS,)), network, Bernoulli())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)

    def plainly(function: Callable[[], object]) -> Callable[[], object]:
        def call() -> object:
            with without_kernels():
                return function()

        return call

    for batch_size in arguments.batch:
        x = (torch.rand(batch_size, STEPS) < 0.13).long()
        noise = uniform_noise(torch.Generator().manual_seed(0), (batch_size, STEPS, 1))

        def train(score: Callable[[], Tensor]) -> None:
            optimizer.zero_grad()
            (-score().mean()).backward()
            optimizer.step()

        def fused(x: Tensor = x) -> Tensor:
            return model.log_prob(x)

        def looped(x: Tensor = x) -> Tensor:
            return loop(network, x.float())

        def sample(noise: Tensor = noise) -> Tensor:
            return draw(model, noise)

        scores = torch.no_grad()(fused)
        expected = torch.no_grad()(looped)()
        torch.testing.assert_close(scores(), expected, rtol=1e-5, atol=1e-3)
        cases: dict[str, dict[str, Callable[[], object]]] = {
            "train": {"kernel": lambda f=fused, t=train: t(f)},  # type: ignore[misc]
            "log_prob": {"kernel": scores},
            "sample": {"kernel": sample},
        }
        for case, ways in cases.items():
            ways["torch"] = plainly(ways["kernel"])
            if not arguments.no_loop and case == "train":
                ways["loop"] = lambda f=looped, t=train: t(f)  # type: ignore[misc]
            if not arguments.no_loop and case == "log_prob":
                ways["loop"] = torch.no_grad()(looped)
            rates = median_rates(ways, batch_size, arguments.rounds)
            ratios = {f"to_{k}": round(rates["kernel"] / v, 1) for k, v in rates.items()}
            ratios.pop("to_kernel")
            figures = {name: round(rate) for name, rate in rates.items()}
            print(json.dumps({"case": case, "batch": batch_size, **figures, **ratios}), flush=True)


if __name__ == "__main__":
    main()
