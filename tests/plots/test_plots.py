"""What holds for every picture: whole files, one-sentence errors, no trace in global state."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib
import pytest
import torch

from arden.errors import FileError, InputError
from arden.plots import style
from arden.plots.attention_map import attention_map
from arden.plots.conditionals_map import conditionals_map
from arden.plots.dependency_map import dependency_map
from arden.plots.ordering_map import ordering_map
from arden.plots.ordering_sheet import OrderingPanel, ordering_sheet
from arden.plots.sample_grid import sample_grid
from arden.plots.samples_beside_probabilities import samples_beside_probabilities
from arden.plots.text_surprise import text_surprise
from arden.plots.training_curve import training_curve
from arden.plots.wave_surprise import wave_surprise

BITS = torch.tensor([[[0, 1], [1, 0]], [[1, 1], [0, 0]]])

PICTURES = {
    "attention_map": lambda path: attention_map(torch.ones(4, 4).tril(-1), path, "Title"),
    "conditionals_map": lambda path: conditionals_map(-BITS.double(), BITS, path),
    "dependency_map": lambda path: dependency_map(torch.eye(3).bool(), path, "Title"),
    "ordering_map": lambda path: ordering_map(torch.arange(4), (2, 2), path, "Title"),
    "ordering_sheet": lambda path: ordering_sheet(
        [OrderingPanel("Heading", torch.arange(4), (2, 2))], path
    ),
    "sample_grid": lambda path: sample_grid(BITS, path),
    "samples_beside_probabilities": lambda path: samples_beside_probabilities(
        BITS, BITS * 0.5, path, "Title"
    ),
    "text_surprise": lambda path: text_surprise("ab\n", [0.1, 2.0, 3.0], path, "Title"),
    "wave_surprise": lambda path: wave_surprise([0.1, -0.4], [0.1, 2.0], path, "Title"),
    "training_curve": lambda path: training_curve(
        [{"epoch": e, "train": 3.0 - e, "valid": 3.5 - e} for e in (1, 2)], path, "Title"
    ),
}
every_picture = pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)


@every_picture
def test_it_is_written_whole_and_the_same_in_any_thread(draw, tmp_path, pixels):
    before = dict(matplotlib.rcParams)
    paths = [tmp_path / "a.png", str(tmp_path / "b.PNG")]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(draw, paths)
    assert (first, second) == (paths[0], tmp_path / "b.PNG")
    assert first.read_bytes() == second.read_bytes()
    shown = pixels(first)
    assert min(shown.shape[:2]) > 100
    assert shown.std() > 1
    assert {file.name for file in tmp_path.iterdir()} == {"a.png", "b.PNG"}
    assert dict(matplotlib.rcParams) == before


@every_picture
def test_a_path_that_cannot_be_written_is_one_sentence(draw, tmp_path):
    path = tmp_path / "folder.png"
    path.mkdir()
    with pytest.raises(FileError, match="cannot be written") as caught:
        draw(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.rglob("*")) == [path]


@pytest.mark.parametrize("name", ["missing/picture.png", "file/picture.png", "x" * 300 + ".png"])
def test_other_paths_that_cannot_be_written(name, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FileError, match="cannot be written"):
        sample_grid(BITS, tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@every_picture
@pytest.mark.parametrize("name", ["picture.gif", "picture", ".png"])
def test_another_ending_is_refused_before_anything_is_drawn(draw, name, tmp_path):
    with pytest.raises(InputError, match=r"expected a name that ends in \.png"):
        draw(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["sample_grid", "training_curve"])
def test_what_was_there_stays_when_writing_fails(name, tmp_path, monkeypatch):
    path = tmp_path / "picture.png"
    path.write_text("old")

    def fail(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(FileError, match="No space left"):
        PICTURES[name](path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["picture.png"]


@pytest.mark.parametrize(
    ("name", "ending", "sign"),
    [
        ("conditionals_map", "pdf", b"%PDF"),
        ("dependency_map", "pdf", b"%PDF"),
        ("training_curve", "svg", b"<svg"),
    ],
)
def test_figures_can_be_vectors(name, ending, sign, tmp_path):
    assert sign in PICTURES[name](tmp_path / f"picture.{ending}").read_bytes()


def test_a_grid_of_samples_is_pixels_only(tmp_path):
    with pytest.raises(InputError, match=r"ends in \.png, got"):
        sample_grid(BITS, tmp_path / "picture.svg")


def test_importing_the_folder_loads_no_matplotlib():
    program = "import sys, arden.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_no_picture_uses_pyplot():
    for file in Path(style.__file__).parent.glob("*.py"):
        assert "pyplot" not in file.read_text(encoding="utf-8"), file
