"""What is fitted already, joined: one network under several orders, several models in one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from arden.core.latent import LatentModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Dataset
from arden.errors import InputError
from arden.reproduction.catalogue import find_recipe
from arden.runs import measure
from arden.runs.figures import mean_and_error
from arden.storage.model_files import load
from arden.tasks.ensemble import ensemble
from arden.training.validation import mean_nats, nats_of_split
from arden.training.weights import fit_weights
from arden.training.world import world

__all__ = ["load_fitted", "over_orders", "together"]

Recipe = dict[str, Any]
Run = dict[str, Any]


def load_fitted(name: str, seed: int, folder: Path) -> AutoregressiveModel | Mixture:
    """A recipe's name, a seed, where runs lie -> the model that was fitted; of one that has
    `orders`, their average.

    Raises:
        FileNotFoundError: it was not run there.
    """
    recipe = find_recipe(name)
    run = folder / f"{recipe.get('of', name)}-{seed}"
    if not (run / "config.json").exists():
        raise FileNotFoundError(run)
    model = load(run)
    if isinstance(model, LatentModel):
        raise InputError(f"recipe: {name} is of a model without ln p(x)")
    return ensemble(model, orders=recipe["orders"]) if "orders" in recipe else model


def over_orders(
    name: str, recipe: Recipe, data: Dataset, seed: int, folder: Path, results: Path
) -> Run:
    """A recipe that has `orders`, its data, a seed, where runs and results lie -> the figures of
    that fit as the average over its orders, its own first.

    Raises:
        InputError: what it measures is not there.
    """
    path = results / f"{recipe['of']}.json"
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []
    alone = next((told for told in runs if told["seed"] == seed), None)
    if alone is None:
        raise InputError(
            f"recipe: {name} measures the fit of {recipe['of']} with seed {seed}, "
            "which has not been run"
        )
    model = _needed(name, name, seed, folder)
    figures = asdict(measure(model, data))
    told = {name: figures[name] for name in ("test_nats", "standard_error", "bits_per_dim")}
    _say(name, seed, told)
    told["valid_nats"] = mean_nats(model, data, "valid", world())
    told |= {"num_parameters": figures["num_parameters"], "one_order_nats": alone["test_nats"]}
    return alone | told


def together(name: str, recipe: Recipe, data: Dataset, seed: int, folder: Path) -> Run:
    """A recipe that has `members`, its data, a seed, where runs lie -> the figures of their
    average, weighted so that the validation rows are most likely.

    ``gain`` is how many nats fewer it needs than the member that is best on the validation rows,
    paired row by row.

    Raises:
        InputError: a member is not there.
    """
    models = [_needed(name, member, seed, folder) for member in recipe["members"]]
    valid, test = (
        torch.stack([nats_of_split(model, data, split, world()) for model in models], dim=1)
        for split in ("valid", "test")
    )
    weights = fit_weights(-valid)
    figures = asdict(measure(ensemble(models, weights.tolist()), data))
    best = int(valid.mean(dim=0).argmin())
    on_valid, on_test = (-(weights.log() - nats).logsumexp(dim=1) for nats in (valid, test))
    gain, error = mean_and_error(test[:, best] - on_test, len(test))
    per_row = len(test) / data.num_units("test")  # of sequences: nats per symbol
    _say(name, seed, figures)
    return {
        "seed": seed,
        **figures,
        "valid_nats": on_valid.sum().item() / data.num_units("valid"),
        "ended": "joined, not trained",
        "weights": dict(zip(recipe["members"], weights.tolist(), strict=True)),
        "best_member": recipe["members"][best],
        "gain": {"nats": gain * per_row, "standard_error": error * per_row},
    }


def _needed(name: str, fitted: str, seed: int, folder: Path) -> AutoregressiveModel | Mixture:
    """What measures, the recipe it measures -> that one's model."""
    try:
        return load_fitted(fitted, seed, folder)
    except FileNotFoundError as error:
        raise InputError(
            f"recipe: {name} measures the fit of {find_recipe(fitted).get('of', fitted)} with seed "
            f"{seed}, which {folder} does not hold"
        ) from error


def _say(name: str, seed: int, figures: dict[str, Any]) -> None:
    Console().print(f"{name} seed {seed}: test_nats {figures['test_nats']:.3f}")
