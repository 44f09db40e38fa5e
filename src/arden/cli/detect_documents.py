"""Texts and sounds judged as a whole: one score and one p-value for every document."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from arden.cli.detect_rows import Rows, normality_of, terms_of
from arden.cli.outputs import ColumnFile
from arden.cli.reading import ReadingDisplay
from arden.data import Schema
from arden.data.windows import Windows
from arden.errors import InputError
from arden.tasks.detect import Detector
from arden.tasks.normality import document_normality

__all__ = ["JudgedDocuments", "document_scores"]

_MOST_WINDOWS = 1024
_PICTURED = {"text": 2_000, "audio": 40_000}  # symbols


def document_scores(detector: Detector, rows: Rows, what: str) -> tuple[list[str], Windows, Tensor]:
    """A detector, texts or sounds, what is done -> their names and windows, (M,) how normal."""
    names, windows = rows.windows()
    found = [torch.zeros(0, dtype=torch.float64)]
    scored = [torch.zeros(0, windows.window, dtype=torch.bool)]
    with ReadingDisplay(what, "window") as display:
        for start in range(0, len(windows), _MOST_WINDOWS):
            some = windows.take(slice(start, start + _MOST_WINDOWS))
            assert some.scored is not None
            found.append(normality_of(detector, some))
            scored.append(some.scored)
            done = start + len(some)
            display.show(done / len(windows), done)
    document = torch.from_numpy(windows.document)
    return (
        names,
        windows,
        document_normality(torch.cat(found).cpu(), torch.cat(scored), document, len(names)),
    )


class JudgedDocuments:
    """Documents judged one by one, or some of them together: written, the most suspicious drawn."""

    def __init__(
        self, detector: Detector, schema: Schema, false_alarms: float, picture: Path | None
    ) -> None:
        self.detector, self.schema, self.false_alarms = detector, schema, false_alarms
        assert detector.calibration is not None
        self.group = detector.calibration.group
        self.picture = picture
        self.rows = self.judged = self.flagged = 0

    def read(self, rows: Rows, out: Path) -> None:
        """Texts or sounds, a file -> (): all of them judged, and written."""
        names, windows, normality = document_scores(self.detector, rows, "detect")
        self.rows = len(names)
        if self.rows < self.group:
            raise InputError(
                f"data: expected at least one group of {self.group} documents, got {self.rows}"
            )
        found = self.detector.judge(normality, self.false_alarms)
        self.judged, self.flagged = len(found.scores), int(found.flagged.sum())
        first = np.arange(self.judged) * self.group
        columns: dict[str, np.ndarray | list[str]] = {"row": first}
        if self.group == 1:
            columns["document"] = np.array(names) if out.suffix == ".npz" else names
        with ColumnFile(out) as file:
            file.add(
                {
                    **columns,
                    "score": found.scores.numpy(),
                    "p_value": found.p_values.numpy(),
                    "flagged": found.flagged.long().numpy(),
                }
            )
        if self.picture:
            self._draw(int(found.scores.argmin()), names, windows, self.picture)

    def _draw(self, chosen: int, names: list[str], windows: Windows, path: Path) -> None:
        """The most suspicious document from its beginning, in the colours of its surprise."""
        own = np.flatnonzero(windows.document == chosen)
        if not len(own):
            raise InputError(f"picture: expected symbols to show, but {names[chosen]} is empty")
        most = max(1, _PICTURED[self.schema.kind] // (self.schema.stride or windows.window // 2))
        some = windows.take(slice(int(own[0]), int(own[:most][-1]) + 1))
        assert some.scored is not None
        terms = terms_of(self.detector, some)
        from arden.plots.suspicious_rows import suspicious_rows  # which takes a second

        suspicious_rows(
            self.schema,
            own[:most].tolist(),
            list(some.values),
            list(terms),
            list(some.scored),
            path,
            f"{names[chosen]}, the most suspicious of {self.rows:,} documents",
        )
