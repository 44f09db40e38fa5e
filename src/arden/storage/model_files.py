"""A model as a folder: config.json says how it is built, model.safetensors holds its weights."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn

from arden.core.latent import AnyModel
from arden.core.network import masked_parameters
from arden.errors import FileError, InputError
from arden.storage.folders import claim_folder, write_together
from arden.storage.located import located
from arden.storage.recipe import NO_CLASSES, OwnClasses, build, describe

__all__ = [
    "CONFIG",
    "FORMAT",
    "WEIGHTS",
    "fingerprint",
    "load",
    "read_card",
    "save",
    "weights_digest",
]

FORMAT = 1
_HALF = "float16"
CONFIG = "config.json"
WEIGHTS = "model.safetensors"


def save(
    model: AnyModel,
    folder: str | os.PathLike[str],
    *,
    card: dict[str, Any] | None = None,
    overwrite: bool = False,
    half: bool = False,
    own: OwnClasses = NO_CLASSES,
) -> Path:
    """A model -> a folder with config.json and model.safetensors, written whole or not at all.

    ``card`` is any JSON to keep beside it: schema, system, figures, protocol. ``own`` names classes
    outside Arden's catalogues. Weights that several components share are stored once. ``half``
    stores them rounded to float16, in half the room; they are loaded as float32 all the same, and
    what is loaded is another model than the one that was saved: its figures are to be measured.

    Raises:
        FileError: the folder holds a model already (without ``overwrite``), holds something else,
            or cannot be written.
        InputError: a class that is in no catalogue, a card that JSON cannot hold, weights that
            float16 cannot hold.

    >>> import arden, tempfile
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("independent", data, progress=False)
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = arden.save(model, place + "/bits")
    ...     arden.load(folder).num_parameters
    64
    """
    recipe, ties = describe(model, own), _ties(model)
    config = {"format": FORMAT, "model": recipe, "ties": ties, "card": card or {}}
    if half:
        config["stored"] = _HALF
    try:
        told = json.dumps(config, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise InputError(f"card: expected values that JSON can hold ({error})") from None
    state = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in model.state_dict().items()
        if name not in ties
    }
    if half:
        state |= _halved(model, state)
    path = claim_folder(Path(folder), marker=CONFIG, overwrite=overwrite)
    # Each file is checked by itself and names the recipe it belongs to, so that a checkpoint may
    # replace the weights alone: whatever is interrupted, what lies there is whole.
    marks = {"recipe": _recipe_digest(recipe), "weights": weights_digest(state)}
    weights = to_safetensors(state, metadata=marks)
    files = {path / WEIGHTS: weights, path / CONFIG: told.encode()}
    if (path / CONFIG).exists():  # then the weights appear first, as those of a checkpoint do
        files = dict(reversed(files.items()))
    write_together(files)
    return path


def _halved(model: nn.Module, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A model, its state by name -> of its parameters those that are numbers, in float16."""
    found = {}
    for name, _ in model.named_parameters():
        if name in state and state[name].is_floating_point():
            found[name] = state[name].half()
            if not bool(found[name].isfinite().all()):
                raise InputError(
                    f"half: expected weights below {torch.finfo(torch.float16).max:g} in size, "
                    f"but {name} holds {state[name].abs().max().item():.3g}"
                )
    return found


def load(
    folder: str | os.PathLike[str], *, device: str = "cpu", own: OwnClasses = NO_CLASSES
) -> AnyModel:
    """A folder written by `save` -> the model, in evaluation mode. Executes nothing it reads.

    "zoo:name" is one of the small models of the repository, "hf:owner/name" a folder on the Hugging
    Face Hub, which huggingface_hub fetches.

    Raises:
        FileError: a missing, foreign, damaged or mismatched file, each in one sentence; what cannot
            be fetched.
    """
    path = located(folder)
    config = _read_config(path)
    state, marks = _read_weights(path / WEIGHTS)
    if marks.get("weights") != weights_digest(state):
        raise FileError(f"{path / WEIGHTS}: damaged, the weights do not match their checksum")
    if marks.get("recipe") != _recipe_digest(config["model"]):
        raise FileError(f"{path}: {CONFIG} and {WEIGHTS} do not belong together")
    try:
        model = build(config["model"], own)
    except InputError as error:
        raise FileError(f"{path / CONFIG}: {error}") from None
    _tie(model, config.get("ties", {}), path)
    if config.get("stored") == _HALF:  # of the file alone: whoever computes does so in float32
        state = {n: t.float() if t.dtype == torch.float16 else t for n, t in state.items()}
    _load_state(model, state, config.get("ties", {}), path)
    for name, parameter, mask in masked_parameters(model):
        if mask is not None and bool((parameter[~mask] != 0).any()):
            raise FileError(
                f"{path / WEIGHTS}: {name} is not zero where its mask says there is no connection, "
                "so the model would not be autoregressive"
            )
    return model.to(device).eval()


def read_card(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """A folder written by `save` -> the card stored beside the model."""
    return _read_config(located(folder)).get("card", {})


def fingerprint(model: AnyModel, own: OwnClasses = NO_CLASSES) -> str:
    """A model -> a name for exactly this model: its recipe and every bit of its weights."""
    together = _recipe_digest(describe(model, own)) + weights_digest(model.state_dict())
    return hashlib.sha256(together.encode()).hexdigest()


def _recipe_digest(recipe: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def weights_digest(state: dict[str, Tensor]) -> str:
    """Weights by name -> a name for exactly these bits."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _ties(model: nn.Module) -> dict[str, str]:
    """Names of parameters that are another parameter -> that parameter's first name."""
    first: dict[int, str] = {}
    ties: dict[str, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if id(parameter) in first:
            ties[name] = first[id(parameter)]
        else:
            first[id(parameter)] = name
    return ties


def _tie(model: nn.Module, ties: object, path: Path) -> None:
    known = dict(model.named_parameters(remove_duplicate=False))
    if not isinstance(ties, dict) or not all(
        alias in known and isinstance(original, str) and original in known.keys() - ties.keys()
        for alias, original in ties.items()
    ):
        raise FileError(f"{path / CONFIG}: ties names weights that this model does not have")
    for alias, original in ties.items():
        module, _, name = alias.rpartition(".")
        setattr(model.get_submodule(module), name, known[original])


def _load_state(
    model: nn.Module, state: dict[str, Tensor], ties: dict[str, str], path: Path
) -> None:
    expected = {name: t for name, t in model.state_dict().items() if name not in ties}
    for name, tensor in expected.items():
        if name not in state:
            raise FileError(f"{path / WEIGHTS}: {name} is missing; {CONFIG} expects it")
        if state[name].shape != tensor.shape:
            raise FileError(
                f"{path / WEIGHTS}: {name} has shape {tuple(state[name].shape)}, "
                f"but {CONFIG} expects {tuple(tensor.shape)}"
            )
        # An impossible component (weight 0) is the one thing stored as an infinite number.
        impossible = state[name] == -torch.inf if name.endswith("log_weights") else False
        if not bool((state[name].isfinite() | impossible).all()):
            raise FileError(f"{path / WEIGHTS}: {name} holds NaN or infinite numbers")
    extra = sorted(set(state) - set(expected))
    if extra:
        raise FileError(f"{path / WEIGHTS}: {extra[0]} is not part of the model in {CONFIG}")
    dtypes = {state[name].dtype for name, _ in model.named_parameters() if name in state}
    if len(dtypes) == 1:
        model.to(dtypes.pop())
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name in state:
                tensor.copy_(state[name])


def _read_config(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise FileError(f"{path}: no such folder; expected one written by arden fit or arden.save")
    if not (path / CONFIG).is_file():
        raise FileError(f"{path}: not an Arden model, it has no {CONFIG}")
    try:
        config = json.loads((path / CONFIG).read_bytes())
    except OSError as error:
        raise FileError(f"{path / CONFIG}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise FileError(f"{path / CONFIG}: not valid JSON; was it cut short?") from None
    if not isinstance(config, dict) or not {"format", "model"} <= set(config):
        raise FileError(f"{path / CONFIG}: not the config of an Arden model")
    if config["format"] != FORMAT:
        raise FileError(
            f"{path / CONFIG}: format {config['format']!r}; this version of Arden reads {FORMAT}"
        )
    return config


def _read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    if not path.is_file():
        raise FileError(f"{path}: no such file; {CONFIG} lies there without its weights")
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except (SafetensorError, ValueError, OSError) as error:
        raise FileError(
            f"{path}: not a whole safetensors file ({error}); was it cut short?"
        ) from None
