"""`zoo:name` in place of a folder: where it is found, and that every model is what it says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.core.latent import LatentModel
from arden.data.catalogue import DATASETS
from arden.errors import FileError, InputError
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.storage import zoo
from arden.storage.located import located
from arden.storage.model_files import WEIGHTS, fingerprint, load, read_card, save
from benchmarks.zoo import make
from tests.cli.words import done, refused
from tests.core.models import build
from tests.storage.models import made_of_masks

FOLDER = make.FOLDER
MODELS = zoo.zoo_index(FOLDER)


def test_the_index_knows_exactly_what_is_there() -> None:
    assert len(MODELS) >= 15
    assert set(MODELS) == {path.name for path in FOLDER.iterdir() if path.is_dir()}
    assert set(MODELS) <= set(make.models())
    sizes = {path: path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()}
    for name in MODELS:
        of = [size for path, size in sizes.items() if path.parent.name == name]
        assert sum(of) <= make.MOST_BYTES
    assert sum(sizes.values()) <= make.MOST_BYTES_IN_ALL


def test_the_page_holds_the_table_of_what_is_there() -> None:
    text = make.PAGE.read_text(encoding="utf-8")
    assert make.table() == text.partition(make.MARKS[0])[2].partition(make.MARKS[1])[0].strip("\n")


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_the_one_whose_figure_its_card_tells(name: str) -> None:
    told, model, card = MODELS[name], arden.load(f"zoo:{name}"), read_card(f"zoo:{name}")
    assert fingerprint(model) == told["fingerprint"]
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert isinstance(model, LatentModel) == (told["figure"] != "test_nats")
    assert card["figures"][told["figure"]] == told["value"]
    assert card["zoo"]["stored"] == "float16"
    readme = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    assert f'arden.load("zoo:{name}")' in readme
    assert f"| {told['value']:,.4f} |" in readme
    if not DATASETS[told["data"]].embedded:
        pytest.skip("its rows are not embedded: its figure was measured when it was made")
    # Measured again here: a figure of the weights before they were rounded would be another one.
    found = make.measured(model, make.data_of(card))
    assert found[told["figure"]] == pytest.approx(told["value"], rel=1e-6)


def test_it_stands_wherever_a_run_may_stand(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scored = json.loads(done(capfd, "score", "zoo:fvsbn-digits", "digits", "--json"))
    assert -scored["mean_log_prob"] == pytest.approx(MODELS["fvsbn-digits"]["value"], rel=1e-6)
    done(capfd, "sample", "zoo:fvsbn-digits", "-n", 2, "--out", tmp_path / "x.csv")
    done(capfd, "compare", "zoo:fvsbn-digits", "zoo:made-digits", "digits")
    done(capfd, "publish", "zoo:fvsbn-digits", "--out", tmp_path / "hub")
    assert fingerprint(load(tmp_path / "hub")) == MODELS["fvsbn-digits"]["fingerprint"]
    assert "zoo: expected one of" in refused(capfd, "score", "zoo:nothing", "digits")


@pytest.mark.parametrize("name", ["nade-digits", "made-classes-digits", "vae-digits"])
def test_another_rounding_would_be_noticed(name: str) -> None:
    """The figure of the test above is fine enough to tell float16 from bfloat16."""
    told, model = MODELS[name], arden.load(f"zoo:{name}")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.bfloat16().float())
    found = make.measured(model, make.data_of(read_card(f"zoo:{name}")))
    assert found[told["figure"]] != pytest.approx(told["value"], rel=1e-6)


@pytest.mark.parametrize(
    "name",
    ["", "nade", "../pyproject.toml", "..", ".", "nade-digits/..", "/etc", "NADE-digits", "a b"],
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"zoo: expected one of .*nade-digits.*, got ") as told:
        located(f"zoo:{name}")
    assert "\n" not in str(told.value)


def test_a_slip_is_told() -> None:
    with pytest.raises(InputError, match='Did you mean "nade-digits"'):
        arden.load("zoo:nade-digit")


def test_a_package_without_a_checkout_looks_in_the_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages" / "arden" / "storage" / "zoo.py"
    monkeypatch.setattr(zoo, "__file__", str(site))
    monkeypatch.delenv("ARDEN_DATA", raising=False)
    with pytest.raises(FileError, match="there is no zoo here; expected the folder zoo of Arden's"):
        arden.load("zoo:fvsbn-digits")
    place = tmp_path / "data" / "zoo"
    shutil.copytree(FOLDER / "fvsbn-digits", place / "fvsbn-digits")
    monkeypatch.setenv("ARDEN_DATA", str(tmp_path / "data"))
    model = arden.load("zoo:fvsbn-digits")
    assert fingerprint(model) == MODELS["fvsbn-digits"]["fingerprint"]
    (place / "index.json").write_text("[]")
    with pytest.raises(FileError, match="not a readable index of a zoo"):
        arden.load("zoo:fvsbn-digits")


def test_halves_are_stored_and_singles_computed_with(tmp_path: Path) -> None:
    model = build(NADE, NADEOptions(hidden=30), Bernoulli(), Raster((6,)), dtype=torch.float32)
    whole = save(model, tmp_path / "whole")
    half = save(model, tmp_path / "half", half=True)
    assert (half / WEIGHTS).stat().st_size < 0.65 * (whole / WEIGHTS).stat().st_size
    found = load(half)
    for name, parameter in model.named_parameters():
        rounded = parameter.detach().half().float()
        assert torch.equal(found.get_parameter(name), rounded)
        assert found.get_parameter(name).dtype == torch.float32
    assert fingerprint(found) != fingerprint(model)
    again = save(found, tmp_path / "again", half=True)  # rounding twice is rounding once
    assert fingerprint(load(again)) == fingerprint(found)
    with safe_open(half / WEIGHTS, "pt") as one, safe_open(again / WEIGHTS, "pt") as other:
        assert one.metadata() == other.metadata()  # with the digest of all weights


def test_halves_of_weights_that_are_shared(tmp_path: Path) -> None:
    model = made_of_masks().float()
    found = load(save(model, tmp_path / "half", half=True))
    assert found.dtype == torch.float32
    x = torch.randint(2, (5, *model.event_shape))
    torch.testing.assert_close(found.log_prob(x), model.log_prob(x), rtol=0.02, atol=0.02)
    shared = {id(part) for part in found.parameters()}
    assert len(shared) == len({id(part) for part in model.parameters()})


def test_weights_beyond_halves_are_refused(tmp_path: Path) -> None:
    model = build(NADE, NADEOptions(hidden=3), Bernoulli(), Raster((6,)), dtype=torch.float32)
    with torch.no_grad():
        model.network.outputs[0] = 1e6
    with pytest.raises(InputError, match=r"half: expected weights below 65504 in size, .*1e\+06"):
        save(model, tmp_path / "half", half=True)
    assert not (tmp_path / "half").exists()


def test_what_was_edited_to_be_halves_is_damaged(tmp_path: Path) -> None:
    """The word in config.json alone makes no half of anything, and another word is none."""
    model = build(NADE, NADEOptions(hidden=3), Bernoulli(), Raster((6,)), dtype=torch.float32)
    folder = save(model, tmp_path / "whole")
    config = json.loads((folder / "config.json").read_text())
    for word in ("float16", "float8", 3, None):
        (folder / "config.json").write_text(json.dumps({**config, "stored": word}))
        assert fingerprint(load(folder)) == fingerprint(model)
