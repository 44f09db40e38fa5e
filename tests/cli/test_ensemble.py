"""`arden ensemble`: fitted runs become one run that is used like any other."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

import arden
from arden.cli import main
from arden.core.mixture import Mixture
from arden.kernels import without_kernels
from arden.storage.model_files import load, read_card, save
from arden.tasks.orders import in_orders
from arden.training.weights import fit_weights
from tests.cli.words import done, refused
from tests.training.toys import fresh, symbols

Capture = pytest.CaptureFixture[str]

SYSTEMS = {
    "independent": ("independent",),
    "markov": ("markov",),
    "fvsbn": ("fvsbn", "--epochs", "3"),
    "zigzag": ("fvsbn", "--epochs", "3", "--ordering", "zigzag"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """() -> four quick runs on the digits, of two orders. Look, but write nothing."""
    folder = tmp_path_factory.mktemp("runs")
    for name, (system, *options) in SYSTEMS.items():
        with without_kernels(), pytest.raises(SystemExit) as exited:
            main(["fit", system, "digits", *options, "--out", str(folder / name)])
        assert exited.value.code == 0
    return {name: folder / name for name in SYSTEMS}


def on(split: str, *chosen: Path) -> torch.Tensor:
    """A split of the digits, M runs -> (M, N) ln p."""
    x = arden.load_data("digits").split(split).values
    return torch.stack([arden.score(load(run), x) for run in chosen])


def test_the_run_is_used_like_any_other(
    runs: dict[str, Path], tmp_path: Path, capfd: Capture
) -> None:
    out = tmp_path / "both"
    told = done(capfd, "ensemble", runs["fvsbn"], runs["zigzag"], "--out", out)
    joints = on("test", runs["fvsbn"], runs["zigzag"])
    expected = joints.logsumexp(dim=0) - math.log(2)
    summary = json.loads(done(capfd, "score", out, "digits", "--json"))
    assert summary["mean_log_prob"] == pytest.approx(expected.mean().item(), abs=1e-5)
    card = read_card(out)
    assert card["system"] == "ensemble"
    assert card["data"] == "digits"
    assert card["figures"]["test_nats"] == pytest.approx(-expected.mean().item(), abs=1e-5)
    assert card["figures"]["protocol"] == read_card(runs["fvsbn"])["figures"]["protocol"]
    members = card["options"][0]["members"]
    assert [member["weight"] for member in members] == [0.5, 0.5]
    assert [member["run"] for member in members] == [str(runs["fvsbn"]), str(runs["zigzag"])]
    assert f"{expected.mean().item():.2f} ±" in told
    assert f"Model: {out}\n" in told
    assert f"Picture: {out / 'samples.png'}\n" in told
    assert (out / "samples.png").stat().st_size > 1000
    done(capfd, "sample", out, "-n", 5, "--seed", 0, "--out", tmp_path / "x.npz")
    assert "Every check passed" in done(capfd, "verify", out)
    pair = json.loads(done(capfd, "compare", runs["fvsbn"], out, "digits:test", "--json"))
    [gain] = [p for p in pair["differences"] if p["run"] == "both"]
    assert gain["mean_gain"] == pytest.approx((expected - joints[0]).mean().item(), abs=1e-5)


def test_the_gain_is_over_the_member_that_validation_rows_prefer(
    runs: dict[str, Path], tmp_path: Path, capfd: Capture
) -> None:
    words = ["ensemble", runs["fvsbn"], runs["zigzag"], "--out", tmp_path / "both", "--json"]
    told = json.loads(done(capfd, *words), parse_constant=pytest.fail)
    joints = {name: on("test", runs[name])[0] for name in ("fvsbn", "zigzag")}
    means = {name: on("valid", runs[name]).mean().item() for name in joints}
    best = max(means, key=lambda name: means[name])
    assert told["best_member"] == best
    mixed = torch.stack(list(joints.values())).logsumexp(dim=0) - math.log(2)
    gained = mixed - joints[best]
    assert told["gain"]["nats"] == pytest.approx(gained.mean().item(), abs=1e-5)
    error = gained.std().item() / math.sqrt(360)
    assert told["gain"]["standard_error"] == pytest.approx(error, rel=1e-3)
    # By Jensen's inequality it beats the average of its members on any rows.
    average = torch.stack(list(joints.values())).mean().item()
    assert -told["test_nats"] > average + 0.01


def test_weights_are_fitted_to_the_validation_rows(
    runs: dict[str, Path], tmp_path: Path, capfd: Capture
) -> None:
    chosen = [runs["independent"], runs["fvsbn"], runs["zigzag"]]
    words = ["ensemble", *chosen, "--weights", "valid", "--out", tmp_path / "all", "--json"]
    told = json.loads(done(capfd, *words))
    valid = on("valid", *chosen)
    expected = fit_weights(valid.T)
    weights = [member["weight"] for member in told["members"]]
    assert weights == pytest.approx(expected.tolist(), abs=1e-4)
    assert weights[0] < 0.05 < weights[1]  # the worst hardly counts
    best = (valid + expected.log()[:, None]).logsumexp(dim=0).mean().item()
    assert told["valid_nats"] == pytest.approx(-best, abs=1e-5)
    equal = (valid.logsumexp(dim=0) - math.log(3)).mean().item()
    assert best > max(equal, valid.mean(dim=1).max().item())
    model = load(tmp_path / "all")
    assert isinstance(model, Mixture)
    assert model.log_weights.exp().tolist() == pytest.approx(weights)


def test_an_ensemble_of_ensembles_is_flat(
    runs: dict[str, Path], tmp_path: Path, capfd: Capture
) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    done(capfd, "ensemble", runs["independent"], runs["markov"], "--out", inner)
    done(capfd, "ensemble", inner, runs["fvsbn"], "--out", outer)
    model = load(outer)
    assert isinstance(model, Mixture)
    assert model.log_weights.exp().tolist() == pytest.approx([0.25, 0.25, 0.5])
    expected = on("test", inner, runs["fvsbn"]).logsumexp(dim=0) - math.log(2)
    assert on("test", outer)[0].tolist() == pytest.approx(expected.tolist(), abs=1e-4)


def test_figures_remember_that_members_had_another_protocol(
    runs: dict[str, Path], tmp_path: Path, capfd: Capture
) -> None:
    card = read_card(runs["markov"]) | {"protocol": "Another split."}
    stranger = save(load(runs["markov"]), tmp_path / "stranger", card=card)
    out = tmp_path / "both"
    told = done(capfd, "ensemble", runs["independent"], stranger, "--out", out)
    assert "Note: The runs were trained under different protocols" in told
    for protocol in (read_card(out)["protocol"], read_card(out)["figures"]["protocol"]):
        assert protocol.endswith("Members were trained under another protocol: Another split.")


def test_a_taken_folder_is_left_alone(
    runs: dict[str, Path], tmp_path: Path, capfd: Capture
) -> None:
    members = [runs["independent"], runs["markov"]]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    told = refused(capfd, "ensemble", *members, "--out", tmp_path / "mine")
    assert "holds files that Arden did not write" in told
    done(capfd, "ensemble", *members, "--out", tmp_path / "ens")
    before = (tmp_path / "ens" / "config.json").read_bytes()
    words = ["ensemble", *reversed(members), "--out", tmp_path / "ens"]
    assert "say --overwrite" in refused(capfd, *words)
    assert (tmp_path / "ens" / "config.json").read_bytes() == before
    done(capfd, *words, "--overwrite")
    assert (tmp_path / "ens" / "config.json").read_bytes() != before
    told = refused(capfd, "ensemble", *members, "--out", members[0], "--overwrite")
    assert "which is one of the runs" in told


def test_what_cannot_be_joined_is_one_sentence(
    runs: dict[str, Path], run: Path, tmp_path: Path, capfd: Capture
) -> None:
    out = ["--out", tmp_path / "ens"]
    first = runs["independent"]
    assert "at least two, got 1" in refused(capfd, "ensemble", first, *out)
    assert "expected different ones" in refused(capfd, "ensemble", first, first, *out)
    assert "differ in kind" in refused(capfd, "ensemble", first, run, *out)
    assert "--out" in refused(capfd, "ensemble", first, runs["markov"])
    card = read_card(first)
    told = save(
        fresh("fvsbn", arden.load_data("digits"), context_size=10), tmp_path / "told", card=card
    )
    assert "contexts of one size" in refused(capfd, "ensemble", first, told, *out)
    strange = save(load(first), tmp_path / "strange", card=card | {"data": "other"})
    told_so = refused(capfd, "ensemble", first, strange, *out)
    assert "data: expected a name, as the runs were trained on digits and other" in told_so
    lone = [save(load(strange), tmp_path / f"lone{n}", card=card | {"data": "other"}) for n in "ab"]
    told_so = refused(capfd, "ensemble", *lone, *out)
    assert "expected where to find other, on which the runs were trained" in told_so
    assert not (tmp_path / "ens").exists()
    done(capfd, "ensemble", *lone, *out, "--data", "digits")


def test_runs_without_a_data_set_need_one(tmp_path: Path, capfd: Capture) -> None:
    data = symbols()
    card = {"schema": data.schema.to_dict()}
    pair = [
        save(fresh(name, data), tmp_path / name, card=card) for name in ("independent", "markov")
    ]
    told = refused(capfd, "ensemble", *pair, "--out", tmp_path / "ens")
    assert "expected where to find" in told


@pytest.fixture(scope="module")
def any_order(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a quick any-order run on the digits. Look, but write nothing."""
    out = tmp_path_factory.mktemp("any-order") / "orderless"
    words = ["fit", "orderless-nade", "digits", "--hidden", "40", "--epochs", "4"]
    with pytest.raises(SystemExit) as exited:
        main([*words, "--out", str(out)])
    assert exited.value.code == 0
    return out


def test_one_any_order_run_is_averaged_over_orders(
    any_order: Path, tmp_path: Path, capfd: Capture
) -> None:
    out = tmp_path / "orders"
    told = done(capfd, "ensemble", any_order, "--orders", 3, "--seed", 7, "--out", out)
    model, x = load(any_order), arden.load_data("digits").test.values
    joints = torch.stack([arden.score(member, x) for member in in_orders(model, 3, seed=7)])
    expected = joints.logsumexp(dim=0) - math.log(3)
    card = read_card(out)
    assert card["figures"]["test_nats"] == pytest.approx(-expected.mean().item(), abs=1e-5)
    members = card["options"][0]["members"]
    assert [member["order"] for member in members] == ["raster", "shuffled:7", "shuffled:8"]
    assert {member["run"] for member in members} == {str(any_order)}
    for name in ("raster", "shuffled:7", "shuffled:8"):
        assert f"orderless {name}" in told
    summary = json.loads(done(capfd, "score", out, "digits", "--json"))
    assert summary["mean_log_prob"] == pytest.approx(expected.mean().item(), abs=1e-5)
    done(capfd, "sample", out, "-n", 5, "--seed", 0, "--out", tmp_path / "x.npz")
    audited = done(capfd, "verify", out)
    assert "Every check passed" in audited
    assert "the mixture is one" in " ".join(audited.split())
    pair = json.loads(done(capfd, "compare", any_order, out, "digits:test", "--json"))
    [gain] = [p for p in pair["differences"] if p["run"] == "orders"]
    assert gain["mean_gain"] == pytest.approx((expected - joints[0]).mean().item(), abs=1e-5)


def test_orders_of_what_has_one_are_refused(
    runs: dict[str, Path], any_order: Path, tmp_path: Path, capfd: Capture
) -> None:
    out = ["--out", tmp_path / "orders"]
    told = refused(capfd, "ensemble", runs["fvsbn"], "--orders", 3, *out)
    assert "orders: FVSBN has one order, its own" in told
    assert str(runs["fvsbn"]) in told
    told = refused(capfd, "ensemble", any_order, runs["fvsbn"], "--orders", 3, *out)
    assert str(runs["fvsbn"]) in told
    assert "orders: expected at least 1, got 0" in refused(
        capfd, "ensemble", any_order, "--orders", 0, *out
    )
    assert "at least two, got 1" in refused(capfd, "ensemble", any_order, *out)
    assert not (tmp_path / "orders").exists()
