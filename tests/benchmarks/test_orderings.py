"""The benchmark of orderings: what it fits, what its ensemble is, and what its tables say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.core.mixture import Mixture
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.hilbert import Hilbert
from arden.orderings.raster import Raster
from arden.storage.model_files import load, save
from arden.systems import SYSTEMS
from benchmarks.orderings.ensemble import measure_ensemble
from benchmarks.orderings.picture import draw_likelihoods
from benchmarks.orderings.run import combination, layout, recipes
from benchmarks.orderings.table import read_results, rows, tables
from benchmarks.reporting import write_between
from tests.core.models import build
from tests.training.toys import bits

ORDERS = {"raster": Raster, "hilbert": Hilbert}


def test_the_recipes_name_eight_orders_and_known_options() -> None:
    from arden.assembly import split_options

    known = recipes()
    layouts = [layout(order) for order in known["orders"]]
    assert len(layouts) == len({str(one) for one in layouts}) == 8
    assert {"ordering": "shuffled", "ordering_seed": 1} in layouts
    for data in ("digits", "binarized-mnist"):
        assert set(known[data]["systems"]) <= set(SYSTEMS)
        for system, given in known[data]["systems"].items():
            for one in layouts:
                split_options(system, {**given, **one, "seed": known[data]["seeds"][0]})
    names = {combination("digits", "nade", order) for order in known["orders"]}
    assert len(names) == 8
    assert not any(":" in name for name in names)


def test_the_ensemble_is_compared_with_the_member_that_validation_chose(tmp_path: Path) -> None:
    data = bits()
    shape = tuple(data.schema.event_shape)
    folders, into = {}, {}
    for seed in (0, 1):
        folders[seed] = {}
        for number, (name, rule) in enumerate(ORDERS.items()):
            model = build(NADE, NADEOptions(3), Bernoulli(), rule(shape), seed=10 * seed + number)
            folder = tmp_path / f"{name}-{seed}"
            folders[seed][name] = save(model, folder, card={"system": "nade"})
        into[seed] = tmp_path / f"ensemble-{seed}"
    measured = measure_ensemble(data, folders, into)
    tests = []
    for run in measured["runs"]:
        models = [load(folder) for folder in folders[run["seed"]].values()]
        valid, test = (
            torch.stack([-model.log_prob(split.values) for model in models]).detach()
            for split in (data.valid, data.test)
        )
        tests.append(test)
        best = int(valid.mean(dim=1).argmin())
        assert run["best"]["order"] == list(ORDERS)[best]
        assert run["best"]["nats"] == pytest.approx(test[best].mean().item())
        even = Mixture(models)
        nats = -even.log_prob(data.test.values).detach()
        assert run["even"]["nats"] == pytest.approx(nats.mean().item())
        gain = test[best] - nats
        assert run["even"]["gain"]["nats"] == pytest.approx(gain.mean().item())
        error = (gain.std() / len(gain) ** 0.5).item()
        assert run["even"]["gain"]["standard_error"] == pytest.approx(error)
        assert sum(run["weights"].values()) == pytest.approx(1)
        assert run["fitted"]["valid_nats"] <= run["even"]["valid_nats"] + 1e-6
        written = load(into[run["seed"]])
        assert torch.equal(written.log_prob(data.test.values), even.log_prob(data.test.values))
    above = (torch.stack(tests).mean(dim=0)[1] - torch.stack(tests).mean(dim=0)[0]).mean().item()
    assert measured["nats_above_raster"]["hilbert"]["nats"] == pytest.approx(above)
    assert measured["nats_above_raster"]["raster"]["nats"] == 0


def made_up(folder: Path) -> dict[str, Any]:
    """A folder -> recipes of two orders, their results written there: hilbert has 17.5 nats."""
    for order, nats in (("raster", 18.0), ("hilbert", 17.5)):
        runs = [
            {"test_nats": nats + seed / 10, "standard_error": 0.2, "protocol": "Rows."}
            for seed in (-1, 1)
        ]
        result = {"data": "digits", "system": "nade", "order": order, "runs": runs}
        (folder / f"{order}.json").write_text(json.dumps(result))
    mixture = {"nats": 17.0, "standard_error": 0.2, "gain": {"nats": 0.5, "standard_error": 0.03}}
    runs = [{"best": {"order": "hilbert"}, "even": mixture, "fitted": mixture}] * 2
    above = {
        "raster": {"nats": 0.0, "standard_error": 0.0},
        "hilbert": {"nats": -0.5, "standard_error": 0.04},
    }
    ensemble = {"data": "digits", "system": "nade", "runs": runs, "nats_above_raster": above}
    (folder / "ensemble.json").write_text(json.dumps(ensemble))
    systems = {"nade": {}, "made": {}}
    return {"orders": ["raster", "hilbert"], "digits": {"seeds": [0, 1], "systems": systems}}


def test_the_tables_say_what_was_measured(tmp_path: Path) -> None:
    known = made_up(tmp_path)
    text = tables(known, read_results(tmp_path)).splitlines()
    assert text[0] == "**digits** — Rows."
    assert "| raster | 18.00 ± 0.20 | – |" in text
    assert "| hilbert | 17.50 ± 0.20 | – |" in text
    assert "| ensemble, even weights | 17.00 ± 0.20 | – |" in text
    assert "| hilbert − raster | −0.50 ± 0.04 | – |" in text
    assert "| ensemble, even weights − best member | −0.50 ± 0.03 | – |" in text
    assert "| best member, by validation | hilbert | – |" in text
    (tmp_path / "ensemble.json").unlink()
    assert "ensemble" not in tables(known, read_results(tmp_path))


def test_the_picture_is_drawn_with_and_without_an_ensemble(tmp_path: Path) -> None:
    known = made_up(tmp_path)
    found = read_results(tmp_path)
    shown = rows(known["orders"], found, "digits", "nade")
    assert [row.name for row in shown][:2] == ["raster", "hilbert"]
    for panels in ({("nade", "digits"): shown}, {("nade", "digits"): shown[:1]}):
        assert draw_likelihoods(panels, tmp_path / "picture.png").stat().st_size > 1000


def test_text_is_put_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<a>\nold\n<b>\nafter\n")
    write_between(page, ("<a>", "<b>"), "new")
    assert page.read_text() == "before\n<a>\nnew\n<b>\nafter\n"
    with pytest.raises(AssertionError, match="lacks <c>"):
        write_between(page, ("<c>", "<b>"), "new")
