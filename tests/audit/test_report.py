"""A report, as text and as plain values."""

from __future__ import annotations

import json
import math

from arden.audit.report import Check, Report, not_applicable, within

PASSED = Check(True, 2e-16, 1e-10, "All is well.", name="sums")
FAILED = Check(False, math.inf, 0.0, "Nothing is well.", name="structure")
SKIPPED = Check(None, None, None, "There is one order.", name="orders")


def test_a_report_passes_unless_a_check_fails() -> None:
    assert Report("m", 0, (PASSED, SKIPPED)).passed
    assert not Report("m", 0, (PASSED, FAILED)).passed
    assert Report("m", 0, (PASSED, FAILED)).failures == (FAILED,)


def test_text_has_a_line_for_every_check() -> None:
    lines = Report("a model", 0, (PASSED, FAILED, SKIPPED)).to_text().splitlines()
    assert lines[0] == "a model: 1 of 2 checks passed"
    assert lines[3].split() == ["pass", "sums", "2.0e-16", "1.0e-10", "All", "is", "well."]
    assert lines[4].split()[:4] == ["FAIL", "structure", "inf", "0"]
    assert lines[5].split()[:4] == ["n/a", "orders", "–", "–"]


def test_plain_values_are_json_whatever_was_measured() -> None:
    told = json.loads(json.dumps(Report("m", 4, (PASSED, FAILED)).to_dict(), allow_nan=False))
    assert told["seed"] == 4
    assert told["passed"] is False
    assert told["checks"][0]["figure"] == 2e-16
    assert told["checks"][1] == {
        "passed": False,
        "figure": "inf",
        "tolerance": 0.0,
        "explanation": "Nothing is well.",
        "name": "structure",
    }


def test_a_finding_is_held_against_its_tolerance() -> None:
    assert within(0.5, 1.0, "good", "bad").explanation == "good"
    assert within(2.0, 1.0, "good", "bad").explanation == "bad"
    assert within(math.nan, 1.0, "good", "bad").passed is False
    assert not_applicable("why").passed is None
