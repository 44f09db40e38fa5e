"""Arrow batch -> Arrow batch: the numbers of the plain command, whatever rows it is handed."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import torch

import arden
from arden.core.model import AutoregressiveModel
from arden.data import Schema, Split, load_data, read_rows
from arden.data.arrow_rows import rows_from_arrow, rows_to_arrow
from arden.engines.arrow_batches import ArrowChunk, RowSource, score_batch, scores_of
from arden.engines.processes import score_together
from arden.engines.row_scores import RowScores, ScoringOptions, score_here
from arden.errors import InputError
from arden.training.world import World
from tests.core.models import shake

pyarrow = pytest.importorskip("pyarrow", reason="Arrow is in the extra `table`")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a .parquet file of 2000 rows of words, whole and real numbers, in uneven row groups."""
    from pyarrow import parquet

    source = np.random.default_rng(0)
    table = pyarrow.table(
        {
            "work": source.choice(["none", "half", "full"], 2000),
            "age": source.integers(18, 90, 2000),
            "pay": np.round(source.normal(30.0, 9.0, 2000), 1),
        }
    )
    path = tmp_path_factory.mktemp("people") / "people.parquet"
    parquet.write_table(table, path, row_group_size=333)
    return path


@pytest.fixture(scope="module")
def made(people: Path) -> tuple[AutoregressiveModel, Schema]:
    """() -> a MADE of these people, shaken, in float32 as a run holds it, and its schema."""
    data = load_data(people)
    model = arden.fit("made", data, hidden=(8,), epochs=1, progress=False)
    assert isinstance(model, AutoregressiveModel)
    shake(model)
    return model.eval(), data.schema


def together(sources: Iterable[RowScores]) -> tuple[list[float], list[bool]]:
    """Scores in pieces -> all of them."""
    found = list(sources)
    return (
        torch.cat([one.log_prob for one in found]).tolist(),
        torch.cat([one.whole for one in found]).tolist(),
    )


def test_the_columns_of_a_file_are_scored_as_they_are(
    people: Path, made: tuple[AutoregressiveModel, Schema]
) -> None:
    from pyarrow import parquet

    model, schema = made
    table = parquet.read_table(people)
    found = score_batch(model, schema, table)
    assert found.column_names == ["log_prob", "whole"]
    assert (
        found["log_prob"].to_pylist()
        == arden.score(model, read_rows(people, schema).values).tolist()
    )
    batch = table.slice(5, 1).to_batches()[0]
    row = score_batch(model, schema, batch)["log_prob"].to_pylist()
    assert row == pytest.approx(found["log_prob"].to_pylist()[5:6], abs=1e-5)  # float32, one row
    assert score_batch(model, schema, table.slice(0, 0)).num_rows == 0


def test_chunks_of_any_source_give_the_numbers_of_the_plain_engine(
    people: Path, made: tuple[AutoregressiveModel, Schema]
) -> None:
    model, schema = made
    options = ScoringOptions(batch_size=128)
    whole = read_rows(people, schema)
    plain, _ = together(score_here(model, [(whole, 1.0)], options))
    source = RowSource(str(people), schema, most_rows=512)
    chunks = list(source.chunks())
    assert [len(chunk.rows) for chunk in chunks] == [512, 512, 512, 464]  # across row groups
    assert [chunk.first_row for chunk in chunks] == [0, 512, 1024, 1536]
    assert chunks[-1].share == 1.0
    scored = (scores_of(score_batch(model, schema, chunk.rows, options)) for chunk in chunks)
    assert together(scored) == (plain, [True] * 2000)


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("labels", [False, True])
def test_events_travel_as_lists(observed: bool, labels: bool) -> None:
    schema = Schema("image", (2, 3), num_symbols=17, class_names=("a", "b"))
    values = torch.arange(30, dtype=torch.uint8).reshape(5, 2, 3) % 17
    known = values % 2 == 0 if observed else None
    rows = Split(values, torch.tensor([0, 1, 1, 0, 1]) if labels else None, known)
    again = rows_from_arrow(rows_to_arrow(rows), schema)
    for name in ("values", "labels", "observed"):
        theirs, ours = getattr(again, name), getattr(rows, name)
        assert (theirs is None) == (ours is None)
        assert theirs is None or (theirs.dtype == ours.dtype and torch.equal(theirs, ours))
    part = rows_from_arrow(rows_to_arrow(rows).slice(3), schema)  # an offset inside the lists
    assert torch.equal(part.values, values[3:])


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"y": [1, 2]}, 'expected an Arrow column "x" with a list of 2 numbers a row, got y'),
        ({"x": [1, 2]}, 'expected an Arrow column "x" with a list'),
        ({"x": "lists", "z": [1, 2]}, "got z as well"),
        ({"x": "long"}, r"expected shape \(N, 2\), got \(2, 3\)"),
        ({"x": "seven"}, "row 1, column 0 .* holds 7; expected 0 or 1"),
    ],
)
def test_foreign_batches_are_refused(columns: dict[str, Any], sentence: str) -> None:
    lists = {"lists": [[0, 1], [1, 1]], "long": [[0, 1, 1]] * 2, "seven": [[0, 1], [7, 0]]}
    made = {
        name: pyarrow.array(lists[cells], pyarrow.list_(pyarrow.uint8(), len(lists[cells][0])))
        if isinstance(cells, str)
        else cells
        for name, cells in columns.items()
    }
    with pytest.raises(InputError, match=sentence):
        rows_from_arrow(pyarrow.table(made), Schema("table", (2,), num_symbols=2))


class Together(World):
    """Process ``rank`` of several that are threads here."""

    def __new__(cls, rank: int, size: int, *_: Any) -> Together:
        return super().__new__(cls)

    def __init__(self, rank: int, size: int, held: list[Any], barrier: Barrier) -> None:
        super().__init__(rank, size)
        object.__setattr__(self, "held", held)
        object.__setattr__(self, "barrier", barrier)

    def all_of(self, value: object) -> list[Any]:
        """What this process holds -> what each of them holds."""
        self.held[self.rank] = value  # type: ignore[attr-defined]
        self.barrier.wait(60)  # type: ignore[attr-defined]
        told = list(self.held)  # type: ignore[attr-defined]
        self.barrier.wait(60)  # type: ignore[attr-defined]
        return told


def divided(
    model: AutoregressiveModel, schema: Schema, chunks: list[ArrowChunk], size: int
) -> list[list[RowScores]]:
    """Chunks, a number of processes -> what each of them tells."""
    held, barrier = [None] * size, Barrier(size)
    options = ScoringOptions(batch_size=128)

    def run(rank: int) -> list[RowScores]:
        world = Together(rank, size, held, barrier)
        return list(score_together(model, schema, chunks, options, world))

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(run, range(size)))


@pytest.mark.parametrize("size", [2, 3, 5])  # four chunks: full rounds, a short one, none full
def test_processes_tell_all_scores_in_order(
    size: int, people: Path, made: tuple[AutoregressiveModel, Schema]
) -> None:
    model, schema = made
    options = ScoringOptions(batch_size=128)
    plain = together(score_here(model, [(read_rows(people, schema), 1.0)], options))
    chunks = list(RowSource(str(people), schema, most_rows=512).chunks())
    told = divided(model, schema, chunks, size)
    assert [together(one) for one in told] == [plain] * size
    assert [one.share for one in told[0]] == [chunk.share for chunk in chunks]


def test_what_one_process_refuses_all_refuse(
    people: Path, made: tuple[AutoregressiveModel, Schema]
) -> None:
    model, schema = made
    chunks = list(RowSource(str(people), schema, most_rows=512).chunks())
    bad = chunks[2].rows.set_column(0, "work", pyarrow.array(["half"] * 511 + ["twice"]))
    chunks[2] = replace(chunks[2], rows=bad)
    with pytest.raises(InputError, match=r"people.parquet: row 1535, column 0 .* \"twice\""):
        divided(model, schema, chunks, 2)


def test_rows_with_missing_cells(tmp_path: Path) -> None:
    """Left out they are nan; else they are scored by what they hold, or refused by their row."""
    from pyarrow import parquet

    source = np.random.default_rng(1)
    cells = source.choice(["a", "b", "c"], (300, 2))
    table = pyarrow.table({"p": cells[:, 0], "q": cells[:, 1]})
    data = load_data(table)
    gaps = [None if row == 7 else str(cell) for row, cell in enumerate(cells[:, 0])]
    parquet.write_table(table.set_column(0, "p", pyarrow.array(gaps)), tmp_path / "gaps.parquet")
    chunks = list(RowSource(str(tmp_path / "gaps.parquet"), data.schema, most_rows=256).chunks())
    model = arden.fit("made", data, hidden=(4,), epochs=1, progress=False)
    assert isinstance(model, AutoregressiveModel)
    with pytest.raises(InputError, match=r"gaps.parquet: row 7 .* has a missing cell"):
        score_batch(model, data.schema, chunks[0].rows, name=chunks[0].name)
    left = ScoringOptions(complete_rows=True)
    found = scores_of(score_batch(model, data.schema, chunks[0].rows, left))
    assert found.whole.tolist() == [row != 7 for row in range(256)]
    assert found.log_prob.isnan().tolist() == [row == 7 for row in range(256)]
    independent = arden.fit("independent", data, progress=False)
    held = score_batch(independent, data.schema, chunks[0].rows)["log_prob"].to_pylist()
    assert all(np.isfinite(held))
