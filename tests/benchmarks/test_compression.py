"""Committed figures of compression: what they promise, and damage that is damage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks.compression import run, table

RESULTS = sorted(run.RESULTS.glob("*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_result_is_of_a_case_and_keeps_its_promise(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    if path.stem == "corruption":
        for form in found["forms"].values():
            for counts in form["kinds"].values():
                assert counts["refused"] + counts["unchanged"] == counts["tried"]
        return
    case = run.CASES[path.stem]
    assert found["fit"] == " ".join(case["fit"])
    assert found["data"] == case["fit"][1]
    for form, one in found["forms"].items():
        assert one["overhead"] == pytest.approx(8 * one["bytes"] / found["model_bits"] - 1)
        if found["data"] == "binarized-mnist":
            assert one["overhead"] < {"float64": 0.001, "portable": 0.005}[form]


@pytest.mark.parametrize("kind", run.DAMAGE)
def test_damage_changes_a_file_nearly_always(kind: str) -> None:
    source = torch.Generator().manual_seed(0)

    def below(most: int) -> int:
        return int(torch.randint(most, (), generator=source))

    whole = bytes(range(1, 201))
    damaged = [run.DAMAGE[kind](bytearray(whole), below) for _ in range(50)]
    assert sum(content == whole for content in damaged) < 5
    assert len(set(damaged)) > 20


def test_the_page_is_what_the_results_say() -> None:
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in RESULTS}
    damage = found.pop("corruption", None)
    page = table.PAGE.read_text(encoding="utf-8")
    told = page.partition(table.MARKS[0])[2].partition(table.MARKS[1])[0].strip()
    assert told == table.text(found, damage)
