"""Arrays, tensors, data frames, .npy and .npz: what is inferred, what is refused, how it splits."""

import io
import zipfile

import numpy as np
import pytest
import torch

from arden.data import load_data
from arden.errors import ArdenError, FileError, InputError

GENERATOR = np.random.default_rng(1)
BITS = GENERATOR.integers(0, 2, (20, 3))
LEVELS = np.arange(60).reshape(20, 3) % 7
REALS = GENERATOR.normal(size=(20, 3))


class Frame:
    """The little of a data frame that is asked for."""

    def __init__(self, array, columns):
        self.array, self.columns = np.asarray(array), columns

    def to_numpy(self):
        return self.array


def save(tmp_path, **arrays):
    path = tmp_path / "x.npz"
    np.savez(path, **arrays)
    return path


def message(source, **options):
    with pytest.raises(ArdenError) as caught:
        load_data(source, **options)
    text = str(caught.value)
    assert text.endswith((".", "?"))
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("array", "num_symbols", "dtype", "kind"),
    [
        (BITS, 2, torch.uint8, "binary"),
        (BITS.astype(bool), 2, torch.uint8, "binary"),
        (BITS.astype(np.float32), 2, torch.uint8, "binary"),
        (BITS * 0, 2, torch.uint8, "binary"),
        (LEVELS, 7, torch.uint8, "integer"),
        (LEVELS.astype(np.float64), 7, torch.uint8, "integer"),
        (LEVELS.astype(np.uint16), 7, torch.uint8, "integer"),
        (LEVELS * 0 + 3, 4, torch.uint8, "integer"),
        (LEVELS + 249, 256, torch.uint8, "integer"),
        (LEVELS + 250, 257, torch.int64, "integer"),
        (LEVELS + 65529, 65536, torch.int64, "integer"),
        (LEVELS - 1, None, torch.float64, "real"),
        (REALS, None, torch.float64, "real"),
        (REALS.astype(np.float16), None, torch.float64, "real"),
    ],
)
def test_inference_of_tables(array, num_symbols, dtype, kind):
    for source in (array, torch.tensor(array), array.tolist(), Frame(array, ["a", "b", "c"])):
        data = load_data(source)
        assert data.schema.num_symbols == num_symbols
        assert data.train.values.dtype == dtype
        assert {column.kind for column in data.schema.columns} == {kind}
        assert [len(data.train), len(data.valid), len(data.test)] == [16, 2, 2]
        rows = torch.cat([data.train.values, data.valid.values, data.test.values])
        assert sorted(rows.tolist()) == sorted(array.astype(np.float64).tolist())
        assert data.protocol.endswith("split 16/2/2 by numpy default_rng(0).permutation.")


def test_levels_are_counted_over_all_splits(tmp_path):
    path = save(tmp_path, train=BITS, valid=BITS, test=LEVELS)
    data = load_data(path)
    assert data.schema.num_symbols == 7
    assert "whole numbers 0..6, so 7 levels (largest value of all splits plus one)" in data.protocol
    assert "sha256" in data.protocol
    assert torch.equal(data.test.values, torch.tensor(LEVELS, dtype=torch.uint8))


def test_the_rule_can_be_overridden():
    assert load_data(BITS, discrete=False).schema.num_symbols is None
    assert "as asked" in load_data(BITS, discrete=False).protocol
    assert load_data(BITS, discrete=True).schema.num_symbols == 2
    assert "column 0 (counted from 0) holds -1; expected a whole number" in message(
        LEVELS - 1, discrete=True
    )
    assert "row 0" in message(REALS, discrete=True)
    big = "the largest value 65536 would make 65537 levels; at most 65536 are allowed"
    assert big in message(LEVELS + 65530)
    assert load_data(LEVELS + 65530, discrete=False).schema.num_symbols is None


@pytest.mark.parametrize("shape", [(20, 5, 4), (20, 5, 4, 3)])
def test_more_axes_are_images(shape):
    data = load_data(np.zeros(shape, dtype=np.uint8))
    assert data.schema.kind == "image"
    assert data.schema.event_shape == shape[1:]
    assert f"images {' x '.join(map(str, shape[1:]))};" in data.protocol


def test_one_column_and_smallest_sets():
    assert load_data([0, 1, 1]).train.values.shape == (1, 1)
    assert load_data(np.zeros((3, 1))).schema.num_variables == 1
    assert "at least 3 rows are needed" in message([[0, 1]])
    assert "at least one row" in message(np.zeros((0, 3)))
    assert "every axis must hold something" in message(np.zeros((3, 0)))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (np.array(3), "expected rows, got a single value"),
        (np.zeros((2,) * 5), "expected a table (N, D) or images"),
        (np.array([["a"]]), "expected numbers, got an array of dtype <U1"),
        (np.array([[1j]]), "expected numbers"),
        ([[1, 2], [3]], "ragged"),
        (np.array([[0.5, np.nan]] * 3), "array: row 0, column 1 (counted from 0) holds NaN"),
        (np.array([[0.5, np.inf]] * 3), "holds inf; expected a finite number"),
        (torch.full((3, 1), torch.nan), "holds NaN"),
        (np.array([[1, None]], dtype=object), "row 0, column 1 (counted from 0) holds None"),
        (Frame([[0.5, np.nan]] * 3, ["a", "b"]), 'column 1 ("b")'),
        (Frame(np.array([[1, "x"]], dtype=object), ["a", "b"]), "column \"b\" holds 'x'; expected"),
        (Frame(np.array([[1, "3"]], dtype=object), ["a", "b"]), "column \"b\" holds '3'; expected"),
        (Frame(BITS, ["a", "a", "b"]), 'distinct names, got "a" twice'),
        (3, "source must be the name of a data set, a file, an array"),
        (None, "got NoneType"),
    ],
)
def test_bad_arrays(source, words):
    assert words in message(source)


def test_names_of_data_frames():
    data = load_data(Frame(np.array([[1, True, 2.0]] * 3, dtype=object), ["a", "b", "c"]))
    assert [column.name for column in data.schema.columns] == ["a", "b", "c"]
    assert data.schema.num_symbols == 3
    counted = load_data(Frame(BITS, [0, 1, 2]))
    assert [column.name for column in counted.schema.columns] == ["x0", "x1", "x2"]


def test_pandas_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [0, 1, 2], "b": [True, False, True]})
    assert [column.num_symbols for column in load_data(frame).schema.columns] == [3, 2]
    assert load_data(frame, discrete=True).schema.num_symbols == 3  # as plain numbers
    counted = load_data(pandas.DataFrame(BITS))
    assert [column.name for column in counted.schema.columns] == ["x0", "x1", "x2"]
    assert not counted.schema.by_column


def test_the_set_does_not_change_with_the_array():
    array = BITS.copy()
    frozen = load_data(array)
    before = frozen.train.values.clone()
    array[:] = 1
    assert torch.equal(frozen.train.values, before)


@pytest.mark.parametrize(
    ("labels", "names", "codes"),
    [
        (np.arange(20) % 2 + 1, ("1", "2"), np.arange(20) % 2),
        (np.arange(20) % 11 * 1.0, tuple(map(str, range(11))), np.arange(20) % 11),
        (np.array(["dog", "cat"] * 10), ("cat", "dog"), np.array([1, 0] * 10)),
        (np.array([["dog"], ["cat"]] * 10, dtype=object), ("cat", "dog"), np.array([1, 0] * 10)),
        (np.array([b"dog", b"cat"] * 10), ("cat", "dog"), np.array([1, 0] * 10)),
        (np.array([True, False] * 10), ("0", "1"), np.array([1, 0] * 10)),
    ],
)
def test_labels_become_places_of_class_names(labels, names, codes):
    rows = np.arange(20)[:, None]  # a row is its own index: labels must stay with their rows
    data = load_data(rows, labels=labels)
    assert data.schema.class_names == names
    for split in (data.train, data.valid, data.test):
        assert split.labels.dtype == torch.int64
        assert split.labels.tolist() == codes[split.values[:, 0]].tolist()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.zeros(19), "expected 20, one a row"),
        (np.full(20, 0.5), "expected whole numbers or text"),
        (np.full(20, np.nan), "expected whole numbers or text"),
        (np.zeros((20, 2)), "expected shape (N,)"),
    ],
)
def test_bad_labels(labels, words):
    assert words in message(BITS, labels=labels)


def test_npy(tmp_path):
    np.save(tmp_path / "x.npy", LEVELS)
    data = load_data(str(tmp_path / "x.npy"))
    assert (data.name, data.schema.num_symbols) == ("x.npy", 7)


@pytest.mark.parametrize(
    "arrays",
    [
        {"x": BITS, "y": BITS[:, 0]},
        {"X": BITS, "Labels": BITS[:, 0]},
        {"data": BITS, "y": BITS[:, 0]},
        {"anything": BITS, "y": BITS[:, 0]},
        {"x_train": BITS, "y_train": BITS[:, 0]},
        {"x": BITS, "y": BITS[:, 0], "about": np.zeros(1)},
    ],
)
def test_npz_of_a_whole_set(tmp_path, arrays):
    data = load_data(save(tmp_path, **arrays))
    assert len(data.train) == 16
    assert torch.equal(data.train.labels, data.train.values[:, 0].long())
    assert ("left unread: about" in data.protocol) == ("about" in arrays)


@pytest.mark.parametrize(
    "keys",
    [
        ("train", "valid", "test", "y_train", "y_valid", "y_test"),
        ("x_train", "x_val", "x_test", "y_train", "y_val", "y_test"),
        ("train", "validation", "test", "train_labels", "validation_labels", "test_labels"),
    ],
)
def test_npz_of_given_splits(tmp_path, keys):
    arrays = [BITS[:5], BITS[5:8], BITS[8:], BITS[:5, 0], BITS[5:8, 0], BITS[8:, 0]]
    data = load_data(save(tmp_path, **dict(zip(keys, arrays, strict=True))))
    for split, rows in ((data.train, BITS[:5]), (data.valid, BITS[5:8]), (data.test, BITS[8:])):
        assert split.values.tolist() == rows.tolist()
        assert split.labels.tolist() == rows[:, 0].tolist()
    assert data.protocol.endswith("split 5/3/12 as given.")


def test_npz_without_validation(tmp_path):
    path = save(tmp_path, x_train=LEVELS, y_train=LEVELS[:, 0], x_test=BITS, y_test=BITS[:, 0])
    data = load_data(path, seed=3)
    assert [len(data.train), len(data.valid), len(data.test)] == [18, 2, 20]
    both = torch.cat([data.train.values, data.valid.values])
    assert sorted(both.tolist()) == sorted(LEVELS.tolist())
    assert torch.equal(data.valid.labels, data.valid.values[:, 0].long())
    assert "valid taken from train by numpy default_rng(3).permutation" in data.protocol


def test_packed_bits(tmp_path):
    bits = GENERATOR.integers(0, 2, (10, 13), dtype=np.uint8)
    packed = np.packbits(bits, axis=1)
    data = load_data(save(tmp_path, train=packed, valid=packed, test=packed, n_vars=13))
    assert data.test.values.tolist() == bits.tolist()
    assert "bits unpacked" in data.protocol
    assert "expected 20 packed bits" in message(save(tmp_path, x=packed, n_vars=20))
    assert "n_vars must be one whole number" in message(save(tmp_path, x=packed, n_vars=0))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"train": BITS, "valid": BITS}, "a given split needs arrays train and test"),
        ({"test": BITS}, "a given split needs arrays train and test"),
        (
            {"a": BITS, "b": BITS},
            "expected arrays train and test, or one array x or data, got a, b.",
        ),
        ({f"k{i}": BITS for i in range(12)}, "and 4 more."),
        ({"y": BITS}, "got y."),
        ({}, "got none."),
        ({"train": BITS, "test": BITS[:, :2]}, "one shape, got (3,) in train and (2,) in test"),
        ({"train": BITS, "test": BITS[:0]}, "expected at least one row in test"),
        ({"train": BITS[:1], "test": BITS}, "at least 2 training rows"),
        ({"train": BITS, "test": REALS * np.nan}, "holds NaN"),
        ({"x": BITS, "y": BITS[:5, 0]}, "expected 20, one a row"),
        ({"train": BITS, "valid": BITS, "test": BITS, "y_test": BITS[:5, 0]}, "expected 20 labels"),
        ({"x": np.array(["a"])}, "x in x.npz: expected numbers"),
    ],
)
def test_bad_npz(tmp_path, arrays, words):
    assert words in message(save(tmp_path, **arrays))


def test_damaged_and_foreign_files(tmp_path):
    good = save(tmp_path, x=LEVELS).read_bytes()
    objects = io.BytesIO()
    np.save(objects, np.array([{}], dtype=object), allow_pickle=True)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("x", "not an array")
    flipped = bytearray(good)
    flipped[len(good) // 3] ^= 255
    for name, content in {
        "cut.npz": good[: len(good) // 2],
        "flipped.npz": bytes(flipped),
        "empty.npz": b"",
        "empty.npy": b"",
        "text.npy": b"hello",
        "objects.npy": objects.getvalue(),
        "zipped.npz": zipped.getvalue(),
        "folder.npz": None,
    }.items():
        path = tmp_path / name
        path.mkdir() if content is None else path.write_bytes(content)
        with pytest.raises(FileError) as caught:
            load_data(path)
        assert str(path) in str(caught.value), name
    npy = tmp_path / "huge.npy"
    np.save(npy, LEVELS)
    npy.write_bytes(npy.read_bytes().replace(b"(20, 3)", b"(20, 9)"))
    with pytest.raises(FileError, match="damaged or cut short"):
        load_data(npy)


def test_names_paths_and_suggestions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert 'neither a data set nor a file. Did you mean "digits"?' in message("digit")
    assert "Data sets are adult, binarized-mnist, dcss-tiles, digits" in message("zebra")
    np.save("rows.npy", BITS)
    assert 'there is no such file. Did you mean "rows.npy"?' in message("row.npy")
    told = message("x.xlsx")
    assert "expected a file ending in .csv, .npy, .npz, .amat" in told
    assert 'got ".xlsx"' in told
    (tmp_path / "folder").mkdir()
    assert "got a folder" in message("folder")
    assert "got a folder" in message(tmp_path)
    assert '"" is neither a data set nor a file' in message("")
    (tmp_path / "plain").write_text("1,2\n")
    assert "expected a file ending in" in message("plain")
    assert "labels cannot be given for the named set" in message("digits", labels=[1])
    assert "discrete cannot be given for the named set" in message("digits", discrete=True)
    assert "labels cannot be given for the file" in message("rows.npy", labels=[1])
    with pytest.raises(InputError):
        load_data("digits:test")


def test_a_data_set_is_returned_as_it_is():
    data = load_data(BITS)
    assert load_data(data) is data


def test_csv_end_to_end(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "0,1.0\n3,2\n" * 10)
    data = load_data(path)
    assert [column.name for column in data.schema.columns] == ["a", "b"]
    assert [column.levels for column in data.schema.columns] == [(0, 3), (1.0, 2.0)]
    assert "the first line names the columns" in data.protocol
    path.write_text("0,1.0\n3,2\n" * 10)
    assert load_data(path).schema.num_symbols == 4  # without names: one table of numbers
    path.write_text("a,b\n" + "0,1.5\n3,-2\n" * 10)
    assert load_data(path, discrete=False).schema.num_symbols is None
    text = message(path, discrete=True)
    assert 'x.csv: line 2, column 2 ("b") (counted from 1) holds 1.5; expected a whole' in text
