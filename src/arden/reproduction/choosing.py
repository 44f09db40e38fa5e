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

    What was fitted is noted beside the folder: the same call goes on where it was stopped.
    """
    memory = folder.with_name(f"{folder.name}-choices.json")
    tried: list[tuple[Options, Run]] = []
    if memory.exists():
        tried = [(told[0], told[1]) for told in json.loads(memory.read_text(encoding="utf-8"))]
    if any(options not in candidates for options, _ in tried):
        tried = []  # of another recipe, and so may the kept fit be
    candidate = folder.with_name(f"{folder.name}-candidate")
    for options in candidates[len(tried) :]:
        run = fit(options, candidate)
        if all(run["valid_nats"] < other["valid_nats"] for _, other in tried):
            shutil.rmtree(folder, ignore_errors=True)
            candidate.rename(folder)
        else:
            shutil.rmtree(candidate)
        tried.append((options, run))
        memory.write_text(json.dumps(tried, indent=1) + "\n", encoding="utf-8")
    options, run = min(tried, key=lambda one: one[1]["valid_nats"])
    return options, run, [run for _, run in tried]
