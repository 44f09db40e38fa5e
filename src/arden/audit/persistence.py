"""Does a fresh process that loads the model give the same numbers?"""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import arden
from arden.audit.report import Finding, not_applicable, within
from arden.audit.subject import Subject, discrepancy
from arden.core.draw import generic_draw, uniform_noise
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.kernels import without_kernels
from arden.storage.model_files import save

__all__ = ["fresh_process_gives_the_same_numbers"]

_DRAWS = 4
# Draws come before scores: a model must be able to draw as it was loaded, with no pass before.
_PROGRAM = """
import sys
import torch
from arden.audit.persistence import numbers
from arden.kernels import without_kernels
from arden.storage.model_files import load
from safetensors.torch import load_file, save_file
folder, given, told, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
save_file(numbers(load(folder), load_file(given)), told)
"""


def fresh_process_gives_the_same_numbers(subject: Subject) -> Finding:
    """Saves the model, loads it in a new process, and compares draws and scores bit for bit."""
    if not subject.budget.fresh_process:
        return not_applicable("A quick audit starts no other process.")
    model = copy.deepcopy(subject.model).cpu()
    # A network that replays everything at each step is not asked to draw long events.
    long = subject.walked_steps(subject.exact) < subject.length
    noise_shape = subject.event(subject.values).shape[1:]
    part = model.models[0] if isinstance(model, Mixture) else model
    noise = uniform_noise(
        subject.generator("persistence"),
        (0 if long else _DRAWS, *noise_shape, part.conditional.num_noise),
    )
    given = {"x": subject.event(subject.values).cpu().contiguous(), "noise": noise}
    if subject.context is not None:
        given["context"] = subject.context.cpu().contiguous()
    with tempfile.TemporaryDirectory() as place:
        folder, inputs, outputs = (Path(place) / name for name in ("model", "given", "told"))
        try:
            save(model, folder)
        except InputError as error:
            return not_applicable(f"This model is not saved: {error}")
        save_file(given, inputs)
        command = [sys.executable, "-c", _PROGRAM, str(folder), str(inputs), str(outputs)]
        finished = subprocess.run(
            [*command, str(torch.get_num_threads())],
            env={**os.environ, "PYTHONPATH": _search_path()},
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            last = (finished.stderr.strip() or "no message").splitlines()[-1]
            return Finding(False, None, 0.0, f"A fresh process cannot use the saved model: {last}.")
        told = load_file(outputs)
    expected = numbers(model, given)
    worst = max(discrepancy(told[name], expected[name]) for name in expected)
    return within(
        worst,
        0.0,
        "A fresh process that loads the saved model gives the same draws and scores, bit for bit.",
        "A fresh process that loads the saved model gives other draws or scores.",
    )


@torch.no_grad()
def numbers(model: AutoregressiveModel | Mixture, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """model, {x, noise, context} -> what two processes must agree on: draws, then log_prob."""
    model = model.eval()
    # As loaded, a tensor may lie where sums are taken in another order: make them all alike.
    given = {name: tensor.clone() for name, tensor in given.items()}
    context, noise = given.get("context"), given["noise"]
    parts = model.models if isinstance(model, Mixture) else [model]
    drawn_context = None if context is None else context[:1].expand(len(noise), -1)
    # Kernels round in their own way, and need not be installed where a model is loaded.
    with without_kernels():
        told = {
            f"draw {number}": generic_draw(part, noise, context=drawn_context).contiguous()
            for number, part in enumerate(parts)
            if len(noise)
        }
        told["log_prob"] = model.log_prob(given["x"], context)
    return told


def _search_path() -> str:
    """-> where the new process finds this very package first."""
    here = str(Path(arden.__file__).parents[1])
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
