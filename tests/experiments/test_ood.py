"""Fashion-MNIST → MNIST, as small as it gets: everything runs, and MNIST settles nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from arden.data.dataset import Dataset, Split
from arden.data.schema import Schema
from experiments.ood import run

SMALL = {"channels": 4, "blocks": 1, "components": 2, "family": "logistics", "epochs": 1}
SMALL |= {"batch_size": 20, "learning_rate": 0.02}  # ten steps of an epoch learn what stripes are
TINY = run.Setup("pixelcnn", SMALL, rates=(0.2, 0.5))


def stripes(rows: int, across: bool, seed: int) -> torch.Tensor:
    """-> (N, 8, 8) uint8 of stripes with some noise: one class of pictures, or the other."""
    source = torch.Generator().manual_seed(seed)
    shade = torch.randint(40, 220, (rows, 8, 1), generator=source)
    noise = torch.randint(0, 9, (rows, 8, 8), generator=source)
    pictures = shade.expand(-1, -1, 8) + noise
    return (pictures if across else pictures.transpose(1, 2)).to(torch.uint8).contiguous()


def made() -> run.Material:
    schema = Schema("image", (8, 8), 256)
    parts = {
        name: Split(stripes(n, True, seed))
        for name, n, seed in (("train", 200, 0), ("valid", 20, 1), ("test", 40, 2))
    }
    fashion = Dataset("stripes", schema, **parts, protocol="Stripes for a test.")
    source = torch.Generator().manual_seed(5)
    noise = torch.randint(0, 256, (40, 8, 8), generator=source).to(torch.uint8)
    return run.Material(fashion, stripes(60, True, 3), stripes(30, False, 4), noise)


def test_it_runs_and_goes_on_where_it_stopped(tmp_path: Path, monkeypatch) -> None:
    given, models = made(), []
    real = run.fitted

    def kept(*a, **k):
        models.append(real(*a, **k))
        return models[-1]

    monkeypatch.setattr(run, "fitted", kept)
    run.run((0,), TINY, given, tmp_path)
    first = json.loads((tmp_path / "seed-0.json").read_text())
    assert set(first["auroc"]) == {
        "likelihood",
        "ratio",
        "complexity",
        "typicality",
        *(f"typicality of {group}" for group in run.GROUPS),
    }
    assert all(0 <= area <= 1 for area in first["auroc"].values())
    assert first["auroc"]["likelihood"] > 0.8  # seeds 0 … 3: 0.90 to 0.99
    assert first["flagged_by_ratio_at_1_percent"]["test"] <= 0.2
    stamp = (tmp_path / "seed-0.json").stat().st_mtime_ns
    fits = []  # which are those of seed 0 again: it is counted how often one is asked for
    monkeypatch.setattr(run, "fitted", lambda *a, **k: fits.append(a) or models[len(fits) - 1])
    run.run((0, 1), TINY, given, tmp_path)
    assert (tmp_path / "seed-0.json").stat().st_mtime_ns == stamp
    assert len(fits) == 2  # the model and the background of seed 1; the rate stays chosen
    assert json.loads((tmp_path / "seed-1.json").read_text())["rate"] == first["rate"]


def test_the_rate_is_chosen_without_the_rows_that_are_judged() -> None:
    given = made()
    hidden = run.Material(given.fashion, given.calibration, given.proxy, None)  # type: ignore[arg-type]
    chosen, _ = run.choose_rate(hidden, TINY, run.fitted(given.fashion, TINY, 0))
    assert chosen["rate"] in TINY.rates
    assert set(chosen["auroc_on_proxy"]) == {"0.2", "0.5"}


def test_areas_are_the_chance_of_being_below() -> None:
    inside, outside = torch.tensor([3.0, 2.0]), torch.tensor([1.0, 2.0])
    assert run.auroc(inside, outside) == pytest.approx((1 + 1 + 1 + 0.5) / 4)


def test_the_proxy_is_of_the_size_and_levels_of_the_rows() -> None:
    proxy = run.proxy()
    assert proxy.shape == (1797, 28, 28)
    assert proxy.dtype == torch.uint8
    assert int(proxy.max()) == 255
    assert run.proxy(binary=True).unique().tolist() == [0, 1]


@pytest.mark.parametrize("name", run.SETUPS)
def test_setups_name_what_there_is(name: str) -> None:
    from arden.assembly import split_options
    from arden.data.catalogue import DATASETS

    setup = run.SETUPS[name]
    assert name == setup.system
    assert {setup.inside, setup.outside} <= set(DATASETS)
    split_options(setup.system, setup.options)
