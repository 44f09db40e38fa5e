"""AMAT files, good and bad, and that large ones take seconds."""

from __future__ import annotations

import gzip
import time

import numpy as np
import pytest

from arden.data import load_data
from arden.data.readers import amat_file
from arden.data.readers.amat_file import amat_bytes, read_amat_array
from arden.errors import FileError

BITS = np.random.default_rng(0).integers(0, 2, (40, 7), dtype=np.uint8)


def written(tmp_path, content, name="x.amat"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["x.amat", "x.AMAT.gz"])
def test_a_file_is_a_data_set(tmp_path, name):
    content = amat_bytes(BITS)
    path = written(tmp_path, gzip.compress(content) if name.endswith("gz") else content, name)
    assert read_amat_array(path).tolist() == BITS.tolist()
    data = load_data(path)
    assert (data.schema.event_shape, data.schema.num_symbols) == ((7,), 2)


@pytest.mark.parametrize("piece", [1, 5, 14, 15, 1 << 20])
@pytest.mark.parametrize(
    "form", [("\n", " "), (" \n", " "), ("\r\n", " "), ("\n\n", "\t"), ("\n", "   ")]
)
def test_lines_and_blanks_of_all_kinds(tmp_path, monkeypatch, piece, form):
    monkeypatch.setattr(amat_file, "PIECE", piece)
    end, blank = form
    text = end.join(blank.join(map(str, row)) for row in BITS.tolist())
    for tail in ("", end, f"{end} {end}"):
        path = written(tmp_path, (text + tail).encode())
        assert read_amat_array(path).tolist() == BITS.tolist()


def test_one_row_and_one_column(tmp_path):
    assert read_amat_array(written(tmp_path, b"1")).tolist() == [[1]]
    assert read_amat_array(written(tmp_path, b"0 1 1")).tolist() == [[0, 1, 1]]
    assert read_amat_array(written(tmp_path, b"0\n1\n")).tolist() == [[0], [1]]


@pytest.mark.parametrize("piece", [3, 1 << 20])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "expected rows of 0 and 1, got none"),
        (b" \n\n", "expected rows of 0 and 1, got none"),
        (b"0 1\n0 2\n", 'line 2 holds "2"; expected 0 and 1'),
        (b"0 1\n\n0 10\n", 'line 3 holds "10"; expected 0 and 1'),
        (b"0 1\n0.0 1\n", 'line 2 holds "0.0"; expected 0 and 1'),
        (b"0 1\n0 -1\n", 'line 2 holds "-1"'),
        (b"0,1\n", 'line 1 holds "0,1"'),
        (b"<html>\n", 'line 1 holds "<html>"'),
        (b"\xff\xfe0\n", 'line 1 holds "'),
        (b"0 1\n\n0 1 1\n", "line 3 has 3 values; expected 2 as in the first row"),
        (b"0 1\n0 1\n1\n", "line 3 has 1 values; expected 2 as in the first row"),
    ],
)
def test_bad_files(tmp_path, monkeypatch, content, told, piece):
    monkeypatch.setattr(amat_file, "PIECE", piece)
    path = written(tmp_path, content)
    with pytest.raises(FileError) as caught:
        read_amat_array(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)


def test_a_line_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(amat_file, "PIECE", 100)
    monkeypatch.setattr(amat_file, "MOST_IN_A_LINE", 500)
    with pytest.raises(FileError, match="a line is longer than 500"):
        read_amat_array(written(tmp_path, b"0 " * 1000))
    with pytest.raises(FileError, match="gzip data are damaged"):
        read_amat_array(written(tmp_path, gzip.compress(amat_bytes(BITS))[:40]))


def test_it_is_fast(tmp_path):
    """A tenth of static binarized MNIST: five seconds would be fifty for the whole."""
    bits = np.random.default_rng(0).integers(0, 2, (5000, 784), dtype=np.uint8)
    path = written(tmp_path, amat_bytes(bits))
    begun = time.process_time()
    assert np.array_equal(read_amat_array(path), bits)
    assert time.process_time() - begun < 2.0
