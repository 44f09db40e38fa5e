"""Damaged columns of Arrow, which looks at texts and dictionaries only when they are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from arden.data import load_data
from arden.errors import InputError

arrow = pytest.importorskip("pyarrow", reason="needs the extra `table`")


def damaged_texts() -> Any:
    """() -> two texts, the second of which is no UTF-8."""
    ends = arrow.array([0, 3, 6], arrow.int32()).buffers()[1]
    return arrow.StringArray.from_buffers(2, ends, arrow.py_buffer(b"catd\xf7g"))


@pytest.mark.parametrize("as_dictionary", [False, True])
@pytest.mark.parametrize("as_file", [False, True])
def test_texts_that_are_no_utf8_are_refused(
    as_dictionary: bool, as_file: bool, tmp_path: Path
) -> None:
    from pyarrow import parquet

    texts = damaged_texts()
    if as_dictionary:
        places = arrow.array([0, 1, 0, 1] * 9, arrow.int32())
        texts = arrow.DictionaryArray.from_arrays(places, texts)
    source: Any = arrow.table({"pet": texts})
    if as_file:
        source = tmp_path / "pets.parquet"
        parquet.write_table(arrow.table({"pet": texts}), source)
    with pytest.raises(InputError, match='expected texts in UTF-8, but column "pet" holds'):
        load_data(source)


def test_a_place_beyond_the_dictionary_is_refused() -> None:
    places = arrow.array([0, 1, 7] * 9, arrow.int32())
    damaged = arrow.DictionaryArray.from_arrays(places, arrow.array(["cat", "dog"]), safe=False)
    with pytest.raises(InputError, match='column "pet" is damaged'):
        load_data(arrow.table({"pet": damaged}))
