"""What docs/server.md shows is done as it stands: every curl command, and the Arrow example."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest

from tests.docs.pages import DOCS, fences
from tests.serving.toys import PETS, Running, running, sentence

PAGE = DOCS / "server.md"
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def pets() -> Any:
    """() -> the server that the page speaks of."""
    from arden.kernels import without_kernels

    with without_kernels(), running(["pets"]) as found:
        yield found


def _commands() -> list[list[str]]:
    """() -> the words of every curl command of the page."""
    blocks = [block for told, block in fences(PAGE) if told == "sh"]
    return [shlex.split(block.replace("\\\n", " ")) for block in blocks]


def _sent(server: Running, words: list[str]) -> Any:
    """The words of a curl command -> the response to what curl would send."""
    assert words[:2] == ["curl", "-s"]
    assert words[2].startswith(f"{ADDRESS}/")
    options = list(zip(words[3::2], words[4::2], strict=True))
    headers = dict(value.split(": ", 1) for flag, value in options if flag == "-H")
    [body] = [value for flag, value in options if flag == "-d"]
    path = words[2].removeprefix(ADDRESS)
    return server.client.post(path, content=body.encode(), headers=headers)


def test_every_command_is_answered(pets: Running) -> None:
    found = {}
    for words in _commands():
        response = _sent(pets, words)
        path = words[2].removeprefix(ADDRESS)
        if path == "/detect":  # the toy has no normal rows: that is what it must say
            assert "there are no normal rows" in sentence(response, 409)
            continue
        assert response.status_code == 200, response.text
        found[path] = response.json()
    assert len(found["/score"]["log_prob"]) == 2
    assert found["/sample"]["seed"] == 7
    assert set(found["/sample"]["rows"][0]) == {column.name for column in PETS.columns}
    [completions] = found["/complete"]["rows"]
    assert [row["pet"] for row in completions] == ["cat"] * 3
    assert found["/complete"]["exact"] is True
    assert {"order", "joint", "log_weight", "log_observed"} <= set(found["/complete"])


def test_detect_is_asked_as_its_contract_says(server: Running) -> None:
    [words] = [words for words in _commands() if words[2].endswith("/detect")]
    told = json.loads(words[words.index("-d") + 1])
    rows = [[[0, 1, 0], [1, 0, 1]]]
    assert server.ask("/detect", "bits", **{**told, "rows": rows})["false_alarms"] == 0.05


def test_the_arrow_example_runs(pets: Running) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra table")
    [code] = [block for told, block in fences(PAGE) if told == "python"]
    *lines, last = code.strip().splitlines()
    known: dict[str, Any] = {}
    exec("\n".join(lines).replace(ADDRESS, pets.address), known)
    column = eval(last, known)
    rows = [["dog", 4, 12.5, True], [None, 9, None, False]]
    assert column.to_pylist() == pets.ask("/score", rows=rows)["log_prob"]


def test_every_limit_is_on_the_page() -> None:
    from dataclasses import fields

    from arden.serving.limits import Limits

    text = PAGE.read_text(encoding="utf-8")
    for field in fields(Limits):
        assert re.search(rf"`--{field.name.replace('_', '-')}`", text), field.name
