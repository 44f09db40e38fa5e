"""How a model is fitted: one small dataclass, kept where no torch is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["TrainingOptions"]


@dataclass(frozen=True)
class TrainingOptions:
    """Maximum likelihood, stopped early on the validation likelihood."""

    epochs: int = 200
    """The most passes over the training rows."""
    batch_size: int = 64
    """Rows per gradient step, over all processes together."""
    learning_rate: float = 1e-3
    """Of AdamW."""
    weight_decay: float = 0.01
    """Of AdamW, on matrices only."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Keep the learning rate, or let it fall to zero over the epochs."""
    warmup: int = 0
    """Gradient steps over which the learning rate rises from zero."""
    clip: float = 5.0
    """The largest gradient norm; longer gradients are shortened to it."""
    average: float = 0.0
    """Decay of an exponential moving average of the weights, used in place of them; 0 is none."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of training's matrix products (fused CPU kernels keep float32); figures are in float32."""
    matmul_precision: Literal["highest", "high", "medium"] = "highest"
    """Of training's float32 products: high is TF32, medium also bfloat16, where there is any."""
    compile: bool = False
    """Let torch.compile fuse the training step: pays for deep networks over many epochs."""
    shard: bool = False
    """Under torchrun, cut weights, gradients and moments among the processes (FSDP2)."""
    patience: int = 20
    """Stop after this many epochs without a better validation likelihood."""
    mutate: float = 0.0
    """Share of the values replaced by chance in training: a background model for arden detect."""
    smoothing: float | None = None
    """Added to every count of a table; chosen on the validation rows when not given."""
    seed: int = 0
    """Seeds the first weights, the order of the rows and random objectives."""

    def check(self) -> None:
        """Raises InputError for a number outside its range."""
        from arden.errors import InputError

        for name, least in (("epochs", 1), ("batch_size", 1), ("warmup", 0), ("patience", 1)):
            if getattr(self, name) < least:
                raise InputError(f"{name}: expected a number ≥ {least}, got {getattr(self, name)}")
        for name in ("learning_rate", "clip"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(f"{name}: expected a positive number, got {getattr(self, name)}")
        for name in ("weight_decay", "smoothing"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"{name}: expected a number ≥ 0, got {value}")
        if not 0 <= self.mutate <= 1:
            raise InputError(f"mutate: expected a share in 0..1, got {self.mutate}")
        if self.shard and (self.average or self.compile):
            other = "average" if self.average else "compile"
            raise InputError(f"shard, {other}: expected one of them, got both")
        if not 0 <= self.average < 1:
            raise InputError(f"average: expected a number ≥ 0 and below 1, got {self.average}")
