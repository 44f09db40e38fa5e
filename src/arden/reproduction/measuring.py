"""A recipe is carried out: fit, selected on validation rows, its test rows scored once."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from rich.console import Console

from arden.assembly import FitOptions, split_options
from arden.data import load_data
from arden.data.scoring_rows import take_rows
from arden.reproduction.catalogue import find_recipe, judged_by
from arden.reproduction.choosing import choose, combinations
from arden.reproduction.joining import over_orders, together
from arden.runs import AnyFigures, fit_run
from arden.runs.folder import CHECKPOINT
from arden.storage.folders import write_atomically
from arden.training.display import FitDisplay
from arden.training.outcome import STOPPED, Progress

if TYPE_CHECKING:
    from arden.data.dataset import Dataset

__all__ = ["fit_and_tell", "reproduce", "spread_rows"]


def reproduce(
    name: str,
    folder: Path,
    results: Path,
    data_dir: Path | str | None = None,
    seeds: tuple[int, ...] = (),
    about: dict[str, Any] | None = None,
) -> Path:
    """A recipe's name, where its runs lie, where results lie -> the JSON file of its result.

    A fit that was interrupted goes on from its checkpoint. ``seeds`` are the recipe's own when none
    is given. ``about`` is written beside the figures: where they come from.

    Raises:
        InputError: no such recipe; one that measures others' fits, which are not there.
        KeyboardInterrupt: it was stopped; the same call goes on with it.
    """
    recipe = find_recipe(name)
    window, stride = recipe.get("window"), recipe.get("stride")
    data = load_data(recipe["data"], data_dir=data_dir, window=window, stride=stride)
    if "rows" in recipe:
        data = spread_rows(data, recipe["rows"])
    seeds, runs = seeds or tuple(recipe.get("seeds", [0])), []
    if "choices" in recipe:
        recipe, first = _chosen(name, recipe, data, seeds[0], folder)
        seeds, runs = seeds[1:], [first]
    for seed in seeds:
        if "of" in recipe:
            runs.append(over_orders(name, recipe, data, seed, folder, results))
        elif "members" in recipe:
            runs.append(together(name, recipe, data, seed, folder))
        else:
            runs.append(_fitted(name, recipe, data, seed, folder))
    written = {"recipe": {"name": name, **recipe}, **(about or {}), "runs": runs}
    results.mkdir(parents=True, exist_ok=True)
    path = results / f"{name}.json"
    write_atomically(path, (json.dumps(written, indent=2, ensure_ascii=False) + "\n").encode())
    return path


def spread_rows(data: Dataset, most: dict[str, int]) -> Dataset:
    """A data set, how many rows of every split -> so many, evenly spread; the protocol says so.

    Not the first ones: the test rows of static binarized MNIST are sorted by digit.
    """
    kept: dict[str, Any] = {}
    for name, rows in most.items():
        split = data.split(name)
        chosen = torch.zeros(len(split), dtype=torch.bool)
        chosen[torch.arange(min(rows, len(split))) * len(split) // rows] = True
        kept[name] = take_rows(split, chosen)
    told = ", ".join(f"{rows:,} of {split}" for split, rows in most.items())
    return replace(data, **kept, protocol=f"{data.protocol} Only rows evenly spread: {told}.")


def fit_and_tell(
    title: str, system: str, data: Dataset, options: FitOptions, folder: Path
) -> AnyFigures:
    """What to fit, and the run directory it is written to -> its figures.

    A live line on a terminal; elsewhere a line per epoch, for a log.

    Raises:
        KeyboardInterrupt: it was stopped: what was not finished is no figure; the same call goes
            on with it.
    """
    with FitDisplay(title) as display:

        def report(progress: Progress) -> None:
            display(progress)
            if progress.valid is not None and not sys.stdout.isatty():
                print(_line(title, progress), flush=True)

        # What was interrupted goes on; what was finished is measured again.
        unfinished = (folder / CHECKPOINT).exists()
        _, figures, _ = fit_run(
            system,
            data,
            options,
            folder,
            report=report,
            resume=unfinished,
            overwrite=not unfinished,
        )
    if figures.ended == STOPPED:
        raise KeyboardInterrupt
    told = asdict(figures)
    figure = judged_by(told)
    Console().print(f"{title}: {figure.name} {told[figure.name]:.3f} ± {told[figure.error]:.3f}")
    return figures


def _fitted(
    name: str, recipe: dict[str, Any], data: Dataset, seed: int, folder: Path
) -> dict[str, Any]:
    """A recipe, its data, a seed -> the figures of a fit with it."""
    title, run = f"{name} seed {seed}", folder / f"{name}-{seed}"
    return _fit(title, recipe["system"], data, recipe.get("options", {}), seed, run)


def _fit(
    title: str, system: str, data: Dataset, options: dict[str, Any], seed: int, folder: Path
) -> dict[str, Any]:
    began = time.process_time()
    chosen = split_options(system, {**options, "seed": seed})
    figures = fit_and_tell(title, system, data, chosen, folder)
    seconds = round(time.process_time() - began, 1)
    return {"seed": seed, **asdict(figures), "cpu_seconds": seconds}


def _chosen(
    name: str, recipe: dict[str, Any], data: Dataset, seed: int, folder: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A recipe with choices, its data -> the same with those that are best on the validation rows,
    and what each came to there; the run of the best."""
    choices = recipe["choices"]

    def fit(options: dict[str, Any], where: Path) -> dict[str, Any]:
        told = ", ".join(f"{key} {options[key]}" for key in choices)
        return _fit(f"{name} ({told}) seed {seed}", recipe["system"], data, options, seed, where)

    candidates = combinations(recipe.get("options", {}), choices)
    folder.mkdir(parents=True, exist_ok=True)
    options, run, runs = choose(candidates, folder / f"{name}-{seed}", fit)
    valid = [
        {**{key: tried[key] for key in choices}, "valid_nats": of_it["valid_nats"]}
        for tried, of_it in zip(candidates, runs, strict=True)
    ]
    return {**recipe, "options": options, "tried": valid}, run


def _line(title: str, progress: Progress) -> str:
    return (
        f"{title} epoch {progress.epoch}/{progress.epochs} train {progress.train:.3f} "
        f"valid {progress.valid:.3f} best {progress.best_valid:.3f} {progress.seconds:,.0f} s"
    )
