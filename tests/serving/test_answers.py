"""What is answered over HTTP is what the tasks say, for every kind of data."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.plain_rows import plain_beginnings, plain_documents, plain_rows, to_plain_rows
from arden.tasks.classify import class_log_probs
from arden.tasks.complete import complete
from arden.tasks.sample import sample
from arden.tasks.sample_document import sample_document
from arden.tasks.score import score, score_conditionals
from arden.tasks.surprise import excess_surprise
from tests.serving.toys import Running

FIXED = ["bits", "orders", "reals", "pets"]
PET = [
    {"pet": "dog", "age": 2, "weight": 1.25, "tame": True},
    {"pet": None, "age": 9, "weight": None, "tame": False},
    ["owl", "?", -3, None],
]


def exact(server: Running, name: str) -> AutoregressiveModel | Mixture:
    """The name of a toy -> its model."""
    model = server.served[name].model
    assert isinstance(model, (AutoregressiveModel, Mixture))
    return model


def close(found: object, expected: Tensor, tolerance: float = 1e-9) -> bool:
    """Numbers of an answer, a tensor -> whether they are the same up to rounding in float64."""
    told = torch.tensor(found, dtype=torch.float64)
    return torch.allclose(told, expected.double(), rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("count", [1, 5])
def test_rows_are_scored(server: Running, name: str, count: int) -> None:
    model, schema = exact(server, name), server.served[name].schema
    x = sample(model, count, seed=3)
    rows = to_plain_rows(x, schema)
    read = plain_rows(rows, schema)
    found = server.ask("/score", name, rows=rows)
    assert (found["model"], found["unit"]) == (name, "nats")
    assert close(found["log_prob"], score(model, read.values, observed=read.observed))
    if name == "orders":
        told = server.refused("/score", 422, name, rows=rows, variables=True)
        assert "different orders has no per-variable terms" in told
        return
    found = server.ask("/score", name, rows=rows, variables=True)
    terms = score_conditionals(model, read.values, observed=read.observed)
    assert close(found["log_conditionals"], terms)


def test_a_table_is_scored_by_what_its_rows_hold(server: Running) -> None:
    model, schema = exact(server, "pets"), server.served["pets"].schema
    read = plain_rows(PET, schema)
    expected = score(model, read.values, observed=read.observed)
    assert close(server.ask("/score", "pets", rows=PET)["log_prob"], expected)


def test_strings_and_texts_are_scored(server: Running) -> None:
    strings = ["abc", "a", "cabcabcab"]
    read = plain_rows(strings, server.served["strings"].schema)
    model = exact(server, "strings")
    found = server.ask("/score", "strings", rows=strings, variables=True)
    assert close(found["log_prob"], score(model, read.values))
    assert close(found["log_conditionals"], score_conditionals(model, read.values))
    # A text is scored in windows: its ln p is the sum of what each adds.
    texts = ["abcabcabcab\nab", "a", "cab"]
    windows, document = plain_documents(texts, server.served["text"].schema)
    assert len(windows) > 3
    parts = score(
        exact(server, "text"), windows.values, None, windows.observed, scored=windows.scored
    )
    expected = torch.stack([parts[document == place].sum() for place in range(3)])
    assert close(server.ask("/score", "text", rows=texts)["log_prob"], expected)


def test_sounds_are_lists_of_levels(server: Running) -> None:
    model, schema = exact(server, "sound"), server.served["sound"].schema
    sounds = [[0, 255, 17, 128, 9], [3]]
    windows, document = plain_documents(sounds, schema)
    parts = score(model, windows.values, None, windows.observed, scored=windows.scored)
    expected = torch.stack([parts[document == place].sum() for place in range(2)])
    assert close(server.ask("/score", "sound", rows=sounds)["log_prob"], expected)
    drawn = server.ask("/sample", "sound", number=2, seed=1, length=7)["rows"]
    assert drawn == sample_document(model, 2, 7, 2, seed=1).tolist()
    found = server.ask("/complete", "sound", rows=[[5, None, 250]], seed=1, candidates=4)
    read = plain_beginnings([[5, None, 250]], schema)
    assert read.observed is not None
    again = complete(model, read.values, read.observed, seed=1, candidates=4)
    assert found["rows"] == [again.values[0].tolist()]
    assert [found["rows"][0][0][place] for place in (0, 2)] == [5, 250]


def test_classes_are_given_by_name(server: Running) -> None:
    model, schema = exact(server, "classes"), server.served["classes"].schema
    x = sample(model, 3, seed=1, context=torch.eye(2).double()[[0, 1, 1]])
    rows = to_plain_rows(x, schema)
    both = class_log_probs(model, x)
    found = server.ask("/score", "classes", rows=rows, labels=["odd", "even", "odd"])
    assert close(found["log_prob"], both[torch.arange(3), torch.tensor([1, 0, 1])])
    assert close(server.ask("/score", "classes", rows=rows, label="even")["log_prob"], both[:, 0])
    drawn = server.ask("/sample", "classes", number=4, label="odd", seed=2)
    context = torch.eye(2).double()[[1] * 4]
    assert drawn["rows"] == to_plain_rows(sample(model, 4, seed=2, context=context), schema)
    for told, words in (
        ({}, "expected a class for each of 3 rows"),
        ({"label": "odd", "labels": ["odd"] * 3}, "expected one of them, got both"),
        ({"labels": ["odd"]}, "got 1; the classes are even, odd"),
        ({"label": "green"}, "expected one of even, odd, got 'green'"),
    ):
        assert words in server.refused("/score", 422, "classes", rows=rows, **told)
    assert "was not fitted with classes" in server.refused(
        "/score", 422, "bits", rows=rows, label="odd"
    )


@pytest.mark.parametrize("name", [*FIXED, "strings", "vae", "text"])
def test_draws_are_a_function_of_the_seed(server: Running, name: str) -> None:
    served = server.served[name]
    how = {"max_steps": 16 * 5} if name == "strings" else {}
    expected = sample(served.model, 3, seed=7, **how)
    found = server.ask("/sample", name, number=3, seed=7)
    assert found["seed"] == 7
    assert found["rows"] == to_plain_rows(expected, served.schema)
    if name == "strings":
        assert found["ended"] == (expected == 0).any(dim=1).tolist()
        short = server.ask("/sample", name, number=20, seed=7, longest=2)
        assert max(map(len, short["rows"])) <= 2
        assert not all(short["ended"])
    one, other = (server.ask("/sample", name, number=3) for _ in range(2))
    assert one["seed"] != other["seed"]
    assert server.ask("/sample", name, number=3, seed=one["seed"])["rows"] == one["rows"]


def test_longer_texts_are_drawn(server: Running) -> None:
    model, schema = exact(server, "text"), server.served["text"].schema
    expected = sample_document(model, 2, 15, 3, seed=4)
    found = server.ask("/sample", "text", number=2, seed=4, length=15)
    assert found["rows"] == to_plain_rows(expected, schema)
    assert "does not read windows" in server.refused("/sample", 422, "bits", length=15)


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("number", [1, 3])
def test_rows_are_completed(server: Running, name: str, number: int) -> None:
    """Known first, known last, nothing and everything known: exact and weighed rows."""
    model, schema = exact(server, name), server.served[name].schema
    x = sample(model, 4, seed=5)
    flat = to_plain_rows(x, schema)
    if name == "pets":
        rows: list[object] = [dict(row) for row in flat]
        rows[0] = {**flat[0], "tame": None, "weight": None}
        rows[1] = {**flat[1], "pet": None}
        rows[2] = dict.fromkeys(flat[2])
    else:
        rows = x.flatten(1).to(schema.dtype).tolist()
        width = len(rows[0])  # type: ignore[arg-type]
        rows[0][width // 2 :] = [None] * (width - width // 2)  # type: ignore[index]
        rows[1][: width // 2] = [None] * (width // 2)  # type: ignore[index]
        rows[2] = [None] * width
    read = plain_rows(rows, schema)
    assert read.observed is not None
    how = {"seed": 9, "candidates": 8}
    expected = complete(model, read.values, read.observed, num=number, **how)
    found = server.ask("/complete", name, rows=rows, number=number, **how)
    told = [to_plain_rows(row, schema) for row in expected.values]
    assert found["rows"] == told
    assert (found["exact"], found["joint"]) == (expected.exact, expected.joint)
    assert found["exact_rows"] == expected.exact_rows.tolist()
    assert close(found["log_observed"], expected.log_observed)
    sizes = [math.inf if size is None else size for size in found["effective_sample_size"]]
    assert close(sizes, expected.effective_sample_size)
    for weights, row in zip(found["log_weight"], expected.log_weight, strict=True):
        assert close(weights, row[: len(weights)])
        assert bool(row[len(weights) :].isneginf().all())
    orders = None if expected.order is None else expected.order.tolist()
    assert found.get("order") == orders
    assert (name == "pets") == (orders is not None)


@pytest.mark.parametrize("name", ["strings", "text"])
def test_beginnings_go_on(server: Running, name: str) -> None:
    model, schema = exact(server, name), server.served[name].schema
    rows = ["ab", ["a", None, "c"], ""]
    read = plain_beginnings(rows, schema)
    assert read.observed is not None
    how = {"max_steps": 12} if name == "strings" else {}
    expected = complete(model, read.values, read.observed, num=2, seed=3, candidates=8, **how)
    longest = {"longest": 12} if name == "strings" else {}
    found = server.ask("/complete", name, rows=rows, number=2, seed=3, candidates=8, **longest)
    assert found["rows"] == [to_plain_rows(row, schema) for row in expected.values]
    assert all(text.startswith("ab") for text in found["rows"][0])
    assert all((text[0], text[2]) == ("a", "c") for text in found["rows"][1])


@pytest.mark.parametrize("name", ["bits", "classes"])
def test_rows_unlike_the_normal_ones_are_flagged(server: Running, name: str) -> None:
    served = server.served[name]
    detector, model = served.detector, exact(server, name)
    assert detector is not None
    x = torch.cat([torch.tensor([[[0, 1, 0], [1, 0, 1]]]), torch.zeros(1, 2, 3).long()])
    rows = to_plain_rows(x, served.schema)
    found = server.ask("/detect", name, rows=rows, false_alarms=0.1)
    expected = detector(x, false_alarms=0.1)
    assert close(found["score"], expected.scores)
    assert close(found["p_value"], expected.p_values)
    assert found["flagged"] == expected.flagged.tolist()
    assert found["threshold"] == pytest.approx(expected.threshold, abs=1e-9)
    assert found["calibrated_on"] == 30
    context = None
    if name == "classes":
        best = class_log_probs(model, x).argmax(dim=1)
        context = torch.eye(2).double()[best]
    assert close(found["surprise"], excess_surprise(model, x, context))
    assert "surprise" not in server.ask("/detect", name, rows=rows, false_alarms=0.1, explain=False)
    told = server.refused("/detect", 422, name, rows=rows, false_alarms=0.01)
    assert "expected at least 99 normal rows" in told


def test_what_a_model_does_not_answer_is_refused(server: Running) -> None:
    rows = [[[0, 1, 0], [1, 0, 1]]]
    assert "there are no normal rows" in server.refused("/detect", 409, "orders", rows=rows)
    for path in ("/score", "/complete", "/detect"):
        assert "only a lower bound" in server.refused(path, 422, "vae", rows=rows)
    assert "expected one of bits, classes" in server.refused("/score", 422, rows=rows)
    told = server.refused("/score", 404, "bitz", rows=rows)
    assert told == "model: 'bitz' is not served here. Did you mean \"bits\"?"


def test_what_is_impossible_is_null(server: Running) -> None:
    """A level of probability 0: JSON has no word for −∞."""
    model = exact(server, "orders")
    saved = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        for part in model.models:  # type: ignore[union-attr]
            with torch.no_grad():
                part.network.output_bias.fill_(-math.inf)  # type: ignore[union-attr]
        found = server.ask("/score", "orders", rows=[[1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]])
    finally:
        model.load_state_dict(saved)
    assert found["log_prob"] == [None, 0.0]
