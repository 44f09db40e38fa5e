"""`arden detect` on every kind of data: what is written, what is said, what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import arden
from arden.tasks.calibration import calibrate
from arden.tasks.score import score
from tests.cli.words import call, done, refused

Capture = pytest.CaptureFixture[str]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a folder of texts: names to fit to, others, and a longer text."""
    folder = tmp_path_factory.mktemp("words")
    source = np.random.default_rng(0)
    for name, letters in (("names", "ab"), ("normal", "ab"), ("odd", "ba")):
        lines = [
            "".join(source.choice(list(letters), size=source.integers(1, 12), p=[0.9, 0.1]))
            for _ in range(60)
        ]
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_rows_are_ranked_among_the_normal_ones(
    run: Path, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    data, out = files / "bits.csv", tmp_path / "found.csv"
    told = done(
        capfd, "detect", run, data, "--calibrate", data, "--false-alarms", 0.1, "--out", out
    )
    rows = table(out)
    model = arden.load(run)
    x = torch.tensor(np.loadtxt(data, delimiter=",", skiprows=1))
    ranks = calibrate(score(model, x))
    expected = ranks.p_values(score(model, x))
    assert [float(row["p_value"]) for row in rows] == pytest.approx(expected.tolist())
    flags = [int(row["flagged"]) for row in rows]
    assert flags == [int(p <= 0.1) for p in expected.tolist()]
    assert f"{sum(flags)} of 60 rows flagged" in told
    assert "Of rows like the 60 of" in told
    assert "at most 0.1 would be flagged, whatever the model is worth" in told
    assert "source of the same name" in told  # the runs's own rows are among them
    assert {rows[0]["variable_1"], rows[0]["variable_2"], rows[0]["variable_3"]} == set("abc")
    assert float(rows[0]["surprise_1"]) >= float(rows[0]["surprise_2"])


def test_an_archive_holds_the_same(run: Path, files: Path, tmp_path: Path, capfd: Capture) -> None:
    data = files / "bits.csv"
    for name in ("x.csv", "x.npz"):
        words = ["detect", run, data, "--calibrate", data, "--false-alarms", 0.2]
        done(capfd, *words, "--out", tmp_path / name, "--explain", 2)
    found = np.load(tmp_path / "x.npz")
    rows = table(tmp_path / "x.csv")
    assert found["variables"].shape == found["surprise"].shape == (60, 2)
    assert [float(row["score"]) for row in rows] == pytest.approx(found["score"].tolist())
    assert [row["variable_2"] for row in rows] == ["abc"[k] for k in found["variables"][:, 1]]
    assert "surprise_3" not in rows[0]


def test_json_says_it_all(run: Path, files: Path, tmp_path: Path, capfd: Capture) -> None:
    data = files / "bits.csv"
    words = ["detect", run, data, "--calibrate", data, "--group", 7, "--false-alarms", 0.2]
    told = json.loads(done(capfd, *words, "--json", "--out", tmp_path / "x.csv"))
    assert (told["rows"], told["judged"], told["group"], told["calibration"]) == (60, 8, 7, 8)
    rows = table(tmp_path / "x.csv")
    assert [row["row"] for row in rows] == [str(7 * k) for k in range(8)]
    assert "variable_1" not in rows[0]
    told_in_words = done(capfd, *words, "--out", tmp_path / "y.csv")
    assert "The last 4 rows fill no group and were not judged." in told_in_words


def test_groups_go_on_from_chunk_to_chunk(
    run: Path, files: Path, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = files / "bits.csv"
    words = ["detect", run, data, "--calibrate", data, "--group", 7, "--false-alarms", 0.2]
    done(capfd, *words, "--out", tmp_path / "whole.csv")
    monkeypatch.setattr("arden.cli.detect_rows._MOST_ROWS", 5)
    done(capfd, *words, "--out", tmp_path / "pieces.csv")
    assert (tmp_path / "whole.csv").read_text() == (tmp_path / "pieces.csv").read_text()


def test_images_have_a_heat_map(
    picture_run: Path, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    data, picture = files / "images.npz", tmp_path / "heat.png"
    words = ["detect", picture_run, data, "--calibrate", data, "--false-alarms", 0.1]
    done(capfd, *words, "--out", tmp_path / "x.csv", "--picture", picture)
    assert Image.open(picture).size[0] > 500
    assert len(table(tmp_path / "x.csv")[0]["variable_1"].split()) == 2  # row and column


@pytest.mark.parametrize("kind", ["score", "ratio", "typicality", "complexity"])
def test_every_score_has_its_word(
    kind: str, picture_run: Path, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    data = files / "images.npz"
    extra = {"score": [], "ratio": ["--score", "ratio", "--background", picture_run]}
    words = ["detect", picture_run, data, "--calibrate", data, "--false-alarms", 0.1, "--json"]
    told = json.loads(
        done(capfd, *words, *extra.get(kind, ["--score", kind]), "--out", tmp_path / "x.csv")
    )
    assert told["score"] == ("likelihood" if kind == "score" else kind)
    assert told["calibration"] == (48 if kind == "typicality" else 60)
    if kind == "ratio":  # against itself
        assert {float(row["score"]) for row in table(tmp_path / "x.csv")} == {0.0}


def test_tables_show_sorted_columns(files: Path, tmp_path: Path, capfd: Capture) -> None:
    data = files / "reals.csv"
    done(capfd, "fit", "independent", data, "--epochs", 1, "--out", tmp_path / "run")
    words = ["detect", tmp_path / "run", data, "--calibrate", data, "--false-alarms", 0.1]
    done(capfd, *words, "--out", tmp_path / "x.csv", "--picture", tmp_path / "x.png")
    assert Image.open(tmp_path / "x.png").size[0] > 500
    assert {row["variable_1"] for row in table(tmp_path / "x.csv")} == {"length", "width"}


def test_strings_are_marked(words: Path, tmp_path: Path, capfd: Capture) -> None:
    run = tmp_path / "run"
    done(capfd, "fit", "markov", words / "names.txt", "--lines", "--homogeneous", "--out", run)
    normal, odd = words / "normal.txt", words / "odd.txt"
    detect = ["detect", run, odd, "--calibrate", normal, "--false-alarms", 0.1]
    told = done(capfd, *detect, "--out", tmp_path / "x.csv", "--picture", tmp_path / "x.png")
    rows = table(tmp_path / "x.csv")
    assert all(set(row["string"]) <= set("ab") for row in rows)
    flagged = [row for row in rows if row["flagged"] == "1"]
    assert len(flagged) > 20, told  # the letters have changed places
    assert Image.open(tmp_path / "x.png").size[0] > 500
    again = [*detect, "--score", "complexity", "--out", tmp_path / "y.csv"]
    assert "by complexity" in done(capfd, *again)


def test_texts_are_judged_by_the_window(words: Path, tmp_path: Path, capfd: Capture) -> None:
    run = tmp_path / "run"
    fit = ["fit", "markov", words / "names.txt", "--window", 16, "--out", run]
    done(capfd, *fit)
    detect = ["detect", run, words / "odd.txt", "--calibrate", words / "normal.txt"]
    detect += ["--false-alarms", 0.2]
    told = done(capfd, *detect, "--out", tmp_path / "x.csv", "--picture", tmp_path / "x.png")
    assert "windows flagged" in told
    assert "not independent" in told
    rows = table(tmp_path / "x.csv")
    assert {row["document"] for row in rows} == {"odd.txt"}
    places = [int(row["variable_1"]) for row in rows[1:-1]]
    assert min(places) >= 8  # the half of a window that is scored
    assert Image.open(tmp_path / "x.png").size[0] > 500


def test_documents_are_judged_as_a_whole(tmp_path: Path, capfd: Capture) -> None:
    source = np.random.default_rng(1)
    for name, count, share in (("fit", 9, 0.9), ("normal", 19, 0.9), ("new", 6, 0.9)):
        folder = tmp_path / name
        folder.mkdir()
        for number in range(count):
            odd = name == "new" and number >= 3
            letters = source.choice(list("ab"), size=90 + number, p=[share, 1 - share])
            text = "".join(letters)
            swapped = text.translate(str.maketrans("ab", "ba"))
            (folder / f"{number}.txt").write_text(swapped if odd else text)
    run = tmp_path / "run"
    done(capfd, "fit", "markov", tmp_path / "fit", "--window", 8, "--homogeneous", "--out", run)
    detect = ["detect", run, tmp_path / "new", "--calibrate", tmp_path / "normal"]
    detect += ["--false-alarms", 0.05, "--per", "document"]
    told = done(capfd, *detect, "--out", tmp_path / "x.csv", "--picture", tmp_path / "x.png")
    assert "3 of 6 documents flagged" in told
    assert "Of documents like the 19 of" in told
    assert "not independent" not in told
    rows = table(tmp_path / "x.csv")
    assert [row["flagged"] for row in rows] == list("000111")
    # The score of a document is ln p of it per symbol, as `arden score` has it.
    done(capfd, "score", run, tmp_path / "new", "--out", tmp_path / "s.csv")
    scores = table(tmp_path / "s.csv")
    for row in rows:
        own = [float(s["log_prob"]) for s in scores if s["document"] == row["document"]]
        assert float(row["score"]) == pytest.approx(np.mean(own))
    assert Image.open(tmp_path / "x.png").size[0] > 500
    both = [*detect[:5], "--per", "document", "--group", 2, "--false-alarms", 0.1, "--json"]
    groups = json.loads(done(capfd, *both, "--out", tmp_path / "g.npz"))
    assert (groups["judged"], groups["rows"], groups["calibration"]) == (3, 6, 9)


def test_a_class_is_given_or_gone_through(tmp_path: Path, capfd: Capture) -> None:
    run = tmp_path / "run"
    fit = ["fit", "fvsbn", "digits", "--condition", "label", "--epochs", 1, "--out", run]
    done(capfd, *fit)
    told = {}
    for classes in ("given", "mixture", "max"):
        words = ["detect", run, "digits", "--classes", classes, "--json"]
        told[classes] = json.loads(done(capfd, *words, "--out", tmp_path / f"{classes}.csv"))
        assert told[classes]["calibrated_on"] == "digits:valid"
    scores = {
        name: np.array([float(row["score"]) for row in table(tmp_path / f"{name}.csv")])
        for name in told
    }
    assert (scores["max"] >= scores["given"] - 1e-5).all()
    assert (scores["max"] >= scores["mixture"] - 1e-5).all()


def test_what_cannot_be_promised_is_refused(
    run: Path, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    data, out = files / "bits.csv", tmp_path / "x.csv"
    start = ["detect", run, data, "--out", out]
    assert "calibrate: expected a file of normal rows" in refused(capfd, *start)
    told = refused(capfd, *start, "--calibrate", data)
    assert "at least 99 normal rows for a false-alarm rate of 0.01, got 60" in told
    known = [*start, "--calibrate", data, "--false-alarms", 0.1]
    assert "background: expected a model" in refused(capfd, *known, "--score", "ratio")
    assert "background: expected none" in refused(capfd, *known, "--background", run)
    assert "picture: expected single rows" in refused(
        capfd, *known, "--group", 2, "--picture", tmp_path / "x.png"
    )
    assert "per: expected a text or a sound" in refused(capfd, *known, "--per", "document")
    assert "group, explain" in refused(capfd, *known, "--group", 0)
    assert "at least 61 normal rows" in refused(capfd, *known, "--group", 61)
    assert list(tmp_path.iterdir()) == []
    out.write_text("mine")
    assert "exists already; say --overwrite" in refused(capfd, *known)
    assert out.read_text() == "mine"


def test_training_rows_are_no_calibration(tmp_path: Path, capfd: Capture) -> None:
    run = tmp_path / "run"
    done(capfd, "fit", "independent", "digits", "--out", run)
    words = ["detect", run, "digits", "--out", tmp_path / "x.csv"]
    told = refused(capfd, *words, "--calibrate", "digits:train")
    assert "look more normal than any others" in told
    assert "The validation rows chose the epoch" in done(capfd, *words)


def test_orders_of_their_own_have_no_picture(files: Path, tmp_path: Path, capfd: Capture) -> None:
    runs = []
    for place, ordering in enumerate(("raster", "shuffled")):
        runs.append(tmp_path / ordering)
        words = ["fit", "fvsbn", files / "bits.csv", "--epochs", 1, "--ordering", ordering]
        done(capfd, *words, "--ordering-seed", 3 + place, "--out", runs[-1])
    both, data = tmp_path / "both", files / "bits.csv"
    code, _, told = call(capfd, "ensemble", *runs, "--out", both, "--data", data)
    assert code == 0, told
    words = ["detect", both, data, "--calibrate", data, "--false-alarms", 0.1]
    done(capfd, *words, "--out", tmp_path / "x.csv")
    assert "variable_1" not in table(tmp_path / "x.csv")[0]
    told = refused(capfd, *words, "--out", tmp_path / "y.csv", "--picture", tmp_path / "y.png")
    assert "different orders has no per-variable terms" in told
