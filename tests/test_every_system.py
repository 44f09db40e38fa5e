"""Every system of the catalogue, small, from its options to an audited model: the whole way."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from arden.audit.verify import verify
from arden.core.mixture import Mixture
from arden.storage.model_files import save
from arden.systems import SYSTEMS, TABLES
from arden.tasks.sample import sample
from arden.tasks.score import score
from arden.training.fit import fit_model
from tests.core.models import shake
from tests.training.toys import bits, fresh, natural, one_hot, quick

EXACT = [name for name, system in SYSTEMS.items() if "score" in system.verbs]
TRAINED = [name for name in EXACT if name not in TABLES]
exact_systems = pytest.mark.parametrize("name", EXACT)


@exact_systems
@pytest.mark.parametrize("context_size", [0, 2])
def test_the_audit_passes_every_row_of_the_lecture(name: str, context_size: int) -> None:
    """With noise on every weight, at real rows, with a class and without."""
    data = natural(name)
    model = fresh(name, data, context_size)
    shake(model)
    context = one_hot(torch.arange(len(data.test)) % 2) if context_size else None
    report = verify(model, data.test.values, context, budget="quick")
    assert report.passed, report.to_text()


@pytest.mark.parametrize("name", TRAINED)
def test_training_in_bfloat16_learns_and_scores_in_float32(name: str) -> None:
    data = natural(name)
    model = fresh(name, data)
    before = -score(model, data.valid.values).mean().item()
    result = fit_model(model, data, quick(precision="bfloat16", epochs=8))
    assert math.isfinite(result.best_valid)
    assert result.best_valid < before
    assert all(p.dtype == torch.float32 for p in model.parameters())
    again = -score(model, data.valid.values).mean().item()
    assert again == pytest.approx(result.best_valid, abs=1e-4)


_FRESH_PROCESS = """
import sys, torch
from pathlib import Path
from arden.storage.model_files import load
from arden.tasks.sample import sample
folder = Path(sys.argv[1])
drawn = {run.name: sample(load(run), 3, seed=1) for run in sorted(folder.iterdir())}
torch.save(drawn, sys.argv[2])
"""


def test_a_fresh_process_loads_every_system_and_draws_the_same(tmp_path: Path) -> None:
    """No forward call first: masks, positions and caches are all rebuilt by the constructor."""
    expected = {}
    for name in EXACT:
        model = fresh(name, natural(name))
        shake(model)
        save(model, tmp_path / "runs" / name)
        expected[name] = sample(model, 3, seed=1)
    drawn = tmp_path / "drawn.pt"
    script = [sys.executable, "-c", _FRESH_PROCESS, str(tmp_path / "runs"), str(drawn)]
    subprocess.run(script, check=True)
    found = torch.load(drawn, weights_only=True)
    assert set(found) == set(EXACT)
    assert not [name for name in EXACT if not torch.equal(found[name], expected[name])]


@exact_systems
def test_the_example_is_data_that_the_system_takes(name: str) -> None:
    from arden.data.catalogue import DATASETS

    system = SYSTEMS[name]
    assert system.example in DATASETS
    kind = DATASETS[system.example].kind
    assert "image" not in system.needs or kind == "image"
    assert "fixed length" not in system.needs or kind in ("image", "table")


def test_mixtures_are_models_too() -> None:
    """What the toys build for MADE with masks is a Mixture, and the audit takes it."""
    model = fresh("made", bits(), masks=2, degrees="random")
    assert isinstance(model, Mixture)
    shake(model)
    assert verify(model, budget="quick").passed
