"""Everything a fit needs to go on exactly where it stood: one file, replaced whole, no pickle."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from
from safetensors.torch import save as to_safetensors
from torch import Tensor

from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.data.dataset import Dataset
from arden.errors import FileError
from arden.storage.folders import write_atomically
from arden.training.options import TrainingOptions
from arden.training.world import World

__all__ = ["Checkpoint", "Position", "TrainingState"]


@dataclass
class Position:
    """Where a fit stands: ``batch`` batches of ``epoch`` are done, ``step`` steps in all."""

    epoch: int = 1
    batch: int = 0
    step: int = 0
    total: float = 0.0
    """Nats of the rows of this epoch so far."""
    rows: int = 0
    seconds: float = 0.0


@dataclass
class TrainingState:
    """A fit at one moment: where it stands, what it has to show, and every tensor it goes on from.

    Tensors are named "part/name".
    """

    position: Position
    result: dict[str, Any]
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def part(self, name: str) -> dict[str, Tensor]:
        """The name of a part -> its tensors by the rest of their names."""
        start = f"{name}/"
        return {k.removeprefix(start): t for k, t in self.tensors.items() if k.startswith(start)}

    def put(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """The name of a part, its tensors -> (): keep them."""
        self.tensors |= {f"{name}/{k}": t.detach().cpu().contiguous() for k, t in tensors.items()}

    def put_optimiser(self, optimiser: torch.optim.Optimizer) -> None:
        """An optimiser -> (): keep its moments."""
        for index, moments in optimiser.state_dict()["state"].items():
            self.put(f"optimiser/{index}", moments)

    def restore_optimiser(self, optimiser: torch.optim.Optimizer) -> None:
        """An optimiser over the same parameters -> (): give it the moments that were kept."""
        known = optimiser.state_dict()
        indices = [index for group in known["param_groups"] for index in group["params"]]
        kept = {index: self.part(f"optimiser/{index}") for index in indices}
        known["state"] = {index: moments for index, moments in kept.items() if moments}
        optimiser.load_state_dict(known)


class Checkpoint:
    """The file of a fit's state, replaced whole every so many seconds.

    It says whose it is: with other options, other rows or another model nothing would be resumed,
    something else would begin.
    """

    def __init__(self, path: Path, seconds: float = 30.0) -> None:
        self.path, self.seconds = path, seconds
        self._fit: dict[str, Any] = {}
        self._leads = True
        self._written = time.monotonic()

    def find(
        self,
        model: AnyModel,
        data: Dataset,
        options: TrainingOptions,
        world: World,
    ) -> TrainingState | None:
        """The fit that begins -> its state if the file holds one, in every process.

        Raises:
            FileError: damaged, or of a fit with other options, other rows or another model.
        """
        self._fit = asdict(options) | {"model": _digest_of_shape(model), "rows": _digest_of(data)}
        self._leads = world.leads
        found = world.from_leader(_read(self.path) if world.leads else None)
        return None if found is None else self._understood(found)

    def write(self, state: Callable[[], TrainingState], *, hurry: bool = False) -> None:
        """How to tell the state -> (): written if it is time for it, or in a hurry."""
        if not self._leads or (not hurry and time.monotonic() - self._written < self.seconds):
            return
        now = state()
        told = {"fit": self._fit, "position": asdict(now.position), "result": now.result}
        content = to_safetensors(now.tensors, metadata={"state": json.dumps(told)})
        write_atomically(self.path, content)
        self._written = time.monotonic()

    def _understood(self, content: bytes) -> TrainingState:
        try:
            tensors = tensors_from(content)
            length = int.from_bytes(content[:8], "little")
            told = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["state"])
            theirs, position = dict(told["fit"]), Position(**told["position"])
            result = dict(told["result"])
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise FileError(f"{self.path}: not a whole checkpoint of a fit ({error})") from None
        for name, ours in self._fit.items():
            if theirs.get(name) != ours:
                raise FileError(
                    f"{self.path}: belongs to a fit with {name} {theirs.get(name)}, "
                    f"but this one has {ours}; say --overwrite to start again"
                )
        return TrainingState(position, result, tensors)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror})") from None


def _digest_of(data: Dataset) -> str:
    """A data set -> a name for exactly its training and validation rows."""
    if data.files is not None:
        return data.files.digest[:12]
    digest = hashlib.sha256()
    for split in (data.train, data.valid):
        beside = (split.labels, split.observed, split.scored, split.intensities)
        for tensor in (split.values, *beside):
            if tensor is not None:
                digest.update(f"{tensor.dtype} {tuple(tensor.shape)} ".encode())
                digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:12]


def _digest_of_shape(model: AnyModel) -> str:
    """A model -> a name for what it is before it has any weights."""
    if isinstance(model, LatentModel):
        told = [f"{model.event_shape} {model.conditional} {model.options}"]
    else:
        parts = model.models if isinstance(model, Mixture) else [model]
        told = [f"{part.ordering} {part.conditional} {part.network.options}" for part in parts]
    told += [f"{name} {tuple(tensor.shape)}" for name, tensor in model.named_parameters()]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]
