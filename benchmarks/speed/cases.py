"""What is timed, at which batch sizes, and the ratio and the share of the limit that are asked for.

Images are 28×28 bits, 13 % of them one, as those of MNIST; texts are windows of 65 characters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["CASES", "Case"]


@dataclass(frozen=True)
class Case:
    """A task of a system; by batch size the least ratio to public code (None where none is asked
    for), and the least share.

    ``by`` names the reference: "loop" of `reference.log_prob` or `reference.sample`, "passes" as
    many full forward passes as there are scalars, "none" that there is none: no ratio is shown.
    """

    system: str
    task: str
    ratio: dict[int, float | None]
    by: str
    share: dict[int, float] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    data: str = "bits"

    @property
    def half(self) -> bool:
        """Whether its products are of bfloat16."""
        return self.options.get("precision") == "bfloat16"

    @property
    def name(self) -> str:
        """What the table calls it."""
        told = ", ".join(f"{key} {value}" for key, value in self.options.items())
        return f"{self.system}{f' ({told})' if told else ''} {self.task}"


_NADE = {"hidden": 500}
_MADE = {"hidden": [500]}
_PIXELS = {"channels": 32, "blocks": 7}
_TRANSFORMER = {"width": 128, "layers": 6}
_HALF = {"precision": "bfloat16"}
_COMPILED_HALF = {"precision": "bfloat16", "compile": True}
_LSTM = {"hidden": 256, "encoding": "one_hot"}
_AT_LEAST_100 = {1: 100.0, 64: 100.0}

CASES = (
    Case("nade", "train", {64: 30, 256: 15}, "loop", {64: 0.27, 256: 0.34}, _NADE),
    Case("nade", "score", {64: 25, 256: 10}, "loop", {64: 0.55, 256: 0.55}, _NADE),
    Case("nade", "sample", {1: 150, 16: 25, 64: 12, 256: 6}, "loop", {64: 0.45}, _NADE),
    Case("fvsbn", "train", {64: 30, 256: 16}, "loop", {64: 0.7, 256: 0.7}),
    Case("fvsbn", "sample", {1: 100, 64: 4000}, "passes", {64: 0.14}),
    Case("made", "train", {64: 1.6, 256: 1.3}, "loop", {64: 0.55, 256: 0.55}, _MADE),
    Case("made", "sample", {1: 1500, 64: 400}, "passes", {1: 0.97, 64: 0.15}, _MADE),
    Case("made", "train", {256: 2}, "loop", {256: 0.38}, _MADE | _HALF),
    Case("pixelcnn", "train", {64: None}, "loop", {}, _PIXELS),
    Case("pixelcnn", "train", {64: 3.5}, "loop", {64: 0.36}, _PIXELS | _COMPILED_HALF),
    Case("pixelcnn", "sample", {1: 300, 64: 500}, "passes", {64: 0.21}, _PIXELS),
    Case("transformer", "train", {16: 3}, "loop", {16: 0.44}, _TRANSFORMER),
    Case("transformer", "train", {16: 4.5}, "loop", {}, _TRANSFORMER | _HALF),
    Case("transformer", "sample", {1: 100, 16: 400}, "passes", {}, _TRANSFORMER),
    Case("lstm", "sample", {1: 10, 64: 1.5}, "loop", {64: 0.4}, _LSTM, "text"),
    Case("gated-pixelcnn", "sample", _AT_LEAST_100, "passes"),
    Case("row-lstm", "sample", _AT_LEAST_100, "passes"),
    Case("diagonal-bilstm", "sample", _AT_LEAST_100, "passes"),
    Case("wavenet", "sample", _AT_LEAST_100, "passes"),
)
