"""Every example runs, at a small size, and says what it should; none is longer than a page."""

from __future__ import annotations

import math
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arden.kernels import without_kernels

EXAMPLES = Path(__file__).parents[1] / "examples"

SMALL: dict[str, tuple[dict[str, int], Callable[[Any], bool]]] = {
    "training_loop": ({"epochs": 2, "hidden": 8}, lambda nats: 20 < nats < 40),
    "export_model": ({"epochs": 1}, lambda gap: gap < 1e-4),  # rounding of sums in float32
    "sklearn_pipeline": (
        {"epochs": 1, "folds": 2},
        lambda found: found["logistic regression"] > 0.9 and math.isfinite(found["nats"]),
    ),
    "pyod_adapter": ({"epochs": 15}, lambda found: found > 0.3),
    "lightning_module": ({"epochs": 2, "hidden": 20}, lambda nats: 20 < nats < 40),
}
NEEDS = {"lightning_module": "lightning"}
"""An example -> a package of its own that no extra of Arden brings."""


def test_every_example_is_run_and_short() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(SMALL)
    for path in EXAMPLES.glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 60


@pytest.mark.parametrize("name", SMALL)
def test_it_runs(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"needs the package {NEEDS[name]}")
    how, expected = SMALL[name]
    with without_kernels():
        found = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](**how)
    assert expected(found), found
    assert capsys.readouterr().out
