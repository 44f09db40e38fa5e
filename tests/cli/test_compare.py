"""`arden compare`: the same rows by several runs, in a table, JSON, files and a picture."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import arden
from arden.cli.compare_report import figure
from arden.data import Dataset, read_rows
from arden.data.schema import Schema
from arden.storage.model_files import load, read_card, save
from tests.cli.words import done, refused
from tests.core.models import shake
from tests.training.toys import bits, fresh, one_hot, reals, symbols

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def other(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a second run over the events of `run`: its weights shaken."""
    model = load(run)
    shake(model, 1.0)
    return save(model, tmp_path_factory.mktemp("runs") / "shaken", card=read_card(run))


def save_toy(name: str, data: Dataset, folder: Path, seed: int = 0, **options: object) -> Path:
    """A system's name, data, a folder -> a run of it there, its weights random."""
    model = fresh(name, data, **options)  # type: ignore[arg-type]
    shake(model, 0.5, seed=seed)
    card = {"schema": data.schema.to_dict(), "data": data.name, "protocol": data.protocol}
    return save(model, folder, card=card)


def scores(run: Path, data: Path) -> torch.Tensor:
    """A run, a file -> (N,) ln p of its rows."""
    model = load(run)
    return arden.score(model, read_rows(data, Schema.from_dict(read_card(run)["schema"])).values)


def test_the_figures_are_those_of_the_scores(
    files: Path, run: Path, other: Path, tmp_path: Path, capfd: Capture
) -> None:
    data = files / "bits.csv"
    first, second = scores(run, data), scores(other, data)
    gained = second - first
    out = done(capfd, "compare", run, other, data, "--json", "--batch-size", 7)
    told = json.loads(out, parse_constant=pytest.fail)
    assert (told["rows"], told["unit"], told["notes"]) == (60, "nats per row", [])
    assert [each["run"] for each in told["runs"]] == ["bits", "shaken"]
    assert told["runs"][0]["mean_log_prob"] == pytest.approx(first.mean().item())
    [gain] = [pair for pair in told["differences"] if pair["run"] == "shaken"]
    assert gain["reference"] == "bits"
    [back] = [pair for pair in told["differences"] if pair["run"] == "bits"]
    assert (back["reference"], back["mean_gain"]) == ("shaken", -gain["mean_gain"])
    assert gain["mean_gain"] == pytest.approx(gained.mean().item())
    assert gain["mean_gain"] < 0  # what was fitted is better than what was shaken
    error = gained.std().item() / math.sqrt(60)
    assert gain["standard_error"] == pytest.approx(error, rel=1e-5)
    assert gain["low"] == pytest.approx(gain["mean_gain"] - 1.959964 * error, rel=1e-4)
    assert gain["better"] == pytest.approx((gained > 0).double().mean().item())
    table = done(capfd, "compare", run, other, data, "--out", tmp_path / "x.csv")
    assert "2 models on the same 60 rows" in table
    for values, sign in ((first, ""), (second, ""), (gained, "+")):
        error = values.std().item() / math.sqrt(60)
        assert figure(values.mean().item(), error, sign) in table
    with (tmp_path / "x.csv").open() as file:
        lines = list(csv.reader(file))
    assert lines[0] == ["bits", "shaken"]
    assert [float(cell) for cell in np.array(lines[1:])[:, 1]] == second.tolist()


def test_the_first_run_is_the_reference(
    files: Path, run: Path, other: Path, capfd: Capture
) -> None:
    data = files / "bits.csv"
    forth = done(capfd, "compare", run, other, data)
    back = done(capfd, "compare", other, run, data)
    gained = scores(other, data) - scores(run, data)
    error = gained.std().item() / math.sqrt(60)
    assert figure(gained.mean().item(), error, "+") in forth
    assert figure(-gained.mean().item(), error, "+") in back
    assert figure(-gained.mean().item(), error, "+") not in forth


def test_numbers_have_the_digits_their_errors_leave() -> None:
    assert figure(-20.3977, 0.1733) == "-20.40 ± 0.17"
    assert figure(0.14175, 0.04962, "+") == "+0.142 ± 0.050"
    assert figure(0.0001234, 0.0000021) == "0.000123 ± 0.000002"
    assert figure(-1e-9, 1e-10, "+") == "+0.000000 ± 0.000000"
    assert figure(-3.0, math.nan) == "-3.000"
    assert figure(-math.inf, math.nan) == "-inf"
    assert figure(math.nan, math.nan) == "undefined"


def test_pictures_and_files_are_replaced_only_when_told(
    files: Path, picture_run: Path, tmp_path: Path, capfd: Capture
) -> None:
    model = load(picture_run)
    shake(model, 0.5)
    second = save(model, tmp_path / "second", card=read_card(picture_run))
    picture = tmp_path / "x.png"
    words = ["compare", picture_run, second, files / "images.npz", "--picture", picture]
    assert f"Written: {picture}\n" in done(capfd, *words)
    with Image.open(picture) as shown:
        assert min(shown.size) > 500
    assert "exists already; say --overwrite" in refused(capfd, *words)
    done(capfd, *words, "--overwrite")


def test_a_copy_of_a_run_differs_by_exactly_nothing(
    files: Path, run: Path, tmp_path: Path, capfd: Capture
) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    told = json.loads(done(capfd, "compare", run, copy, files / "bits.csv", "--json"))
    for pair in told["differences"]:
        assert (pair["mean_gain"], pair["standard_error"], pair["better"]) == (0.0, 0.0, 0.0)


def test_one_row_has_no_errors_and_json_no_nan(
    files: Path, run: Path, other: Path, capfd: Capture
) -> None:
    out = done(capfd, "compare", run, other, files / "one.csv", "--json")
    [gain, _] = json.loads(out, parse_constant=pytest.fail)["differences"]
    assert gain["standard_error"] is None
    assert gain["low"] is None
    assert math.isfinite(gain["mean_gain"])
    assert "±" not in done(capfd, "compare", run, other, files / "one.csv").partition("Nats")[0]


def test_impossible_rows_are_told(
    files: Path, run: Path, other: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = iter(torch.tensor([[-1.0, -2.0, -3.0], [-1.0, -torch.inf, -torch.inf]]).repeat(2, 1))
    monkeypatch.setattr("arden.tasks.compare.score", lambda *_, **__: next(rows))
    table = done(capfd, "compare", run, other, files / "bits.csv")
    assert "-inf (2 impossible)" in table
    out = done(capfd, "compare", run, other, files / "bits.csv", "--json")
    told = json.loads(out, parse_constant=pytest.fail)
    assert [each["impossible"] for each in told["runs"]] == [0, 2]
    assert told["runs"][1]["mean_log_prob"] is None  # for −∞ JSON has no word


def test_named_splits_as_they_are_written(tmp_path: Path, capfd: Capture) -> None:
    for name in ("independent", "markov"):
        done(capfd, "fit", name, "digits", "--out", tmp_path / name)
    words = ["compare", tmp_path / "independent", tmp_path / "markov", "digits:test", "--json"]
    told = json.loads(done(capfd, *words))
    assert (told["data"], told["rows"], told["notes"]) == ("digits:test", 360, [])
    for each in told["runs"]:
        figures = read_card(tmp_path / each["run"])["figures"]
        assert each["mean_log_prob"] == pytest.approx(-figures["test_nats"], abs=1e-6)
        assert each["standard_error"] == pytest.approx(figures["standard_error"], rel=1e-5)
    words[3:4] = ["digits", "--split", "valid"]
    assert json.loads(done(capfd, *words))["rows"] == 180


def test_other_protocols_are_told(run: Path, files: Path, tmp_path: Path, capfd: Capture) -> None:
    card = read_card(run) | {"protocol": "Another split."}
    second = save(load(run), tmp_path / "second", card=card)
    told = done(capfd, "compare", run, second, files / "bits.csv")
    assert "Note: The runs were trained under different protocols" in told
    assert "Another split." in " ".join(told.split())
    note = json.loads(done(capfd, "compare", run, second, files / "bits.csv", "--json"))["notes"]
    assert len(note) == 1


def test_classes_go_to_the_models_that_take_them(tmp_path: Path, capfd: Capture) -> None:
    data = bits()
    told = save_toy("nade", data, tmp_path / "told", context_size=2)
    untold = save_toy("fvsbn", data, tmp_path / "untold")
    x, labels = data.test.values, torch.arange(30) % 2
    np.savez(tmp_path / "rows.npz", x=x.numpy(), y=np.array(["even", "odd"] * 15))
    for runs in ((told, untold), (untold, told)):
        found = json.loads(done(capfd, "compare", *runs, tmp_path / "rows.npz", "--json"))
        means = {each["run"]: each["mean_log_prob"] for each in found["runs"]}
        expected = arden.score(load(told), x, one_hot(labels)).mean().item()
        assert means["told"] == pytest.approx(expected)
        assert means["untold"] == pytest.approx(arden.score(load(untold), x).mean().item())
        [note] = found["notes"]
        assert note.startswith("Only told is told the class")
    np.savez(tmp_path / "rows.npz", x=x.numpy())
    words = ["compare", told, untold, tmp_path / "rows.npz"]
    assert "expected labels for a model of 2 classes, got none" in refused(capfd, *words)


def test_runs_of_one_name_go_by_their_paths(
    run: Path, other: Path, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    twin = shutil.copytree(other, tmp_path / run.name)
    told = json.loads(done(capfd, "compare", run, twin, files / "bits.csv", "--json"))
    assert [each["run"] for each in told["runs"]] == [str(run), str(twin)]


def test_what_cannot_be_compared_is_one_sentence(
    files: Path, run: Path, picture_run: Path, tmp_path: Path, capfd: Capture
) -> None:
    data = files / "bits.csv"
    assert "runs: expected at least two, got 1" in refused(capfd, "compare", run, data)
    assert "requires an argument" in refused(capfd, "compare", data)
    twice = refused(capfd, "compare", run, run.parent / "." / run.name, data)
    assert "runs: expected different ones" in twice
    told = refused(capfd, "compare", run, picture_run, data)
    assert "differ in kind: table and image" in told
    assert "no such folder" in refused(capfd, "compare", run, tmp_path / "none", data)
    tables = [
        save_toy("independent", table, tmp_path / name)
        for name, table in {
            "two": symbols(columns=3, levels=2),
            "three": symbols(columns=3, levels=3),
            "wide": symbols(columns=4, levels=2),
            "real": reals(),
        }.items()
    ]
    assert "differ in levels: 2 and 3" in refused(capfd, "compare", *tables[:2], data)
    assert "differ in shape: 3 and 4" in refused(capfd, "compare", tables[0], tables[2], data)
    told = refused(capfd, "compare", tables[0], tables[3], data)
    assert "differ in levels: 2 and real values" in told
    told = refused(capfd, "compare", run, tables[0], data)
    assert "differ in columns: ('a', 'b', 'c') and ('x0', 'x1', 'x2')" in told
    bare = save(fresh("independent", symbols()), tmp_path / "bare")
    assert "without a schema" in refused(capfd, "compare", bare, run, data)


def test_texts_are_compared_per_symbol(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "a.txt").write_text("the cat sat on the mat; " * 20)
    runs = [tmp_path / name for name in ("independent", "markov")]
    nats = []
    for run in runs:
        words = ["fit", run.name, tmp_path / "a.txt", "--window", 8, "--out", run]
        done(capfd, *words)
        summary = json.loads(done(capfd, "score", run, tmp_path / "a.txt", "--json"))
        nats.append(summary["nats_per_symbol"])
    words = ["compare", *runs, tmp_path / "a.txt", "--json", "--out", tmp_path / "x.npz"]
    told = json.loads(done(capfd, *words))
    assert told["unit"] == "nats per symbol"
    for each, expected in zip(told["runs"], nats, strict=True):
        assert each["mean_log_prob"] == pytest.approx(-expected, rel=1e-5)
    [gain] = [pair for pair in told["differences"] if pair["run"] == "markov"]
    assert gain["mean_gain"] == pytest.approx(nats[0] - nats[1], rel=1e-5)
    # The file holds windows as they are: ln p of all that is scored in each.
    assert np.load(tmp_path / "x.npz")["markov"].sum() == pytest.approx(-nats[1] * 480, rel=1e-5)
    done(capfd, "ensemble", *runs, "--data", tmp_path / "a.txt", "--out", tmp_path / "both")
    figures = read_card(tmp_path / "both")["figures"]
    assert figures["unit"] == "symbol"
    # The average of two is at most ln 2 a window below the better one.
    least = min(read_card(run)["figures"]["test_nats"] for run in runs)
    assert figures["test_nats"] < least + math.log(2)
    assert figures["valid_nats"] == pytest.approx(figures["test_nats"], abs=0.3)
