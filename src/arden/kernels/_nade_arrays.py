"""A NADE's weights as a walk takes them."""

from __future__ import annotations

import numpy as np

from arden.kernels._draw_inputs import DrawInputs
from arden.networks.nade import NADE

__all__ = ["arrays_of"]


def arrays_of(
    network: NADE, inputs: DrawInputs
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A NADE, what is drawn -> inputs (T·F, H), hidden biases (B, H), outputs (T·P, H), output
    biases (B, T·P), in the dtype of the draw."""
    biases = network.biases(len(inputs.drawn), inputs.context)
    hidden_bias, output_bias = (bias.to(inputs.dtype).contiguous() for bias in biases)
    return (
        network.inputs.flatten(0, 1).contiguous().numpy(),
        hidden_bias.numpy(),
        network.outputs.flatten(0, 1).contiguous().numpy(),
        output_bias.flatten(1).numpy(),
    )
