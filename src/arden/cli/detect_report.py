"""What is said of a detection: how many were flagged, and what is promised, in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from arden.data.catalogue import DATASETS
from arden.errors import InputError
from arden.storage.model_files import read_card
from arden.storage.plain import without_nan

if TYPE_CHECKING:
    from arden.cli.detect_documents import JudgedDocuments
    from arden.cli.detect_rows import Judged
    from arden.tasks.calibration import Calibration

__all__ = ["guarantee", "note_on", "summary_of"]


def note_on(run: Path, calibrate: str | None) -> tuple[str, str]:
    """A run, the normal rows asked for or None -> the normal rows, and what to say about them.

    Raises:
        InputError: none asked for where there are no others; rows that the model was fitted to.
    """
    card = read_card(run)
    fitted = str(card.get("data", ""))
    if calibrate is None:
        if fitted not in DATASETS:
            raise InputError(
                "calibrate: expected a file of normal rows that the model was not fitted to; "
                f"{fitted or 'its data'} is no named set whose validation rows could serve"
            )
        told = "The validation rows chose the epoch of the fit: rows it never saw are stricter."
        return f"{fitted}:valid", told
    if calibrate == f"{fitted}:train":
        raise InputError(
            f"calibrate: {calibrate} are the rows the model was fitted to, which look more normal "
            "than any others; expected held-out ones"
        )
    if fitted not in DATASETS and Path(calibrate).stem == Path(fitted).stem:
        told = (
            "The model was fitted to a source of the same name: if these rows are among those, "
            "the guarantee does not hold."
        )
        return calibrate, told
    return calibrate, ""


def summary_of(
    judged: Judged | JudgedDocuments,
    calibration: Calibration,
    false_alarms: float,
    score: str,
    normal: str,
) -> dict[str, Any]:
    """What was judged and how -> the figures of it."""
    count = len(calibration.ranked)
    told = {
        "rows": judged.rows,
        "group": calibration.group,
        "judged": judged.judged,
        "flagged": judged.flagged,
        "false_alarms": false_alarms,
        "threshold": calibration.threshold(false_alarms),
        "score": score,
        "calibrated_on": normal,
        "calibration": count,
        "least_p_value": 1 / (count + 1),
    }
    found: dict[str, Any] = without_nan(told)
    return found


def guarantee(found: dict[str, Any], note: str, one: str) -> list[str]:
    """The figures, what one is called -> sentences: what was flagged, what is promised or not."""
    group = found["group"]
    what = f"{one}s" if group == 1 else f"groups of {group} {one}s"
    judged, flagged, rate = found["judged"], found["flagged"], found["false_alarms"]
    lines = [
        f"{flagged:,} of {judged:,} {what} flagged ({flagged / judged:.1%}), "
        f"by {found['score']} below {found['threshold']:.4g}.",
        f"Of {what} like the {found['calibration']:,} of {found['calibrated_on']} at most "
        f"{rate:.3g} would be flagged, whatever the model is worth: on average over such "
        "calibrations, and of rows that nobody made to deceive it.",
    ]
    if one == "window":
        lines.append(
            "Windows of one document are not independent: judge documents unlike those of the "
            "calibration with more care."
        )
    left = found["rows"] - judged * group
    if left:
        lines.append(f"The last {left} {one}s fill no group and were not judged.")
    return [*lines, note] if note else lines
