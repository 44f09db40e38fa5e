"""Everything a fit needs to go on exactly where it stood: one file, replaced whole, no pickle."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
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
from arden.storage.folders import PART, write_atomically
from arden.storage.model_files import weights_digest
from arden.training.options import TrainingOptions
from arden.training.sharding import cut_like, whole
from arden.training.world import World

__all__ = ["Checkpoint", "Position", "TrainingState"]

_log = logging.getLogger(__name__)


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
            self.put(f"optimiser/{index}", {name: whole(t) for name, t in moments.items()})

    def restore_optimiser(self, optimiser: torch.optim.Optimizer) -> None:
        """An optimiser over the same parameters -> (): give it the moments that were kept."""
        known = optimiser.state_dict()
        indices = [index for group in known["param_groups"] for index in group["params"]]
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        kept = {
            index: {n: cut_like(t, p) for n, t in self.part(f"optimiser/{index}").items()}
            for index, p in zip(indices, parameters, strict=True)
        }
        known["state"] = {index: moments for index, moments in kept.items() if moments}
        optimiser.load_state_dict(known)


class Checkpoint:
    """The file of a fit's state, replaced whole every so many seconds.

    It says whose it is: with other options, other rows or another model nothing would be resumed,
    something else would begin. It carries a checksum, and the one before it is kept beside it
    (``previous``): should a disk have damaged the last one, the fit goes on from there, and comes
    to the same weights a few steps later.
    """

    def __init__(self, path: Path, seconds: float = 30.0) -> None:
        self.path, self.seconds = path, seconds
        self.previous = path.with_name(f"{path.stem}.previous{path.suffix}")
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
        found = world.from_leader(self._whole() if world.leads else None)
        return None if found is None else self._understood(found)

    @property
    def due(self) -> bool:
        """Whether it is time to write; only the leading process ever says so."""
        return self._leads and time.monotonic() - self._written >= self.seconds

    def write(self, state: Callable[[], TrainingState], *, hurry: bool = False) -> None:
        """How to tell the state -> (): written if it is time for it, or in a hurry."""
        if not self._leads or not (hurry or self.due):
            return
        now = state()
        told = json.dumps(
            {"fit": self._fit, "position": asdict(now.position), "result": now.result}
        )
        marks = {"state": told, "digest": _digest_of_state(told, now.tensors)}
        content = to_safetensors(now.tensors, metadata=marks)
        self._keep_previous()
        write_atomically(self.path, content)
        self._written = time.monotonic()

    def remove(self) -> None:
        """() -> (): a fit that has ended needs no checkpoint, nor the one before it."""
        self.path.unlink(missing_ok=True)
        self.previous.unlink(missing_ok=True)

    def _keep_previous(self) -> None:
        """The last one gets a second name before it is replaced: there is a whole one always."""
        if not self.path.exists():
            self.previous.unlink(missing_ok=True)  # of a fit that was begun anew
            return
        spare = self.previous.with_name(f"{PART}{self.previous.name}")
        try:
            spare.unlink(missing_ok=True)
            try:
                os.link(self.path, spare)
            except OSError:  # not every file system has links
                shutil.copyfile(self.path, spare)
            os.replace(spare, self.previous)
        except OSError as error:
            spare.unlink(missing_ok=True)
            raise FileError(f"{self.previous}: cannot be written ({error.strerror})") from None

    def _whole(self) -> bytes | None:
        """() -> the last checkpoint, or the one before it where the last is damaged."""
        last = _read(self.path)
        if last is None or _is_whole(last):
            return last
        before = _read(self.previous)
        if before is None or not _is_whole(before):
            return last  # nothing to fall back to: it has its sentence
        _log.warning("%s: damaged; going on from the checkpoint before it", self.path)
        return before

    def _understood(self, content: bytes) -> TrainingState:
        try:
            tensors, told = _parsed(content)
            # One from before an option came had its default.
            theirs, position = asdict(TrainingOptions()) | told["fit"], Position(**told["position"])
            result = dict(told["result"])
        except _DAMAGE as error:
            raise FileError(f"{self.path}: not a whole checkpoint of a fit ({error})") from None
        for name, ours in self._fit.items():
            if theirs.get(name) != ours:
                raise FileError(
                    f"{self.path}: belongs to a fit with {name} {theirs.get(name)}, "
                    f"but this one has {ours}; say --overwrite to start again"
                )
        return TrainingState(position, result, tensors)


_DAMAGE = (SafetensorError, KeyError, TypeError, ValueError, RecursionError)


def _parsed(content: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """A file -> its tensors, and what is told of them; raises one of ``_DAMAGE``."""
    tensors = tensors_from(content)
    length = int.from_bytes(content[:8], "little")
    marks = json.loads(content[8 : 8 + length])["__metadata__"]
    # One from before there were checksums has none.
    if "digest" in marks and marks["digest"] != _digest_of_state(marks["state"], tensors):
        raise ValueError("it does not match its checksum")
    return tensors, json.loads(marks["state"])


def _is_whole(content: bytes) -> bool:
    try:
        told = _parsed(content)[1]
        Position(**told["position"])
    except _DAMAGE:
        return False
    return {"fit", "result"} <= set(told)


def _digest_of_state(told: str, tensors: Mapping[str, Tensor]) -> str:
    """What is told of tensors, the tensors -> a name for exactly these bits."""
    return hashlib.sha256(f"{told} {weights_digest(dict(tensors))}".encode()).hexdigest()


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
