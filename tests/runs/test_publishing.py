"""A published run: a folder that loads as it is, and a card whose figures are the run's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import arden
from arden.assembly import split_options
from arden.cli import main
from arden.data.dataset import Dataset
from arden.errors import FileError, InputError
from arden.kernels import without_kernels
from arden.runs import fit_run, publishing
from arden.storage.model_files import fingerprint, read_card
from arden.systems import SYSTEMS
from tests.training.toys import bits, mixed


def fitted(name: str, data: Dataset, folder: Path) -> Path:
    """A system, data, a folder -> the folder, now a run of a short fit."""
    options = split_options(name, {**SYSTEMS[name].small, "epochs": 2})
    with without_kernels():
        fit_run(name, data, options, folder)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a run of a NADE."""
    return fitted("nade", bits(), tmp_path_factory.mktemp("runs") / "my-nade")


def test_it_loads_as_it_is(run: Path, tmp_path: Path) -> None:
    folder = arden.publish(run, tmp_path / "out", licence="apache-2.0")
    assert fingerprint(arden.load(folder)) == fingerprint(arden.load(run))
    assert read_card(folder) == read_card(run)
    names = {path.name for path in folder.iterdir()}
    pictures = {"training_curve.png", "samples_beside_probabilities.png"}
    assert names == {"config.json", "model.safetensors", "README.md", *pictures}
    text = (folder / "README.md").read_text(encoding="utf-8")
    head = text.split("---\n")[1].splitlines()
    assert head[0] == "library_name: arden"
    assert {"- arden", "- image", "license: apache-2.0"} <= set(head)
    assert set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)) == pictures


def test_its_figures_are_those_of_the_run(run: Path, tmp_path: Path) -> None:
    text = (arden.publish(run, tmp_path / "out") / "README.md").read_text(encoding="utf-8")
    figures = json.loads((run / "config.json").read_text())["card"]["figures"]
    assert f"| −ln p of a test row, nats | {figures['test_nats']:,.4f} |" in text
    assert f"| free parameters | {figures['num_parameters']:,} |" in text
    assert "Protocol: Bits made for a test." in text
    assert "hidden = " in text
    assert str(tmp_path) not in text


def test_its_example_runs(run: Path, tmp_path: Path) -> None:
    folder = arden.publish(run, tmp_path / "out")
    text = (folder / "README.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "path/to/my-nade" in code
    known: dict[str, Any] = {}
    code = code.replace("path/to/my-nade", str(folder)).replace("arden.verify(model)", "pass")
    with without_kernels():
        exec(code, known)
    assert known["x"].shape == (4, 2, 3)


def test_a_model_through_hidden_features_promises_no_density(tmp_path: Path) -> None:
    run = fitted("vae", bits(), tmp_path / "vae")
    text = (arden.publish(run, tmp_path / "out") / "README.md").read_text(encoding="utf-8")
    assert "A model through hidden features of images" in text
    assert "arden.score" not in text
    assert "is at least (64 draws), nats" in text


def test_columns_are_named_where_they_have_names(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="needs the extra table")
    x = mixed(60)
    values = x.train.values[:24].tolist()
    frame = pandas.DataFrame(values, columns=["a|b", "kind", "y"])
    frame["a|b"] = frame["a|b"].map({0.0: "no", 1.0: "yes"})
    run = fitted("rnade", arden.load_data(frame), tmp_path / "run")
    text = (arden.publish(run, tmp_path / "out") / "README.md").read_text(encoding="utf-8")
    assert r"| a\|b | binary | no, yes |" in text


def test_it_is_sent_only_when_asked(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(publishing, "push_folder", lambda *words, **how: sent.append((words, how)))
    arden.publish(run, tmp_path / "quiet")
    assert sent == []
    folder = arden.publish(run, tmp_path / "loud", push="hf:me/my-bits", private=True)
    assert sent == [((folder, "hf:me/my-bits"), {"private": True})]
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert 'arden.load("hf:me/my-bits")' in text
    assert "# my-bits" in text


def test_refusals(run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arden.publish(run, tmp_path / "out")
    with pytest.raises(FileError, match="holds a model already; say --overwrite"):
        arden.publish(run, tmp_path / "out")
    arden.publish(run, tmp_path / "out", overwrite=True)
    with pytest.raises(FileError, match="is the run itself"):
        arden.publish(run, run, overwrite=True)
    with pytest.raises(InputError, match="licence: expected an identifier"):
        arden.publish(run, tmp_path / "other", licence="Do what\nyou want")
    bare = arden.save(arden.load(run), tmp_path / "bare")
    with pytest.raises(FileError, match="saved without a schema"):
        arden.publish(bare, tmp_path / "other")
    with pytest.raises(SystemExit) as exited:
        main(["publish", str(run), "--out", str(tmp_path / "other"), "--private"])
    assert exited.value.code == 1
    assert "private: expected --push owner/name beside it" in capfd.readouterr().err
    assert not (tmp_path / "other").exists()
    with pytest.raises(SystemExit) as exited:
        main(["publish", str(run), "--out", str(tmp_path / "other"), "--license", "mit"])
    assert exited.value.code == 0
    assert "license: mit" in (tmp_path / "other" / "README.md").read_text(encoding="utf-8")
