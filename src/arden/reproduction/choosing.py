"""Options are chosen on the validation rows: every combination is fitted, the best one is kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

__all__ = ["choose", "combinations"]

Options = dict[str, Any]
Run = dict[str, Any]


def combinations(options: Options, choices: dict[str, list[Any]]) -> list[Options]:
    """Options, and others with the values each may take -> the first with every choice of these.

    >>> combinations({"seed": 3}, {"hidden": [5, 9], "masks": [1]})
    [{'seed': 3, 'hidden': 5, 'masks': 1}, {'seed': 3, 'hidden': 9, 'masks': 1}]
    """
    return [
        {**options, **dict(zip(choices, values, strict=True))}
        for values in product(*choices.values())
    ]


def choose(
    candidates: Sequence[Options], folder: Path, fit: Callable[[Options, Path], Run]
) -> tuple[Options, Run, list[Run]]:
    """Candidates, where the kept fit goes, what fits into a folder -> the options that are best on
    the validation rows, their run, and the runs of all.

    What was fitted is noted beside the folder: the same call goes on where it was stopped, and one
    with other candidates begins anew.
    """
    memory = folder.with_name(f"{folder.name}-choices.json")
    candidate = folder.with_name(f"{folder.name}-candidate")
    tried: list[tuple[Options, Run]] = []
    known = json.loads(memory.read_text(encoding="utf-8")) if memory.exists() else None
    if isinstance(known, dict) and known["candidates"] == list(candidates):
        tried = [(told[0], told[1]) for told in known["tried"]]
    else:  # of another recipe, and so may be what lies there
        shutil.rmtree(candidate, ignore_errors=True)

    def note() -> None:
        told = {"candidates": list(candidates), "tried": tried}
        memory.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")

    note()
    for options in candidates[len(tried) :]:
        run = fit(options, candidate)
        if all(run["valid_nats"] < other["valid_nats"] for _, other in tried):
            shutil.rmtree(folder, ignore_errors=True)
            candidate.rename(folder)
        else:
            shutil.rmtree(candidate)
        tried.append((options, run))
        note()
    options, run = min(tried, key=lambda one: one[1]["valid_nats"])
    return options, run, [run for _, run in tried]
