"""IDX files, good and bad: whatever the header says, one sentence and no memory spent on it."""

from __future__ import annotations

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from arden.data import load_data
from arden.data.readers.idx_file import idx_bytes, read_idx, read_idx_array
from arden.errors import FileError

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 3, 4), dtype=np.uint8)
GOOD = idx_bytes(IMAGES)


def written(tmp_path, content, name="train-images-idx3-ubyte"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("shape", [(5,), (5, 2), (5, 2, 3), (5, 2, 3, 3), (0, 2)])
def test_what_is_written_is_read(tmp_path, shape):
    array = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    path = written(tmp_path, idx_bytes(array))
    assert read_idx_array(path).tolist() == array.tolist()
    packed = written(tmp_path, gzip.compress(idx_bytes(array)), "x-ubyte.gz")
    assert read_idx_array(packed).tolist() == array.tolist()
    assert read_idx_array(packed).shape == shape


@pytest.mark.parametrize(
    "name", ["train-images-idx3-ubyte", "train-images.idx3-ubyte", "t10k-IMAGES-idx3-ubyte.gz"]
)
def test_a_lone_file_is_a_data_set(tmp_path, name):
    content = gzip.compress(GOOD) if name.endswith(".gz") else GOOD
    data = load_data(written(tmp_path, content, name))
    assert data.schema.event_shape == (3, 4)
    assert (len(data.train), len(data.valid), len(data.test)) == (16, 2, 2)
    assert "sha256 " in data.protocol


def test_what_is_gzipped_is_told_by_the_content(tmp_path):
    """Some servers unpack in passing, and leave the name as it is."""
    path = written(tmp_path, GOOD, "train-images-idx3-ubyte.gz")
    assert read_idx_array(path).tolist() == IMAGES.tolist()


def test_labels_are_a_column(tmp_path):
    raw = read_idx(written(tmp_path, idx_bytes(np.arange(5, dtype=np.uint8))))
    assert raw.parts["all"].values.tolist() == [[0], [1], [2], [3], [4]]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no IDX file; expected to begin with 00 00 08"),
        (b"\0\0", "is no IDX file"),
        (b"<html>", "is no IDX file; expected to begin with 00 00 08 and a number of axes of 1 to"),
        (b"\0\0\x08\0", "is no IDX file"),
        (b"\0\0\x08\x05" + bytes(20), "is no IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "of unsigned bytes, got one of float32"),
        (b"\0\0\x77\x01\0\0\0\x01\0\0\0\0", "of unsigned bytes, got one of type 0x77"),
        (b"\0\0\x08\x03\0\0\0\x01", "is cut short within its header"),
        (GOOD[:-1], "promises 240 bytes, an array of shape (20, 3, 4), but the file is cut short"),
        (GOOD + b"\0", "promises 240 bytes, an array of shape (20, 3, 4), but more follow"),
        (
            struct.pack(">HBB4I", 0, 8, 4, *[2**32 - 1] * 4) + b"\0",
            "but the file is cut short",
        ),
        (struct.pack(">HBB1I", 0, 8, 1, 2**30) + b"\0", "but the file is cut short"),
    ],
)
def test_bad_files(tmp_path, content, told, packed):
    path = written(tmp_path, gzip.compress(content) if packed else content)
    tracemalloc.start()
    with pytest.raises(FileError) as caught:
        read_idx_array(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert peak < 10 << 20  # a header may promise 2^128 bytes


def test_a_long_file_is_not_read_beyond_what_it_promises(tmp_path):
    bomb = gzip.compress(idx_bytes(np.zeros(5, np.uint8)) + bytes(200 << 20), compresslevel=1)
    path = written(tmp_path, bomb)
    tracemalloc.start()
    with pytest.raises(FileError, match="but more follow"):
        read_idx_array(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 << 20


@pytest.mark.parametrize("damage", [slice(None, 60), slice(None, -1), slice(None, 12)])
def test_damaged_gzip(tmp_path, damage):
    path = written(tmp_path, gzip.compress(GOOD)[damage])
    with pytest.raises(FileError, match="its gzip data are damaged or cut short"):
        read_idx_array(path)
    middle = bytearray(gzip.compress(GOOD))
    middle[len(middle) // 2] ^= 255
    with pytest.raises(FileError, match=r"gzip data are damaged|is no IDX file"):
        read_idx_array(written(tmp_path, bytes(middle)))


def test_a_folder_by_that_name(tmp_path):
    with pytest.raises(FileError, match=r"cannot be read \(Is a directory\)"):
        read_idx_array(tmp_path)
