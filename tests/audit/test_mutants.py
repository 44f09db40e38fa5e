"""Every planted defect is caught by the check it was planted for; sound models pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants import DEFECTS, audit_of, sound_audits
from tests.planted import PLANTED, place_of


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_caught(name: str) -> None:
    expected = DEFECTS[name][0]
    assert expected in [check.name for check in audit_of(DEFECTS[name]).failures]


def test_defects_are_many() -> None:
    assert len(DEFECTS) >= 15
    assert len({expected for expected, _ in DEFECTS.values()}) >= 12


def test_sound_models_raise_no_alarm() -> None:
    audits = list(sound_audits(range(1000, 1006)))
    assert [(name, seed) for name, seed, report in audits if not report.passed] == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_defect_of_a_task_names_a_function_and_a_test(name: str) -> None:
    """That the test fails is seen by `python tests/planted.py`."""
    holder, function = place_of(PLANTED[name])
    assert function in vars(holder)
    path, _, test = PLANTED[name].test.partition("::")
    root = Path(__file__).parents[2]
    assert f"def {test}(" in (root / path).read_text(encoding="utf-8")
