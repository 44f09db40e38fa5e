"""Rows judged as they are read: calibration first, then one line of a file for every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from arden.cli.outputs import ColumnFile
from arden.cli.reading import ReadingDisplay
from arden.core.mixture import Mixture
from arden.data import Schema, Split
from arden.data.reading import read_chunks, read_windows
from arden.data.spelling import strings_of
from arden.data.windows import Windows
from arden.errors import InputError
from arden.tasks.detect import Detections, Detector
from arden.tasks.score import score_conditionals
from arden.tasks.surprise import top_variables
from arden.training.context import class_context

__all__ = ["Judged", "Rows", "normal_scores", "normality_of", "terms_of"]

_MOST_NUMBERS = 2**20
_MOST_ROWS = 4096
_PICTURED = {"image": 12, "table": 6, "strings": 60, "text": 1, "audio": 1}


@dataclass(frozen=True)
class Rows:
    """Where rows come from: a source, its schema, whether labels are wanted, a split, a folder."""

    source: str
    schema: Schema
    labels: bool
    split: str | None
    data_dir: Path | None

    def chunks(self) -> Iterator[tuple[Split, list[str] | None, float]]:
        """() -> rows (of documents, windows), the documents' names, the share that was read."""
        schema = self.schema
        most = max(1, min(_MOST_ROWS, _MOST_NUMBERS // schema.num_variables))
        if not schema.is_sequence:
            for rows, share in read_chunks(
                self.source,
                schema,
                most,
                split=self.split,
                with_labels=self.labels,
                data_dir=self.data_dir,
            ):
                yield rows, None, share
            return
        names, windows = self.windows()
        for start in range(0, len(windows), most):
            chosen = slice(start, start + most)
            documents = [names[place] for place in windows.document[chosen]]
            yield windows.take(chosen), documents, min(1.0, (start + most) / len(windows))

    def windows(self) -> tuple[list[str], Windows]:
        """() -> of texts and sounds the names of the documents, and their windows."""
        found = read_windows(
            self.source,
            self.schema,
            split=self.split,
            with_labels=self.labels,
            data_dir=self.data_dir,
        )
        if found is None:
            raise InputError(f"{self.source}: expected a {self.schema.kind}, got rows of numbers")
        return found


def normal_scores(detector: Detector, rows: Rows) -> Tensor:
    """A detector without a calibration, normal rows -> (N,) how normal each looks."""
    found, count = [], 0
    with ReadingDisplay("calibrate", "row") as display:
        for some, _, share in rows.chunks():
            found.append(normality_of(detector, some))
            count += len(some)
            display.show(share, count)
    return torch.cat(found) if found else torch.empty(0, dtype=torch.float64)


class Judged:
    """Rows judged one after the other: each written, the most suspicious ones kept."""

    def __init__(
        self,
        detector: Detector,
        schema: Schema,
        false_alarms: float,
        explain: int,
        picture: Path | None,
    ) -> None:
        self.detector, self.schema, self.false_alarms = detector, schema, false_alarms
        assert detector.calibration is not None
        self.group = detector.calibration.group
        has_terms = not isinstance(detector.model, Mixture) or detector.model.same_order
        if picture and not has_terms:
            raise InputError(
                "picture: a mixture over different orders has no per-variable terms to show"
            )
        self.explain = explain if has_terms and self.group == 1 else 0
        self.picture = picture
        self.rows = self.judged = self.flagged = 0
        self._kept: list[tuple[float, int, Tensor, Tensor, Tensor | None]] = []

    def read(self, rows: Rows, out: Path) -> None:
        """Rows, a file -> (): all of them judged, and written."""
        waiting = torch.empty(0, dtype=torch.float64)  # rows of a group that is not yet full
        with ColumnFile(out) as file, ReadingDisplay("detect", "row") as display:
            for some, documents, share in rows.chunks():
                normality = torch.cat([waiting, normality_of(self.detector, some)])
                whole = len(normality) // self.group * self.group
                waiting = normality[whole:]
                self.rows += len(some)
                if whole:
                    found = self.detector.judge(normality[:whole], self.false_alarms)
                    in_archive = out.suffix == ".npz"
                    file.add(self._columns(found, some, documents, in_archive))
                    self._keep(found, some)
                    self.judged += len(found.scores)
                    self.flagged += int(found.flagged.sum())
                display.show(share, self.rows)
        if not self.judged:
            raise InputError(
                f"data: expected at least one group of {self.group} rows, got {self.rows} rows"
            )
        if self.picture:
            self._draw(self.picture)

    def _columns(
        self, found: Detections, rows: Split, documents: list[str] | None, in_archive: bool
    ) -> dict[str, np.ndarray | list[str]]:
        first = np.arange(self.judged, self.judged + len(found.scores)) * self.group
        columns: dict[str, np.ndarray | list[str]] = {"row": first}
        if self.group == 1 and not in_archive:
            if documents is not None:
                columns["document"] = documents
            elif self.schema.kind == "strings":
                columns["string"] = strings_of(rows.values, self.schema)
        columns |= {
            "score": found.scores.numpy(),
            "p_value": found.p_values.numpy(),
            "flagged": found.flagged.long().numpy(),
        }
        if not self.explain:
            return columns
        places, nats = top_variables(_excess(self.detector, rows), self.explain)
        if in_archive:
            return {**columns, "variables": places.numpy(), "surprise": nats.numpy()}
        for rank in range(places.shape[1]):
            named = zip(places[:, rank].tolist(), nats[:, rank].tolist(), strict=True)
            columns[f"variable_{rank + 1}"] = [
                name_of(self.schema, place) if surprise > -np.inf else ""
                for place, surprise in named
            ]
            columns[f"surprise_{rank + 1}"] = nats[:, rank].numpy()
        return columns

    def _keep(self, found: Detections, rows: Split) -> None:
        """The most suspicious rows so far, with the surprise in them."""
        if not self.picture:
            return
        most = _PICTURED[self.schema.kind]
        for place in found.scores.argsort(stable=True)[:most].tolist():
            score = float(found.scores[place])
            if len(self._kept) == most and score >= self._kept[-1][0]:
                break
            one = _take(rows, place)
            terms = terms_of(self.detector, one)[0]
            counts = one.scored[0] if one.scored is not None else None
            row = (score, self.judged + place, one.values[0], terms, counts)
            self._kept = sorted([*self._kept, row], key=lambda kept: kept[:2])[:most]

    def _draw(self, path: Path) -> None:
        shown = len(self._kept)
        title = (
            f"The {shown} most suspicious of {self.rows:,} rows"
            if shown > 1
            else f"The most suspicious of {self.rows:,} rows"
        )
        from arden.plots.suspicious_rows import suspicious_rows  # which takes a second

        suspicious_rows(
            self.schema,
            [kept[1] for kept in self._kept],
            [kept[2] for kept in self._kept],
            [kept[3] for kept in self._kept],
            [kept[4] for kept in self._kept],
            path,
            title,
        )


def name_of(schema: Schema, place: int) -> str:
    """A flat place in an event -> what it is called: a column, a pixel, the place of a symbol."""
    if schema.columns:
        return schema.columns[place].name
    if schema.kind == "image":
        shape = schema.event_shape
        return " ".join(str(int(at)) for at in np.unravel_index(place, shape))
    return str(place)


def _context(detector: Detector, rows: Split) -> Tensor | None:
    if detector.classes != "given":
        return None
    size = detector.model.context_size
    if not size and detector.background is not None:
        size = detector.background.context_size
    return class_context(rows, size)


def normality_of(detector: Detector, rows: Split) -> Tensor:
    """N rows -> (N,): how normal they look."""
    context = _context(detector, rows)
    return detector.normality(rows.values, context, rows.observed, rows.scored)


def _excess(detector: Detector, rows: Split) -> Tensor:
    context = _context(detector, rows)
    return detector.surprise(rows.values, context, rows.observed, rows.scored)


def terms_of(detector: Detector, rows: Split) -> Tensor:
    """N rows -> (N, *event): their ln p(x_i | x_<i)."""
    given = _context(detector, rows)
    context = detector.context_of(rows.values, given, rows.observed, rows.scored)
    return score_conditionals(detector.model, rows.values, context, rows.observed)


def _take(rows: Split, place: int) -> Split:
    from arden.data.scoring_rows import take_rows

    return take_rows(rows, slice(place, place + 1))
