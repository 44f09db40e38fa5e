"""Runs are found wherever they lie, opened once, and what is missing is told in one sentence."""

from __future__ import annotations

import shutil

import pytest

import arden
from arden.errors import FileError, InputError
from arden.studio.shelf import Shelf


def test_runs_are_found_at_any_depth_and_broken_ones_left_out(shelf):
    names = [run.name for run in shelf.runs()]
    assert names == sorted(names)
    assert set(names) == {"any", "one", "by-class", "deep/text", "names", "vae"}


def test_a_run_itself_may_be_the_folder(folder):
    [run] = Shelf(folder / "one").runs()
    assert run.name == "one"
    assert run.title == "nade on few digits"


def test_an_unknown_run_is_refused(shelf):
    with pytest.raises(FileError, match="none is called nothing"):
        shelf.run("nothing")


def test_a_model_is_read_again_only_when_it_has_changed(folder, tmp_path):
    shutil.copytree(folder / "one", tmp_path / "one")
    shelf = Shelf(tmp_path)
    first = shelf.model(shelf.run("one"))
    assert shelf.model(shelf.run("one")) is first
    other = arden.fit("independent", arden.load_data("digits"), progress=False)
    card = shelf.run("one").card
    arden.save(other, tmp_path / "one", card=card, overwrite=True)
    assert shelf.model(shelf.run("one")).num_parameters == 64


def test_what_has_no_density_is_refused(shelf):
    with pytest.raises(InputError, match="only a lower bound"):
        shelf.exact_model(shelf.run("vae"), "complete")


def test_data_that_are_gone_are_told_of(folder, shelf):
    assert len(shelf.data(shelf.run("any")).test) == 60
    assert shelf.data(shelf.run("deep/text")).schema.kind == "text"
    bare = Shelf(folder)
    with pytest.raises(FileError, match="the data of deep/text are not at hand"):
        bare.data(bare.run("deep/text"))
