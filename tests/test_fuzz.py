"""`tests/fuzz.py`, with fewer files than its author gives it, and a reader that must not pass."""

from __future__ import annotations

import importlib.util

import pytest

from tests import fuzz


@pytest.mark.parametrize("name", fuzz.FORMATS)
def test_damaged_files_are_read_or_refused_in_a_sentence(name):
    if name == "parquet" and importlib.util.find_spec("pyarrow") is None:
        pytest.skip("a .parquet file needs the extra table")
    counts = fuzz.fuzz(name, tries=25, seed=1)
    assert sum(counts.values()) == 25
    assert counts["refused"] > 0


@pytest.mark.parametrize("raised", [KeyError("x"), fuzz.ArdenError("two\nlines")])
def test_what_is_no_sentence_is_found(raised, monkeypatch):
    def read(path):
        raise raised

    monkeypatch.setitem(fuzz.FORMATS, "csv", ("x.csv", fuzz.csv, read))
    with pytest.raises(RuntimeError, match="csv, seed 0"):
        fuzz.fuzz("csv", tries=1, seed=0)
