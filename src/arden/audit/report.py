"""What an audit says: one line per check, for a reader and for a program."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Check", "Finding", "Report", "not_applicable", "within"]


@dataclass(frozen=True)
class Finding:
    """What one check found. ``passed`` is None where the check does not apply to the model.

    ``figure`` is what was measured and ``tolerance`` what it may be; a figure without a tolerance
    is information. ``explanation`` is one sentence for a reader.
    """

    passed: bool | None
    figure: float | None
    tolerance: float | None
    explanation: str


@dataclass(frozen=True)
class Check(Finding):
    """A finding with its name."""

    name: str

    @property
    def verdict(self) -> str:
        """The outcome in one word: pass, FAIL, or n/a."""
        return {True: "pass", False: "FAIL", None: "n/a"}[self.passed]


@dataclass(frozen=True)
class Report:
    """The outcome of an audit: ``subject`` says what was audited, ``seed`` repeats it exactly."""

    subject: str
    seed: int
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.passed is False)

    def to_text(self) -> str:
        """() -> a plain table: verdict, check, figure, tolerance; under it every explanation.

        >>> check = Check(True, 2e-16, 1e-10, "All sums are one.", name="sums")
        >>> print(Report("a model", 0, (check,)).to_text())
        a model: 1 of 1 checks passed
        <BLANKLINE>
              check    figure  tolerance
        pass  sums    2.0e-16    1.0e-10  All sums are one.
        """
        width = max(len("check"), *(len(check.name) for check in self.checks))
        applicable = [check for check in self.checks if check.passed is not None]
        passed = len(applicable) - len(self.failures)
        lines = [
            f"{self.subject}: {passed} of {len(applicable)} checks passed",
            "",
            f"      {'check':<{width}}  {'figure':>8}  {'tolerance':>9}",
        ]
        lines += [
            f"{check.verdict:<4}  {check.name:<{width}}  {_number(check.figure):>8}  "
            f"{_number(check.tolerance):>9}  {check.explanation}"
            for check in self.checks
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """() -> the same as plain values, fit for JSON (a figure that is not finite is a word)."""
        return {
            "subject": self.subject,
            "seed": self.seed,
            "passed": self.passed,
            "checks": [
                {key: _plain(value) for key, value in asdict(check).items()}
                for check in self.checks
            ],
        }


def within(figure: float, tolerance: float, explanation: str, failure: str = "") -> Finding:
    """What was measured, what it may be -> a finding that passes when it is (NaN never passes).

    ``failure`` replaces the explanation of a check that failed.
    """
    passed = figure <= tolerance
    return Finding(passed, figure, tolerance, explanation if passed else failure or explanation)


def not_applicable(reason: str) -> Finding:
    """Why a check says nothing about this model -> that finding."""
    return Finding(None, None, None, reason)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return "0" if value == 0 else f"{value:.1e}"


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
