"""Bounds and pins agree, and each way in which they could disagree is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dependencies import ROOT, gaps, pins, requirements

PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")


def test_every_dependency_is_bounded_and_pinned_within_its_bounds() -> None:
    assert gaps(PYPROJECT, CONSTRAINTS) == []
    assert len(list(requirements(PYPROJECT))) > 30


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"numpy>=2.0,<3"', '"numpy>=2.0"', "numpy>=2.0 has no upper bound"),
        ('"numpy>=2.0,<3"', '"numpy<3"', "numpy<3 has no lower bound"),
        ('"numpy>=2.0,<3"', '"numpy>=9,<10"', "does not allow its own pin"),
        ('"numpy>=2.0,<3"', '"numpyy>=2.0,<3"', "numpyy has no pin in constraints.txt"),
        ('"gradio>=6,<7"', '"gradio"', "extra studio: gradio has no lower bound"),
        ("arden[audio,", "arden[", "extra all lacks audio"),
    ],
)
def test_a_gap_is_found(old: str, new: str, told: str) -> None:
    assert old in PYPROJECT
    assert any(told in line for line in gaps(PYPROJECT.replace(old, new), CONSTRAINTS))


@pytest.mark.parametrize(
    ("line", "told"),
    [("numpy>=2", "expected name==version"), ("NumPy==2.4.6", "pinned twice")],
)
def test_a_pin_that_is_none_is_found(line: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        pins(f"{CONSTRAINTS}\n{line}\n")


def test_check_and_audit_are_what_security_says() -> None:
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    check = make.partition("\ncheck:")[2].partition("\n\n")[0]
    assert "tests/dependencies.py" in check
    assert "$(PIP) check" in check
    assert "audit" not in check  # it needs the network
    audit = make.partition("\naudit:")[2].partition("\n\n")[0]
    assert ".ci/audit" in audit
    told = Path(ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "make check" in told
    assert "make audit" in told
