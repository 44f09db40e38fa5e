"""What a run shows: samples of images and tables, the surprise of texts and sounds."""

from __future__ import annotations

import math
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from arden.assembly import split_options
from arden.core.model import AutoregressiveModel
from arden.data import Dataset, load_data
from arden.plots.attention_map import attention_map
from arden.runs import fit_run, full_table_size, measure
from arden.runs import pictures as drawing
from arden.storage.model_files import load
from arden.tasks.attend import attention_weights
from arden.tasks.score import score_conditionals
from arden.training.context import class_context


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path = tmp_path_factory.mktemp("text") / "words.txt"
    path.write_text("the cat sat on the mat.\nthat was that.\n" * 40, encoding="utf-8")
    return load_data(path, window=16)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path = tmp_path_factory.mktemp("sound") / "tone.wav"
    samples = (np.sin(np.arange(4000) / 9) * 9000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(4000)
        file.writeframes(samples.tobytes())
    return load_data(path, window=32)


@pytest.mark.parametrize("kind", ["text", "sound"])
def test_a_sequence_shows_its_surprise(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    data: Dataset = request.getfixturevalue(kind)
    seen: list[tuple[np.ndarray, np.ndarray]] = []
    drawn = drawing.sequence_surprise

    def spy(schema: object, symbols: np.ndarray, nats: np.ndarray, *rest: object) -> Path:
        seen.append((symbols, nats))
        return drawn(schema, symbols, nats, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(drawing, "sequence_surprise", spy)
    options = split_options("markov", {"homogeneous": True})
    _, figures, pictures = fit_run("markov", data, options, tmp_path / "run")
    assert pictures == [tmp_path / "run" / "surprise.png"]
    assert np.asarray(Image.open(pictures[0]).convert("L")).std() > 5
    [(symbols, nats)] = seen
    split = data.test
    assert split.scored is not None
    everything = split.values[split.scored].numpy()
    assert np.array_equal(symbols, everything[: len(symbols)])  # in order, each once
    terms = -score_conditionals(load(tmp_path / "run"), split.values)[split.scored].double()
    assert np.allclose(nats, terms[: len(nats)].numpy(), atol=1e-5)
    if len(symbols) == len(everything):
        assert figures.test_nats == pytest.approx(nats.mean(), rel=1e-5)
    assert figures.unit == "symbol"
    assert figures.bits_per_dim == pytest.approx(figures.test_nats / math.log(2))


def test_where_it_looked_is_pictured(
    text: Dataset, sound: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[torch.Tensor, dict[str, Any]]] = []

    def spy(weights: torch.Tensor, path: Path, title: str, **about: Any) -> Path:
        seen.append((weights, about))
        return attention_map(weights, path, title, **about)

    monkeypatch.setattr(drawing, "attention_map", spy)
    how = {"hidden": 3, "epochs": 1, "ordering": "column", "condition": "label"}
    digits = load_data("digits")
    for number, data in enumerate((text, sound, digits)):
        some = how if data is digits else {"hidden": 3, "epochs": 1}
        options = split_options("attention-rnn", some)
        folder = tmp_path / str(number)
        model, _, pictures = fit_run("attention-rnn", data, options, folder)
        assert folder / "attention.png" in pictures
        weights, about = seen[-1]
        assert isinstance(model, AutoregressiveModel)
        context = class_context(data.test, model.context_size)
        some_context = None if context is None else context[:1]
        expected = attention_weights(model, data.test.values[:1], some_context)[0]
        assert torch.equal(weights, expected)
        if data is text:
            window = "".join(about["signs"])
            assert window in "the cat sat on the mat.\nthat was that.\n" * 2
        elif data is sound:
            assert about == {}
        else:
            assert torch.equal(about["event"], data.test.values[0])
            assert about["order"].tolist() == model.dims(1, 64).tolist()
    _, _, pictures = fit_run(
        "gru", text, split_options("gru", {"hidden": 3, "epochs": 1}), tmp_path / "gru"
    )
    assert not any(path.name == "attention.png" for path in pictures)


def test_the_figure_of_a_text_is_per_symbol(text: Dataset, tmp_path: Path) -> None:
    """Not per window, and no symbol is counted twice."""
    options = split_options("nade", {"hidden": 8, "epochs": 2})
    model, figures, _ = fit_run("nade", text, options, tmp_path / "run")
    split = text.test
    assert split.scored is not None
    terms = -score_conditionals(model, split.values)[split.scored].double()
    assert figures.test_nats == pytest.approx(terms.mean().item(), rel=1e-5)
    # A valid and a train figure in the same unit: under a uniform guess both are ln K.
    lines = (tmp_path / "run" / "metrics.jsonl").read_text()
    assert "nan" not in lines.lower()
    assert figures.valid_nats is not None
    assert figures.valid_nats < math.log(text.schema.num_symbols or 0) * 1.05
    rows = -(split.scored * score_conditionals(model, split.values)).sum(dim=1).double()
    per_row = rows.std().item() / math.sqrt(len(rows)) * len(rows) / int(split.scored.sum())
    assert figures.standard_error == pytest.approx(per_row, rel=1e-4)
    assert measure(model, text).test_nats == figures.test_nats


def test_tables_too_large_to_write_down() -> None:
    assert full_table_size((2,) * 784).endswith("≈ 1.0e+236")
    assert full_table_size((65,) * 300) == "65^300 − 1 ≈ 10^544"
