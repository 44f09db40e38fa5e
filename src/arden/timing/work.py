"""What a row costs at least: multiplications, transcendental functions, weights that are read.

Counted, not estimated: the plain torch path is run once under counters that see every operation.
Set against what the machine can do, measured in the same process, they give the least time that
work of this kind can take, and so the share of it that is reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from arden.core.model import AutoregressiveModel
from arden.kernels import without_kernels
from arden.networks.nade import NADE

__all__ = ["Rates", "Work", "measure_rates", "waiting", "work_of_row"]

_NO_ARITHMETIC = 1e10
"""Operations a second below which products of bfloat16 are emulated."""

_TRANSCENDENTAL = {
    *("sigmoid", "tanh", "exp", "log", "log1p", "expm1", "erf", "gelu", "silu", "softplus"),
    *("elu", "_softmax", "_log_softmax", "log_sigmoid_forward", "logsumexp", "cos", "sin"),
    *("binary_cross_entropy_with_logits", "_scaled_dot_product_flash_attention_for_cpu"),
}


@dataclass(frozen=True)
class Work:
    """Of one row, once through: floating-point operations of products, and function values.

    ``flops`` counts a multiplication and an addition as two. ``weights`` are the parameters that an
    optimiser moves.
    """

    flops: int
    transcendentals: int
    weights: int


@dataclass(frozen=True)
class Rates:
    """What this machine does in a second, in this process, with its present number of threads."""

    matrix: float
    """Floating-point operations of a product of large matrices."""
    vector: float
    """The same of a matrix that is read for one vector alone."""
    sigmoids: float
    """Values of the logistic function."""
    traffic: float
    """Bytes read or written in memory too large for any cache."""
    half: float = 0.0
    """As ``matrix``, in bfloat16; 0 where it was not measured."""

    def seconds(self, task: str, work: Work, rows: int, half: bool = False) -> float:
        """A name of `TASKS`, a row's work, rows, whether in bfloat16 -> the least seconds.

        Scoring is one pass; training is three in products (its backward pass makes two) and AdamW
        reading and writing weights, gradients and both moments; a walk reads every weight that it
        uses for as many rows as there are, and no faster than the machine multiplies by a vector.
        """
        products, functions = rows * work.flops, rows * work.transcendentals / self.sigmoids
        if task == "train":
            rate = self.half if half and self.half else self.matrix
            return 3 * products / rate + functions + 28 * work.weights / self.traffic
        if task == "sample":
            return max(products / self.matrix, work.flops / self.vector) + functions
        return products / self.matrix + functions


class _Functions(TorchDispatchMode):
    """Counts the values of transcendental functions that any operation returns."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__.removesuffix("_")
        if name in _TRANSCENDENTAL:
            first = result[0] if isinstance(result, tuple) else result
            self.total += first.numel()
        return result


@torch.no_grad()
def work_of_row(model: AutoregressiveModel, x: Tensor, context: Tensor | None = None) -> Work:
    """A model, (B, *event), (B, C) -> the work of one row of these, counted on the plain path."""
    functions, products = _Functions(), FlopCounterMode(display=False)
    still = deepcopy(model).requires_grad_(False)  # the counter follows what could be trained
    # Without mkldnn recurrent layers are made of products that can be seen.
    plain = torch.backends.mkldnn.flags(enabled=False, allow_tf32=None)
    with without_kernels(), plain, functions, products:
        still.log_prob(x, context)
    total, rows = functions.total, len(x)
    flops = products.get_total_flops() // rows
    if isinstance(model.network, NADE):
        # Its units change only where a value does: by one row of weights, and not by the product
        # that the plain path takes of all.
        hidden, unchanged = model.network.options.hidden, _unchanged(model, x)
        total -= rows * hidden * unchanged
        changed = len(model.network.outputs) - 1 - unchanged
        flops = 2 * (model.network.outputs.numel() + hidden * changed)
    weights = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    return Work(flops, max(total, 0) // rows, weights)


def _unchanged(model: AutoregressiveModel, x: Tensor) -> int:
    """A model, (B, *event) -> at how many steps after the first a row has seen nothing new."""
    steps = x.flatten(1)[:, model.dims(len(x), x[0].numel())]
    features = model.conditional.features(steps)[:, :-1]
    return int((features == 0).all(dim=-1).sum()) // len(x)


def measure_rates(
    weights: int = 2**19, rounds: int = 5, device: torch.device | None = None
) -> Rates:
    """How many weights the matrix of a vector product has -> what this machine does in a second.

    Of the CPU, with its present number of threads, or of the ``device``.
    """
    side, long = 1024, max(64, int(weights**0.5))
    square, matrix = torch.rand(side, side, device=device), torch.rand(long, long, device=device)
    vector, logits = torch.rand(long, device=device), torch.rand(2**17, device=device)
    block = torch.rand(2**25, device=device)
    copy, wait = torch.empty_like(block), waiting(device)
    return Rates(
        matrix=2 * side**3 / _best(lambda: square @ square, wait, rounds),
        vector=2 * long**2 / _best(lambda: torch.mv(matrix, vector), wait, rounds, 100),
        sigmoids=len(logits) / _best(lambda: torch.sigmoid(logits), wait, rounds, 20),
        traffic=8 * len(block) / _best(lambda: copy.copy_(block), wait, rounds),
        half=_half(square.bfloat16(), wait, rounds),
    )


def waiting(device: torch.device | None) -> Callable[[], None]:
    """A device -> what returns once it has done all that it was told to do."""
    if device is None or device.type != "cuda":
        return lambda: None
    return lambda: torch.cuda.synchronize(device)


def _half(square: Tensor, wait: Callable[[], None], rounds: int) -> float:
    small = square[:256, :256].contiguous()
    rate = 2 * len(small) ** 3 / _best(lambda: small @ small, wait, 1)
    if rate < _NO_ARITHMETIC:
        return rate  # a processor without bfloat16 arithmetic would take many seconds for more
    return max(rate, 2 * len(square) ** 3 / _best(lambda: square @ square, wait, rounds))


def _best(
    call: Callable[[], object], wait: Callable[[], None], rounds: int, times: int = 1
) -> float:
    """The fewest seconds of one call: a limit is what the machine can do when nothing disturbs."""
    call()
    wait()
    each = []
    for _ in range(2 * rounds):
        began = time.perf_counter()
        for _ in range(times):
            call()
        wait()
        each.append((time.perf_counter() - began) / times)
    return min(each)
