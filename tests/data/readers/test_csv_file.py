"""CSV files as people have them: headers, separators, and every way a cell can be wrong."""

import numpy as np
import pytest

from arden.data.readers.csv_file import read_csv
from arden.errors import ArdenError, FileError, InputError


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode(encoding))
    return read_csv(path)


@pytest.mark.parametrize(
    ("text", "names", "values"),
    [
        ("1,2\n3,4\n", None, [[1, 2], [3, 4]]),
        ("a,b\n3,4\n", ("a", "b"), [[3, 4]]),
        ("a\n3\n", ("a",), [[3]]),
        ("7", None, [[7]]),
        ("a;b\r\n1;2\r\n", ("a", "b"), [[1, 2]]),
        ('"a;1";"b"\n1;2\n', ("a;1", "b"), [[1, 2]]),
        ("a\tb\n1\t-2e3\n", ("a", "b"), [[1, -2000]]),
        (" a , b \n 1 , 2 \n\n\n", ("a", "b"), [[1, 2]]),
        ("\ufeff1,2\n", None, [[1, 2]]),
        ("0,1,2\n2,1,0\n", None, [[0, 1, 2], [2, 1, 0]]),
        ("0,1,2,3,4,5,6,7\n1,1,1,1,1,1,1,1\n", None, [[1] * 8]),
    ],
)
def test_good_files(tmp_path, text, names, values):
    raw = read(tmp_path, text)
    assert raw.column_names == names
    assert raw.parts["all"].values.dtype == np.float64
    assert raw.parts["all"].values.tolist() == values
    assert raw.name == "x.csv"


def test_lines_are_remembered(tmp_path):
    raw = read(tmp_path, 'a,"b\nc"\n1,2\n3,4\n')
    assert raw.parts["all"].lines.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected rows of numbers, got an empty file."),
        ("\n\n", "got an empty file"),
        ("a,b\n", "got a header line alone"),
        ("a,b\n1,2\n3,oops\n", 'line 3, column 2 ("b") holds "oops"; expected a number.'),
        ("1,2\n3,oops\n", 'line 2, column 2 holds "oops"; expected a number.'),
        ("1,2\n3,1_000\n", 'holds "1_000"; expected a number.'),
        ("1,2\n3\n", "line 2 has 1 field; expected 2 as in the first line."),
        ("1,2\n3,4,5\n", "line 2 has 3 fields; expected 2"),
        ("1,2\n\n3,4\n", "line 2 has 0 fields; expected 2"),
        ("1\n\n3\n", "line 2 has 0 fields; expected 1"),
        ("a,b\n1,\n", 'line 2, column 2 ("b") is missing (""); every cell must hold a number.'),
        ("1,2\n?,2\n", 'line 2, column 1 is missing ("?")'),
        ("1,NaN\n1,2\n", 'line 1, column 2 is missing ("NaN")'),
        ("1,2\n1,N/A\n", 'is missing ("N/A")'),
        ("1,2\n1,inf\n", 'line 2, column 2 holds "inf"; expected a finite number.'),
        ("1,2\n1,1e999\n", "expected a finite number"),
        (",0,1,2,3,4,5,6,7\n" + "0,1,1,1,1,1,1,1,1\n", "line 1, column 1 has no name"),
        (",a\n0,1\n", "line 1, column 1 has no name"),
        ("a,a\n0,1\n", 'line 1 names "a" twice'),
    ],
)
def test_bad_files_are_explained(tmp_path, text, words):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert words in str(caught.value)
    assert "x.csv: " in str(caught.value)


def test_what_is_no_text(tmp_path):
    with pytest.raises(FileError, match="expected a text file in UTF-8"):
        read(tmp_path, "é,è\n1,2\n", encoding="latin-1")
    with pytest.raises(ArdenError):
        read(tmp_path, "1,2\n\0,3\n")
    with pytest.raises(FileError, match=r"cannot be read"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(FileError, match=r"not a readable CSV file"):
        read(tmp_path, '1,"' + "9" * 200_000)
