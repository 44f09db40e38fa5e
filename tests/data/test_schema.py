"""Schema: what it refuses to be, what it refuses to hold, and its way through JSON."""

import json
import subprocess
import sys

import pytest
import torch

from arden.data import Column, Schema
from arden.data import validation as validation_module
from arden.errors import ArdenError, FileError, InputError, suggestion

MIXED = Schema(
    "table",
    (3,),
    columns=(Column("sex", "binary", 2), Column("age", "integer", 100), Column("height", "real")),
    class_names=("no", "yes"),
)


def message(action, *args, **kwargs):
    with pytest.raises(InputError) as caught:
        action(*args, **kwargs)
    text = str(caught.value)
    assert text.endswith((".", "?"))
    assert "\n" not in text
    return text


def test_errors_can_be_caught_as_python_s_own():
    assert issubclass(InputError, (ArdenError, ValueError))
    assert issubclass(InputError, ValueError)
    assert issubclass(FileError, OSError)
    assert issubclass(FileError, ArdenError)
    assert str(FileError("x.csv: there is no such file.")) == "x.csv: there is no such file."


@pytest.mark.parametrize(
    ("word", "answer"),
    [("MNIST", ' Did you mean "mnist"?'), ("mnits", ' Did you mean "mnist"?'), ("zebra", "")],
)
def test_suggestion(word, answer):
    assert suggestion(word, ["digits", "mnist"]) == answer


def test_data_is_imported_without_torch_or_numpy():
    code = "import sys, arden.data; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("schema", "variables", "discrete", "dtype"),
    [
        (Schema("image", (5, 7), 2), 35, True, torch.uint8),
        (Schema("image", (5, 7, 3), 256), 105, True, torch.uint8),
        (Schema("table", (4,), 257), 4, True, torch.int64),
        (Schema("table", (4,), 1), 4, True, torch.uint8),
        (Schema("table", (1,)), 1, False, torch.float64),
        (Schema("text", (80,), 65), 80, True, torch.uint8),
        (Schema("text", (8,), 3, symbols=("\n", "é", "字"), stride=4), 8, True, torch.uint8),
        (Schema("audio", (9,), 256, sample_rate=8000, stride=1), 9, True, torch.uint8),
        (MIXED, 3, False, torch.float64),
    ],
)
def test_derived_properties_and_json(schema, variables, discrete, dtype):
    assert schema.num_variables == variables
    assert schema.is_discrete is discrete
    assert schema.dtype == dtype
    assert len(schema.levels) == variables
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema
    assert hash(schema) == hash(Schema.from_dict(schema.to_dict()))


def test_what_an_older_version_wrote_can_be_read():
    for schema in (Schema("text", (80,), 65), MIXED):
        new = ("symbols", "sample_rate", "stride")
        saved = {key: value for key, value in schema.to_dict().items() if key not in new}
        assert Schema.from_dict(saved) == schema


def test_columns_are_filled_in():
    columns = Schema("table", (2,), 2).columns
    assert columns == (Column("x0", "binary", 2), Column("x1", "binary", 2))
    assert Schema("table", (2,), 5).columns[1].kind == "integer"


def test_discrete_columns_of_several_levels():
    columns = (Column("a", "binary", 2), Column("b", "categorical", 300))
    schema = Schema("table", (2,), None, columns)
    assert schema.is_discrete
    assert schema.dtype == torch.int64
    schema.validate(torch.tensor([[1, 299]]))
    assert "column 0 (counted from 0)" not in message(schema.validate, torch.tensor([[1, 300]]))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ("imag", (2, 2)),
            "must be one of image, table, text, audio, strings, got 'imag'. Did you mean \"image",
        ),
        (("image", (4,)), "must have 2 or 3 axes"),
        (("table", (2, 2)), "must have 1 axes"),
        (("image", (0, 2)), "at least 1"),
        (("image", (2.0, 2)), "at least 1"),
        (("image", 4), "Schema.event_shape must be a tuple"),
        (("image", (2, 2), 0), "Schema.num_symbols"),
        (("image", (2, 2), True), "Schema.num_symbols"),
        (("image", (2, 2), 2, (Column("a", "real"),)), "must be empty for kind image"),
        (("table", (2,), None, (Column("a", "real"),)), "as many as event_shape"),
        (("table", (1,), 3, (Column("a", "binary", 2),)), "must be 2 to agree with its columns"),
        (("table", (2,), None, (Column("a", "real"),) * 2), 'got "a" twice'),
        (("table", (1,), None, ("a",)), "must hold Column objects"),
        (("image", (2, 2), 2, (), ("a", "a")), "class_names"),
        (("image", (2, 2), 2, (), (1,)), "class_names must be texts"),
        (("audio", (8, 2), 256), "must have 1 axes"),
        (("image", (2, 2), 2, (), (), ("a", "b")), "symbols must be left out for kind image"),
        (("audio", (8,), 2, (), (), ("a", "b")), "symbols must be left out for kind audio"),
        (("text", (8,), 2, (), (), ("a",)), "as many as num_symbols 2 says, got 1"),
        (("text", (8,), 2, (), (), ("a", "a")), 'got "a" twice'),
        (("text", (8,), 2, (), (), ("a", "bc")), "single characters, got 'bc'"),
        (("text", (8,), 2, (), (), "ab"), "Schema.symbols must be a tuple"),
        (("text", (8,), 2, (), (), (), 8000), "sample_rate must be left out for kind text"),
        (("audio", (8,), 2, (), (), (), 0), "Schema.sample_rate must be a whole number"),
        (("table", (8,), 2, (), (), (), None, 2), "stride must be left out for kind table"),
        (("text", (8,), 2, (), (), (), None, 0), "Schema.stride must be a whole number"),
        (("text", (8,), 2, (), (), (), None, 5), "at most half the window of 8, got 5"),
    ],
)
def test_impossible_schemas(args, words):
    assert words in message(Schema, *args)


@pytest.mark.parametrize(
    "args",
    [
        ("", "real"),
        ("a", "ral"),
        ("a", "real", 3),
        ("a", "binary", 3),
        ("a", "integer"),
        (3, "real"),
    ],
)
def test_impossible_columns(args):
    message(Column, *args)


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        ([], "must be a dictionary"),
        ({"kind": "image"}, 'lacks the key "event_shape"'),
        ({"kind": "image", "event_shape": [2, 2], "num_symbls": 2}, 'Did you mean "num_symbols"?'),
        ({**MIXED.to_dict(), "columns": 3}, "schema.columns must be a list"),
        ({**MIXED.to_dict(), "columns": [3]}, "schema.columns[0] must be a dictionary"),
        ({**MIXED.to_dict(), "columns": [{"name": "a"}]}, 'lacks the key "kind"'),
        ({**MIXED.to_dict(), "event_shape": "33"}, "must be a tuple"),
    ],
)
def test_foreign_dictionaries(saved, words):
    assert words in message(Schema.from_dict, saved)


BITS = Schema("table", (2,), 2)
IMAGES = Schema("image", (2, 3), 17)
COLOURS = Schema("image", (2, 3, 3), 256)


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        (BITS, torch.zeros(0, 2)),
        (BITS, torch.tensor([[True, False]])),
        (BITS, torch.tensor([[1.0, 0.0]])),
        (BITS, torch.tensor([[1, 0]], dtype=torch.uint16)),
        (IMAGES, torch.full((4, 2, 3), 16)),
        (COLOURS, torch.full((4, 2, 3, 3), 255, dtype=torch.uint8)),
        (MIXED, torch.tensor([[1.0, 99.0, -1.5]])),
    ],
)
def test_values_inside_the_support_pass(schema, values):
    assert schema.validate(values) is None


def at(shape, index, value, dtype=torch.float64):
    values = torch.zeros(shape, dtype=dtype)
    values[index] = value
    return values


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("schema", "values", "words"),
    [
        (
            BITS,
            at((4, 2), (3, 1), 2, torch.uint8),
            "row 3, column 1 (counted from 0) holds 2; expected 0 or 1.",
        ),
        (BITS, at((4, 2), (3, 1), -1, torch.int64), "holds -1; expected 0 or 1."),
        (BITS, at((4, 2), (3, 1), 0.5), "holds 0.5; expected 0 or 1."),
        (BITS, at((4, 2), (0, 0), NAN), "row 0, column 0 (counted from 0) holds NaN"),
        (BITS, at((4, 2), (0, 0), INF), "holds inf"),
        (
            IMAGES,
            at((4, 2, 3), (2, 1, 2), 17),
            "row 2, pixel (1, 2) (counted from 0) holds 17; expected a whole number in 0..16.",
        ),
        (COLOURS, at((4, 2, 3, 3), (1, 1, 0, 2), 256), "row 1, pixel (1, 0), channel 2"),
        (
            MIXED,
            at((2, 3), (1, 1), 100),
            'column 1 ("age") (counted from 0) holds 100; expected a whole number in 0..99.',
        ),
        (
            MIXED,
            at((2, 3), (1, 2), -INF),
            'column 2 ("height") (counted from 0) holds -inf; expected a finite number.',
        ),
        (Schema("text", (4,), 5), at((1, 4), (0, 3), 5), "row 0, position 3"),
        (BITS, torch.zeros(4, 3), "data: expected shape (N, 2), got (4, 3)."),
        (BITS, torch.zeros(2), "a single event needs a first axis of length 1"),
        (BITS, torch.tensor(1), "expected shape (N, 2), got ()."),
        (BITS, torch.zeros(1, 2, dtype=torch.complex64), "got torch.complex64"),
        (BITS, [[0, 1]], "expected a torch.Tensor, got list"),
    ],
)
def test_values_outside_the_support_are_named(schema, values, words):
    assert words in message(schema.validate, values)


def test_chunks_do_not_change_the_row(monkeypatch):
    monkeypatch.setattr(validation_module, "SCALARS_PER_CHUNK", 4)
    assert "x.csv: row 7, column 1" in message(BITS.validate, at((9, 2), (7, 1), 2), name="x.csv")


def test_lines_of_a_file_are_counted_from_one():
    text = message(BITS.validate, at((2, 2), (1, 1), 2), lines=[2, 5])
    assert "line 5, column 2 (counted from 1)" in text


def test_unobserved_values_may_be_anything():
    values = torch.tensor([[NAN, 1.0], [0.0, 9.0]])
    observed = torch.tensor([[False, True], [True, False]])
    BITS.validate(values, observed)
    assert "row 1, column 1" in message(BITS.validate, values, observed | (values == 9))
    assert "observed must be boolean" in message(BITS.validate, values, observed.float())
    assert "observed must be boolean" in message(BITS.validate, values, observed[:1])
