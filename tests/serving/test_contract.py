"""The contract is kept: fuzzed by schemathesis where it is installed; its page fetches nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from arden.data import Column, Schema
from arden.kernels import without_kernels
from arden.serving.contract import row_schema
from tests.serving.toys import MODELS, PETS, Running, running

PATHS = ("/score", "/sample", "/complete", "/detect", "/health", "/metrics")


def test_every_path_is_in_it(server: Running) -> None:
    contract = server.client.get("/openapi.json").json()
    assert set(contract["paths"]) == set(PATHS)
    for path in ("/score", "/sample", "/complete", "/detect"):
        entry = contract["paths"][path]["post"]
        asked = entry["requestBody"]["content"]["application/json"]["schema"]
        assert asked["additionalProperties"] is False
        assert "model" in asked["required"]  # several are served
        named = asked["properties"]["model"]["anyOf"][0]["enum"]
        assert ("vae" in named) == (path == "/sample")
        assert {"200", "413", "422", "503", "504"} <= set(entry["responses"])
    asked = contract["paths"]["/complete"]["post"]["requestBody"]["content"]["application/json"]
    assert asked["schema"]["properties"]["candidates"]["maximum"] == 1024
    assert "label" in asked["schema"]["properties"]  # one of them has classes
    assert "409" in contract["paths"]["/detect"]["post"]["responses"]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("partial", [False, True])
def test_a_row_is_described(name: str, partial: bool) -> None:
    jsonschema = pytest.importorskip("jsonschema_rs", reason="comes with schemathesis")
    schema = MODELS[name][1]
    good: dict[str, list[Any]] = {
        "image": [[[0, 1, 0], [1, 1, None]]],
        "table": [[1.5, None, 2]],
        "strings": ["abc"],
        "text": ["ab\nc"],
        "audio": [[0, 255]],
    }
    bad: dict[str, list[Any]] = {
        "image": [[[0, 1, 0]], [[0, 1, 0], [1, 1, 2]], "x", [0, 1]],
        "table": [[1.5, None], [1.5, "x", 2], {"x0": 1}],
        "strings": ["axc", 3],
        "text": ["axc", 3],
        "audio": [[256], "x"],
    }
    good[schema.kind].extend(
        {"strings": [["a", None]], "text": [["a", None]]}.get(schema.kind, []) * partial
    )
    if name == "pets":
        good["table"] = [
            {"pet": "owl", "age": 9, "weight": None, "tame": True},
            ["cat", 1, 2.5, None],
        ]
        bad["table"] = [["cow", 1, 2, True], ["cat", 10, 2, True], {"pet": "owl"}, ["cat", 1, 2]]
    told = jsonschema.validator_for(row_schema(schema, partial))
    assert [row for row in good[schema.kind] if not told.is_valid(row)] == []
    assert [row for row in bad[schema.kind] if told.is_valid(row)] == []


def test_words_that_may_come_are_described() -> None:
    jsonschema = pytest.importorskip("jsonschema_rs", reason="comes with schemathesis")
    column = Column("pet", "categorical", 3, levels=("cat", "dog", "(other)"), dtype="string")
    told = row_schema(Schema("table", (1,), 3, (column,)), False)
    assert jsonschema.validator_for(told).is_valid(["anything"])
    assert PETS.by_column


def test_the_page_lists_the_operations_and_fetches_nothing(server: Running) -> None:
    response = server.client.get("/docs")
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    for path in PATHS:
        assert f" {path}</code>" in response.text
    assert "<script" not in response.text
    assert not re.search(r"(?:src|href)=\"?(?:https?:)?//", response.text)
    assert "url(" not in response.text
    assert server.client.get("/").text == response.text


@pytest.mark.parametrize(
    ("path", "name"),
    [("/score", "pets"), ("/sample", "strings"), ("/complete", "text"), ("/detect", "bits")],
)
def test_nothing_that_is_asked_breaks_it(path: str, name: str) -> None:
    """One model, so that rows made from the contract are rows of it, and many are answered."""
    schemathesis = pytest.importorskip("schemathesis", reason="fuzzing needs schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.specs.openapi import checks

    kept = [
        schemathesis.checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    seen = set()
    with without_kernels(), running([name]) as server:
        contract = schemathesis.openapi.from_dict(server.client.get("/openapi.json").json())

        @given(case=contract[path]["POST"].as_strategy())
        @settings(
            max_examples=15,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def tried(case: Any) -> None:
            response = case.call(base_url=server.address)
            seen.add(response.status_code)
            case.validate_response(response, checks=kept)

        tried()
    assert 200 in seen or (path == "/detect" and seen)  # few rates are not too rare
