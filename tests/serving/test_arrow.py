"""Rows as Arrow streams, in and out: the same answers as in JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.serving.test_answers import PET
from tests.serving.toys import Running, sentence

pyarrow = pytest.importorskip("pyarrow", reason="needs the extra table")
ipc = pytest.importorskip("pyarrow.ipc", reason="needs the extra table")
ARROW = "application/vnd.apache.arrow.stream"


def stream(table: Any) -> bytes:
    """A table -> the bytes of a stream."""
    sink = pyarrow.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def post(server: Running, path: str, table: Any, **query: Any) -> Any:
    """A table -> the table that is answered, and its facts."""
    headers = {"content-type": ARROW}
    response = server.client.post(path, content=stream(table), headers=headers, params=query)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == ARROW
    found = ipc.open_stream(response.content).read_all()
    return found, json.loads(found.schema.metadata[b"arden"])


def pets() -> Any:
    """() -> a table of pets with holes, in another order than the model's."""
    return pyarrow.table(
        {
            "weight": pyarrow.array([1.25, None, -3.0]),
            "tame": pyarrow.array([True, False, None]),
            "pet": pyarrow.array(["dog", None, "owl"]).dictionary_encode(),
            "age": pyarrow.array([2, 9, None], pyarrow.int32()),
        }
    )


def test_a_table_is_scored(server: Running) -> None:
    found, facts = post(server, "/score", pets(), model="pets")
    expected = server.ask("/score", "pets", rows=PET)
    assert found.to_pydict() == {"log_prob": expected["log_prob"]}
    assert facts == {"model": "pets", "unit": "nats"}


def test_a_table_is_completed_in_its_own_types(server: Running) -> None:
    how = {"number": 2, "seed": 5}
    found, facts = post(server, "/complete", pets(), model="pets", **how)
    expected = server.ask("/complete", "pets", rows=PET, **how)
    own = found.select(["pet", "age", "weight", "tame"])
    assert own.to_pylist() == [row for rows in expected["rows"] for row in rows]
    assert [str(field.type) for field in own.schema] == ["string", "int64", "double", "bool"]
    assert found["arden.row"].to_pylist() == [0, 0, 1, 1, 2, 2]
    assert found["arden.exact_rows"].to_pylist() == [True] * 6
    assert found["arden.log_observed"].to_pylist()[::2] == expected["log_observed"]
    assert facts["exact"] is True
    # What is answered can be asked about again as it is.
    again, _ = post(server, "/score", own, model="pets")
    assert len(again) == 6


@pytest.mark.parametrize("flat", [True, False])
def test_images_are_lists(server: Running, flat: bool) -> None:
    image = [[0, 1, 0], [1, 1, 0]]
    row = [value for line in image for value in line]
    kind = (
        pyarrow.list_(pyarrow.uint8(), 6) if flat else pyarrow.list_(pyarrow.list_(pyarrow.int64()))
    )
    table = pyarrow.table({"x": pyarrow.array([row if flat else image] * 3, kind)})
    found, _ = post(server, "/score", table, model="bits", variables=True)
    expected = server.ask("/score", "bits", rows=[image] * 3, variables=True)
    assert found.to_pydict() == {k: expected[k] for k in ("log_prob", "log_conditionals")}
    found, facts = post(server, "/detect", table, model="bits", false_alarms=0.2)
    assert (facts["false_alarms"], len(found["surprise"])) == (0.2, 3)


def test_holes_in_lists_are_unknown(server: Running) -> None:
    row = [0, 1, 0, 1, None, None]
    table = pyarrow.table({"x": pyarrow.array([row], pyarrow.list_(pyarrow.uint8(), 6))})
    found, _ = post(server, "/complete", table, model="bits", seed=1)
    expected = server.ask("/complete", "bits", rows=[row], seed=1)
    flat = [value for line in expected["rows"][0][0] for value in line]
    assert found["x"].to_pylist() == [flat]


def test_strings_texts_and_plain_tables(server: Running) -> None:
    for name in ("strings", "text"):
        table = pyarrow.table({"text": ["abc", "a"]})
        found, _ = post(server, "/score", table, model=name)
        expected = server.ask("/score", name, rows=["abc", "a"])
        assert found["log_prob"].to_pylist() == expected["log_prob"]
    table = pyarrow.table(
        {"x2": [7.0], "x0": [4.5], "x1": pyarrow.array([None], pyarrow.float64())}
    )
    found, _ = post(server, "/complete", table, model="reals", seed=2)
    expected = server.ask("/complete", "reals", rows=[[4.5, None, 7.0]], seed=2)
    assert [found[f"x{place}"][0].as_py() for place in range(3)] == expected["rows"][0][0]


@pytest.mark.parametrize("name", ["pets", "strings", "bits", "reals"])
def test_draws_come_as_they_can_be_asked_about(server: Running, name: str) -> None:
    told = {"model": name, "number": 3, "seed": 4}
    response = server.client.post("/sample", json=told, headers={"accept": ARROW})
    table = ipc.open_stream(response.content).read_all()
    expected = server.ask("/sample", **told)
    own = table.select([column for column in table.column_names if not column.startswith("arden.")])
    rows = own.to_pylist()
    if name == "pets":
        assert rows == expected["rows"]
    elif name == "reals":
        assert [list(row.values()) for row in rows] == expected["rows"]
    elif name == "strings":
        assert [row["text"] for row in rows] == expected["rows"]
        assert table["arden.ended"].to_pylist() == expected["ended"]
        return
    scored, _ = post(server, "/score", own, model=name)
    plain = server.ask("/score", name, rows=expected["rows"])
    assert scored["log_prob"].to_pylist() == plain["log_prob"]


def test_streams_that_cannot_be_read(server: Running) -> None:
    def refused(content: bytes, status: int, path: str = "/score", **query: Any) -> str:
        headers = {"content-type": ARROW}
        query = {"model": "bits", **query}
        response = server.client.post(path, content=content, headers=headers, params=query)
        return sentence(response, status)

    whole = stream(pyarrow.table({"x": [[0, 1, 0, 1, 1, 1]]}))
    assert "not a readable Arrow stream" in refused(b"", 400)
    assert "not a readable Arrow stream" in refused(b"x" * 99, 400)
    assert "not a readable Arrow stream" in refused(whole[:100], 400)
    assert "takes no rows; expected application/json" in refused(whole, 415, "/sample")
    assert 'one Arrow column called "x"' in refused(stream(pyarrow.table({"y": [[0]]})), 422)
    assert "at least one row" in refused(stream(pyarrow.table({"x": []})), 422)
    assert "no such option" in refused(whole, 422, seed=1)
    assert "valid boolean" in refused(whole, 422, variables="maybe")
    told = refused(stream(pyarrow.table({"pet": ["cow"]})), 422, model="pets")
    assert 'lacks the column "age"' in told
