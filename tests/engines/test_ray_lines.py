"""What Ray's workers do with a chunk, without Ray: scored, or refused in its turn and its words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import arden
from arden.data import Schema
from arden.engines.arrow_batches import RowSource, scores_of
from arden.engines.ray_data import _read, _Scorer, _unpacked
from arden.engines.row_scores import ScoringOptions
from arden.storage.model_files import load, save

pyarrow = pytest.importorskip("pyarrow", reason="Arrow is in the extra `table`")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a run directory: independent bits."""
    data = arden.load_data(np.random.default_rng(0).integers(0, 2, (60, 3)))
    model = arden.fit("independent", data, progress=False)
    folder = tmp_path_factory.mktemp("runs") / "bits"
    return save(model, folder, card={"schema": data.schema.to_dict()})


def carried(path: Path, run: Path) -> list[dict[str, Any]]:
    """A file, a run directory -> what the driver is told of it, line by line."""
    source = RowSource(str(path), Schema("table", (3,), 2), most_rows=40)
    scorer = _Scorer(run, "cpu", source.schema, ScoringOptions(batch_size=8))
    lines = _read(pyarrow.table({"part": [0]}), [source])
    return [scorer(line).to_pylist()[0] for line in lines]


def test_chunks_come_back_as_scores_and_then_the_end(run: Path, tmp_path: Path) -> None:
    rows = np.random.default_rng(1).integers(0, 2, (100, 3), dtype=np.uint8)
    np.save(tmp_path / "rows.npy", rows)
    *chunks, end = carried(tmp_path / "rows.npy", run)
    assert [chunk["first_row"] for chunk in [*chunks, end]] == [0, 40, 80, 100]
    assert (end["packed"], end["refusal"]) == (None, None)
    found = torch.cat([scores_of(_unpacked(chunk["packed"])).log_prob for chunk in chunks])
    assert found.tolist() == arden.score(load(run), torch.from_numpy(rows)).tolist()


def test_a_bad_row_is_refused_in_its_turn(run: Path, tmp_path: Path) -> None:
    rows = np.zeros((100, 3), dtype=np.uint8)
    rows[50, 1] = 7
    np.save(tmp_path / "rows.npy", rows)
    first, second = carried(tmp_path / "rows.npy", run)
    assert first["refusal"] is None
    assert "row 50, column 1 (counted from 0) holds 7; expected 0 or 1" in second["refusal"]


def test_a_worker_without_the_run_says_so(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.zeros((9, 3), dtype=np.uint8))
    first, _ = carried(tmp_path / "rows.npy", tmp_path / "no-such-run")
    assert "no-such-run" in first["refusal"]
