"""A folder of small runs for the studio: images of any order and of one, a text, strings, a VAE."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gradio", reason="needs the extra studio")

import arden
from arden.data import Dataset, load_data
from arden.data.documents import Document, DocumentSource
from arden.data.scoring_rows import take_rows
from arden.data.sequences import infer_sequences
from arden.kernels import without_kernels
from arden.studio.shelf import Shelf

TEXT = "the quick brown fox jumps over the lazy dog, and <b>the</b> dog does not mind.\n" * 12


@pytest.fixture(autouse=True)
def _plain_torch(plain_torch: None) -> None:
    """() -> (): all tests of this folder."""


def few_digits() -> Dataset:
    """() -> some of the digits, so that no test waits for all of them."""
    data = load_data("digits")
    sizes = {"train": 300, "valid": 40, "test": 60}
    splits = {name: take_rows(data.split(name), slice(0, size)) for name, size in sizes.items()}
    return Dataset("few digits", data.schema, **splits, protocol=data.protocol)


OWN = {"few digits": few_digits, "a text": lambda: small_text()}


def small_text() -> Dataset:
    """() -> a text that has no name in the catalogue."""
    values = np.frombuffer(TEXT.encode("utf-32-le"), dtype="<u4")
    source = DocumentSource("a text", "text", {"all": [Document("a text", values)]})
    return infer_sequences(source, window=16)


def _save(name: str, data: Dataset, folder: Path, **options: object) -> None:
    model = arden.fit(name, data, progress=False, **options)
    card = {
        "system": name,
        "data": data.name,
        "protocol": data.protocol,
        "schema": data.schema.to_dict(),
    }
    arden.save(model, folder, card=card)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a folder of runs. Look, but write nothing."""
    runs = tmp_path_factory.mktemp("shelf")
    digits = few_digits()
    with without_kernels():
        _save("orderless-nade", digits, runs / "any", hidden=(16,), epochs=10)
        _save("nade", digits, runs / "one", hidden=16, epochs=2)
        _save("independent", digits, runs / "by-class", condition="label")
        _save("markov", small_text(), runs / "deep" / "text", memory=1, homogeneous=True)
        strings = load_data(["anna", "otto", "emma", "ada", "bob"] * 4, lines=True)
        _save("markov", strings, runs / "names", memory=1, homogeneous=True)
        _save("vae", digits, runs / "vae", latents=2, hidden=(8,), epochs=1)
    (runs / "not-a-run").mkdir()
    (runs / "not-a-run" / "config.json").write_text("{}")
    (runs / "broken").mkdir()
    (runs / "broken" / "config.json").write_text("{")
    return runs


@pytest.fixture
def shelf(folder: Path) -> Shelf:
    """() -> the shelf of those runs, with the data of the text."""
    return Shelf(folder, own=OWN)
