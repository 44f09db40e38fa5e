"""`arden fit`: a run directory with everything in it, and figures that are true."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

import arden
from arden.assembly import split_options
from arden.cli import fit_report
from arden.cli.app import make_app
from arden.core.mixture import Mixture
from arden.networks.options.feedforward import MADEOptions, NADEOptions
from arden.networks.options.tables import MarkovOptions
from arden.storage.model_files import load, read_card
from arden.systems import SYSTEMS, LayoutOptions
from tests.cli.words import call, done, refused
from tests.training.toys import REAL_SYSTEMS

FAST = ("--epochs", 2, "--batch-size", 16)

Capture = pytest.CaptureFixture[str]


def small(name: str) -> list[object]:
    """A system's name -> the words that make it small."""
    words: list[object] = []
    for option, value in SYSTEMS[name].small.items():
        for one in value if isinstance(value, tuple) else [value]:
            words += [f"--{option}", one]
    return words


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_is_fitted_loaded_and_scored(
    name: str, files: Path, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")  # no line of the report is broken
    file, table = "bits.csv", "7"
    if "image" in SYSTEMS[name].needs:
        file, table = "images.npz", "65,535"
    elif "discrete" not in SYSTEMS[name].data:
        file, table = "reals.csv", "none exists: some variables are real"
    data, run = files / file, tmp_path / "run"
    out = done(capfd, "fit", name, data, "--out", run, *FAST, *small(name))
    for line in ("nats per row ± standard error", "bits per dimension", "free parameters"):
        assert line in out
    assert re.search(rf"a full table would need +│ +{table} │", out)
    for name_of_file in ("config.json", "model.safetensors", "metrics.jsonl"):
        assert (run / name_of_file).is_file()
    pictures = [line.removeprefix("Picture: ") for line in out.splitlines() if "Picture" in line]
    assert pictures
    assert all(Path(picture).is_file() for picture in pictures)
    assert f"Model: {run}\n" in out
    model, rows = load(run), arden.load_data(data).test.values
    figures = read_card(run)["figures"]
    assert -arden.score(model, rows).mean().item() == pytest.approx(figures["test_nats"], rel=1e-5)
    assert figures["num_parameters"] == model.num_parameters
    epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert len(epochs) == figures["epochs"]
    assert set(epochs[0]) == {"epoch", "train", "valid", "seconds"}
    assert sorted(os.listdir(run)) == sorted(
        [
            ".lock",
            "config.json",
            "model.safetensors",
            "metrics.jsonl",
            *[Path(p).name for p in pictures],
        ]
    )


@pytest.mark.parametrize("name", REAL_SYSTEMS)
def test_real_tables(name: str, files: Path, tmp_path: Path, capfd: Capture) -> None:
    run, words = tmp_path / "run", [*FAST, *small(name), "--components", 2]
    out = done(capfd, "fit", name, files / "reals.csv", "--out", run, *words)
    assert "none exists: some variables are real" in out
    done(capfd, "sample", run, "-n", 3)
    assert (run / "samples.csv").read_text().startswith("length,width\n")
    summary = json.loads(done(capfd, "score", run, files / "reals.csv", "--json"))
    assert summary["rows"] == 60


def test_json_is_all_there_is_on_standard_output(
    files: Path, tmp_path: Path, capfd: Capture
) -> None:
    run = tmp_path / "run"
    words = ["fit", "nade", files / "bits.csv", "--out", run, *FAST, "--hidden", 4, "--json"]
    figures = json.loads(done(capfd, *words))
    assert figures["run"] == str(run)
    assert figures["test_nats"] == read_card(run)["figures"]["test_nats"]
    assert figures["full_table"] == "7"
    # One test row has no standard error, and JSON no word for that.
    (tmp_path / "few.csv").write_text("a,b\n0,1\n1,1\n0,1\n1,0\n")
    out = done(capfd, "fit", "independent", tmp_path / "few.csv", "--out", tmp_path / "f", "--json")
    assert json.loads(out, parse_constant=pytest.fail)["standard_error"] is None
    assert read_card(tmp_path / "f")["figures"]["standard_error"] is None


def test_a_path_is_printed_as_it_is(files: Path, tmp_path: Path, capfd: Capture) -> None:
    """Not broken at the width of a terminal, and [red] in it is a name and no colour."""
    run = tmp_path / ("a long name " * 8 + "[red]")
    out = done(capfd, "fit", "independent", files / "bits.csv", "--out", run)
    assert f"Model: {run}\n" in out
    named = tmp_path / "table[bold].csv"
    named.write_bytes((files / "bits.csv").read_bytes())
    assert "table[bold].csv" in done(capfd, "fit", "independent", named, "--out", tmp_path / "r")
    assert "table[bold].csv" in done(capfd, "data", named)


def test_the_run_directory_has_a_name_of_its_own(
    files: Path, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done(capfd, "fit", "independent", files / "bits.csv")
    assert (tmp_path / "runs" / "independent-bits" / "config.json").is_file()


def test_an_existing_run_is_replaced_only_when_told(
    files: Path, tmp_path: Path, capfd: Capture
) -> None:
    run, words = tmp_path / "run", ["fit", "independent", files / "bits.csv", "--out"]
    done(capfd, *words, run)
    before = (run / "config.json").read_bytes()
    assert "holds a model already; say --overwrite" in refused(capfd, *words, run)
    assert (run / "config.json").read_bytes() == before
    stale = run / "ordering.png"
    stale.write_bytes(b"of the run that is replaced")
    done(capfd, "fit", "markov", files / "images.npz", "--out", run, "--overwrite")
    assert load(run).event_shape == (4, 4)
    assert not stale.exists()


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_foreign_and_unwritable_places(
    overwrite: list[str], files: Path, tmp_path: Path, capfd: Capture
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    words = ["fit", "independent", files / "bits.csv", *overwrite, "--out"]
    assert "holds files that Arden did not write" in refused(capfd, *words, tmp_path / "mine")
    told = refused(capfd, *words, tmp_path / "mine" / "thesis.tex")
    assert "expected a folder, but a file has this name" in told
    told = refused(capfd, *words, tmp_path / "mine" / "thesis.tex" / "run")
    assert "cannot be made (Not a directory)" in told
    assert os.listdir(tmp_path / "mine") == ["thesis.tex"]


def test_a_full_table_over_25_variables_is_refused(
    files: Path, tmp_path: Path, capfd: Capture
) -> None:
    told = refused(capfd, "fit", "table", files / "wide.npy", "--out", tmp_path / "run")
    assert "2^25 − 1 = 33,554,431 numbers" in told
    assert not (tmp_path / "run").exists()


def test_a_fit_that_diverges_leaves_a_usable_run(
    files: Path, tmp_path: Path, capfd: Capture
) -> None:
    run = tmp_path / "run"
    words = ["fit", "nade", files / "bits.csv", "--hidden", 4, "--learning-rate", "1e36"]
    told = refused(capfd, *words, "--out", run)
    assert "became nan in epoch" in told
    assert "try a smaller learning_rate" in told
    summary = json.loads(done(capfd, "score", run, files / "bits.csv", "--json"))
    assert summary["rows"] == 60
    epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    valid = arden.score(load(run), arden.load_data(files / "bits.csv").valid.values).mean()
    assert -valid.item() == pytest.approx(min(epoch["valid"] for epoch in epochs), rel=1e-5)


def given(capfd: Capture, monkeypatch: pytest.MonkeyPatch, *words: object) -> tuple[Any, ...]:
    """Words of a fit -> its options as they arrive, without fitting."""
    seen: list[tuple[Any, ...]] = []

    def note(name: str, data: str, options: tuple[Any, ...], out: Path | None, **more: Any) -> int:
        seen.append((name, options, out, more))
        return 0

    monkeypatch.setattr(fit_report, "fit_and_report", note)
    done(capfd, "fit", *words)
    return seen[0]


def test_every_option_arrives(capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["made", "digits", "--hidden", 4, "--hidden", 5, "--no-direct", "--degrees", "random"]
    words += ["--steps", 1, "--steps", 0, "--ordering", "given", "--clip", 2, "--smoothing", 0]
    _, (network, layout, training), out, more = given(capfd, monkeypatch, *words)
    assert (network.hidden, network.direct, network.degrees) == ((4, 5), False, "random")
    assert layout == LayoutOptions("given", steps=(1, 0))
    assert (training.clip, training.smoothing) == (2.0, 0.0)
    assert out is None
    assert not more["overwrite"]
    assert isinstance(network, MADEOptions)
    _, (markov, *_), *_ = given(capfd, monkeypatch, "markov", "digits", "--homogeneous")
    assert isinstance(markov, MarkovOptions)
    assert markov.homogeneous


def test_defaults_are_those_of_the_system(capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from arden.storage.plain import to_plain

    for name in SYSTEMS:
        _, options, *_ = given(capfd, monkeypatch, name, "digits")
        assert to_plain(options) == to_plain(split_options(name, {}))
        assert {type(part).__module__ for part in options} <= {
            SYSTEMS[name].options.partition(":")[0],
            "arden.systems.layout",
            "arden.training.options",
        }
        _, options, *_ = given(capfd, monkeypatch, name, "digits", "--seed", 3, "--epochs", 7)
        assert to_plain(options) == to_plain(split_options(name, {"seed": 3, "epochs": 7}))


def test_one_seed_serves_degrees_and_training(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (network, _, training), *_ = given(capfd, monkeypatch, "made", "digits", "--seed", 3)
    assert (network.seed, training.seed) == (3, 3)


def test_masks_make_an_ensemble(files: Path, tmp_path: Path, capfd: Capture) -> None:
    words = ["fit", "made", files / "images.npz", "--masks", 2, "--hidden", 6, *FAST]
    done(capfd, *words, "--out", tmp_path / "run")
    model = load(tmp_path / "run")
    assert isinstance(model, Mixture)
    assert len(model.models) == 2
    assert (tmp_path / "run" / "samples.png").is_file()


CONFIG = """
hidden = 6
epochs = 3
ordering = "zigzag"
"""


def test_a_config_stands_behind_the_words(
    tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "nade.toml"
    path.write_text(CONFIG)
    for words in (["--config", path], [f"--config={path}"]):
        _, (network, layout, training), *_ = given(capfd, monkeypatch, "nade", "digits", *words)
        assert network == NADEOptions(hidden=6)
        assert (layout.ordering, training.epochs) == ("zigzag", 3)
    words = ["nade", "--config", path, "digits", "--hidden", 9]
    _, (network, _, training), *_ = given(capfd, monkeypatch, *words)
    assert (network.hidden, training.epochs) == (9, 3)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "--config: expected a TOML file, got"),
        ("hidden = = 3", "is not valid TOML: Invalid value (at line 1, column 10)"),
        (b"\xff\xfe", "is not valid TOML"),
        ("hiden = 3", "Did you mean --hidden?"),
        ('hidden = "many"', "expected a whole number, got 'many'"),
        ("hidden = 2.5", "expected a whole number, got '2.5'"),
        ("hidden = [4, 5]", "hidden"),
        ('ordering = "zigag"', 'Did you mean "zigzag"?'),
        ("epochs = 0", "epochs: expected a number ≥ 1, got 0"),
    ],
)
def test_configs_that_cannot_be_used(
    content: str | bytes | None, told: str, tmp_path: Path, capfd: Capture
) -> None:
    path = tmp_path / "nade.toml"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    words = ["fit", "nade", "digits", "--out", tmp_path / "run", "--config", path]
    assert told in refused(capfd, *words)
    assert not (tmp_path / "run").exists()


def test_ctrl_c_before_a_fit_begins(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch, files: Path
) -> None:
    def interrupt(*arguments: Any, **options: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(fit_report, "fit_and_report", interrupt)
    code, _, err = call(capfd, "fit", "nade", files / "bits.csv")
    assert (code, err) == (130, "arden: stopped by Ctrl-C\n")


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_option_has_the_name_of_a_command(name: str) -> None:
    """A configuration file could not set it: the key would be taken for the command."""
    taken = {command for command in make_app() if not command.startswith("-")}
    assert {"fit", "score", "orderings"} <= taken
    fields = {field.name for part in split_options(name, {}) for field in dataclasses.fields(part)}
    assert not taken & fields
