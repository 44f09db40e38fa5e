"""A folder without runs is furnished once; what was interrupted is finished; the rest is left."""

from __future__ import annotations

import signal

import pytest

from arden.errors import FileError
from arden.studio import starters
from arden.studio.shelf import Shelf
from arden.studio.starters import OWN_DATA, Starter, fit_starters, language_reference
from tests.training.toys import bits

TINY = tuple(
    Starter(name, name, bits, {"epochs": 2, "hidden": hidden})
    for name, hidden in (("nade", 3), ("made", (4,)))
)


def test_they_are_fitted_once(tmp_path):
    said = []
    shelf = Shelf(tmp_path / "new" / "runs")
    assert fit_starters(shelf, said.append, TINY) == 2
    assert [run.name for run in shelf.runs()] == ["made", "nade"]
    assert "No runs in" in said[0]
    assert fit_starters(shelf, said.append, TINY) == 0
    assert len(said) == 1


def test_a_folder_with_other_runs_is_left_alone(shelf):
    assert fit_starters(shelf, print, TINY) == 0


def test_what_was_interrupted_is_finished(tmp_path, monkeypatch):
    shelf, fits = Shelf(tmp_path), []

    def interrupted(name, data, *given, report, **options):
        fits.append(name)
        if name == "made" and fits.count("made") == 1:

            def report(progress):
                if progress.epoch == 1 and progress.valid is not None:
                    signal.raise_signal(signal.SIGINT)

        return real(name, data, *given, report=report, **options)

    real = starters.fit_run
    monkeypatch.setattr(starters, "fit_run", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a background job
    try:
        with pytest.raises(KeyboardInterrupt):
            fit_starters(shelf, print, TINY)
    finally:
        signal.signal(signal.SIGINT, before)
    assert fit_starters(shelf, print, TINY) == 2
    assert all("figures" in run.card for run in shelf.runs())
    assert fit_starters(shelf, print, TINY) == 0


def test_what_cannot_be_had_is_left_out(tmp_path):
    missing = Starter("text", "gru", lambda: None, {})
    assert fit_starters(Shelf(tmp_path), print, (missing, TINY[0])) == 1


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be made"):
        fit_starters(Shelf(tmp_path / "file" / "runs"), print, TINY)


def test_the_reference_is_a_text_that_comes_with_python():
    data = language_reference()
    if data is None:
        pytest.skip("this Python came without pydoc_data")
    assert data.name in OWN_DATA
    assert data.num_units("test") == 6_000
    assert len(data.schema.symbols) < 100
