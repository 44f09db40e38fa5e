"""A recurrent network that looks back: its prediction reads all states so far, not the last one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention

from arden.core.network import AttendingNetwork, HiddenNetwork, NetworkSpec, State
from arden.errors import InputError
from arden.layers.growing import FIRST_LENGTH, with_room
from arden.layers.recurrent import GRULayers, LSTMLayers, RecurrentLayers, TanhLayers
from arden.networks.options.sequences import AttentionRNNOptions

__all__ = ["AttentionRNN", "AttentionRNNOptions"]

_CELLS: dict[str, Callable[[NetworkSpec, Any], RecurrentLayers]] = {
    "tanh": TanhLayers,
    "gru": GRULayers,
    "lstm": LSTMLayers,
}


class AttentionRNN(AttendingNetwork, HiddenNetwork):
    """params_t = V [h_t, Σ_{j<t} a_tj m_j] + b, a_tj = softmax_{j<t}(h_t · W m_j / √H).

    One memory m_j = h_{j+1} for every value seen: the hidden units just after it was read, the
    newest being those that ask. At the first step nothing was seen, and the summary is zero. The
    cells need no longer squeeze all that was seen into one vector. Any number of steps with one set
    of weights; a context shifts the first state. (Bahdanau, Cho, Bengio, "Neural machine
    translation by jointly learning to align and translate", 2015; over its own past: Cheng, Dong,
    Lapata, "Long short-term memory-networks for machine reading", 2016; the bilinear score: Luong,
    Pham, Manning, "Effective approaches to attention-based neural machine translation", 2015.)
    """

    def __init__(self, spec: NetworkSpec, options: AttentionRNNOptions) -> None:
        super().__init__(spec, options)
        if options.cell not in _CELLS:
            raise InputError(f"cell: expected one of {', '.join(_CELLS)}, got {options.cell!r}")
        self.recurrent = _CELLS[options.cell](spec, options)
        hidden = options.hidden
        self.query = nn.Linear(hidden, hidden, bias=False)
        self.output = nn.Linear(2 * hidden, spec.num_params)

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P)."""
        return self.output(self.hidden_units(features, context))

    def hidden_units(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, 2H): each state, and what it finds."""
        hidden = self.recurrent(features, context)
        memory = hidden[:, 1:]
        # As one head of attention: fused, it never holds the (T, T) weights.
        query, key = self.query(memory)[:, None], memory[:, None]
        summary = scaled_dot_product_attention(query, key, key, is_causal=True)[:, 0]
        nothing = torch.zeros_like(hidden[:, :1])
        return torch.cat([hidden, torch.cat([nothing, summary], dim=1)], dim=2)

    def attention_weights(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, T): a_tj, how much step t looks at value j."""
        memory = self.recurrent(features, context)[:, 1:]
        scores = self.query(memory) @ memory.mT / memory.shape[-1] ** 0.5
        seen = torch.ones_like(scores[0], dtype=torch.bool).tril()
        weights = scores.masked_fill(~seen, -torch.inf).softmax(dim=2)
        length = features.shape[1]
        # The first step looks at nothing, and nobody at the last value.
        return pad(weights, (0, 1, 1, 0))[:, :length, :length]

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (the cells' own, memories, t)."""
        cells = self.recurrent.start(batch_size, context)
        hidden = self.recurrent.top(cells)
        length = FIRST_LENGTH if self.spec.num_steps is None else max(self.spec.num_steps - 1, 1)
        memory = hidden.new_zeros(batch_size, length, hidden.shape[1])
        params = self.output(torch.cat([hidden, torch.zeros_like(hidden)], dim=1))
        return params, (cells, memory, 0)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P), and the next state: one memory more, written in place."""
        cells, memory, position = state
        cells = self.recurrent.step(cells, feature)
        hidden = self.recurrent.top(cells)
        memory = with_room(memory, position, dim=1)
        memory[:, position] = hidden
        position += 1
        query, key = self.query(hidden)[:, None, None], memory[:, None, :position]
        summary = scaled_dot_product_attention(query, key, key)[:, 0, 0]
        return self.output(torch.cat([hidden, summary], dim=1)), (cells, memory, position)
