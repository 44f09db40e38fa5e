"""`arden fit`: every family of a scalar can be asked for, and a density's floor is printed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import arden
from arden.storage.model_files import load, read_card
from tests.cli.words import done, refused

FAST = ("--epochs", 2, "--batch-size", 16)

Capture = pytest.CaptureFixture[str]


FAMILIES = [
    (["nade", "grey.csv"], "Categorical(num_symbols=5, encoding='one_hot')"),
    (["nade", "grey.csv", "--family", "softmax"], "Categorical(num_symbols=5, encoding='one_hot')"),
    (["nade", "grey.csv", "--encoding", "scalar"], "Categorical(num_symbols=5, encoding='scalar')"),
    (
        ["made", "grey.csv", "--family", "logistics", "--components", 3],
        "LogisticMixture(num_symbols=5, components=3)",
    ),
    (["categorical-nade", "grey.csv"], "Categorical(num_symbols=5, encoding='one_hot')"),
]


@pytest.mark.parametrize(("words", "family"), FAMILIES, ids=str)
def test_every_family_can_be_asked_for_stored_and_loaded(
    words: list[str], family: str, tmp_path: Path, capfd: Capture
) -> None:
    levels = torch.randint(0, 5, (60, 3), generator=torch.Generator().manual_seed(0))
    levels[0] = 4  # every column, so that there are five levels
    lines = "\n".join(",".join(map(str, row)) for row in levels.tolist())
    grey, run = tmp_path / "grey.csv", tmp_path / "run"
    grey.write_text(f"a,b,c\n{lines}\n")
    system, _, *options = words
    done(capfd, "fit", system, grey, "--out", run, *FAST, "--hidden", 4, *options)
    model = load(run)
    assert str(model.conditional) == family
    figures = read_card(run)["figures"]
    assert figures["floors"] is None
    nats = -arden.score(model, arden.load_data(grey).test.values).mean().item()
    assert nats == pytest.approx(figures["test_nats"], rel=1e-5)
    done(capfd, "sample", run, "-n", 5)
    drawn = (run / "samples.csv").read_text().splitlines()[1:]
    assert {int(cell) for row in drawn for cell in row.split(",")} <= set(range(5))


@pytest.mark.parametrize(("weights", "per_component"), [("uniform", 2), ("learned", 3)])
def test_real_valued_nade_under_a_printed_floor(
    weights: str, per_component: int, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    run, words = tmp_path / "run", [*FAST, "--hidden", 4, "--components", 2]
    words += ["--mixture-weights", weights]
    out = done(capfd, "fit", "rnade", files / "reals.csv", "--out", run, *words)
    floors = read_card(run)["figures"]["floors"]
    values = arden.load_data(files / "reals.csv").train.values
    for index, name in enumerate(("length", "width")):
        deviation = values[:, index].std(correction=0).item()
        step = values[:, index].unique().diff().min().item()
        assert floors[name] == pytest.approx(max(1e-3 * deviation, step / 2), rel=1e-6)
        assert f"{name} {floors[name]:.3g}" in out
    assert load(run).conditional.num_params == 2 * per_component
    out = done(
        capfd,
        "fit",
        "rnade",
        files / "reals.csv",
        "--out",
        tmp_path / "r",
        *words,
        "--floor",
        "relative",
        "--min-scale",
        0.5,
    )
    deviation = values[:, 0].std(correction=0).item()
    assert f"length {0.5 * deviation:.3g}" in out


def test_a_family_that_makes_no_sense_is_refused(
    files: Path, tmp_path: Path, capfd: Capture
) -> None:
    words = ["fit", "rnade", files / "reals.csv", "--out", tmp_path / "r", "--family", "logistics"]
    assert "family: expected auto for real values" in refused(capfd, *words)
    assert "rnade takes real or mixed values" in refused(capfd, "fit", "rnade", files / "bits.csv")
