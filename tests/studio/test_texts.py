"""Every character of a text is scored once, and none of it is taken for markup."""

from __future__ import annotations

import re

import pytest
import torch

from arden.errors import InputError
from arden.studio.texts import MOST_CHARACTERS, colour_text, write_text
from arden.tasks.score import score


def test_a_text_is_written_and_escaped(shelf):
    run = shelf.run("deep/text")
    written = write_text(shelf, run, 200, seed=0)
    assert written != write_text(shelf, run, 200, seed=1)
    assert set(re.findall("<[^>]*>", written)) == {'<div class="draws">', "</div>"}


def test_every_character_is_scored_once(shelf):
    run = shelf.run("deep/text")
    text = "the dog <b>\njumps over the quick fox, and the fox does not mind"
    shown = colour_text(shelf, run, text)
    costs = [float(cost) for cost in re.findall(r'title="([\d.]+) nats"', shown)]
    assert len(costs) == len(text)
    assert "&lt;" in shown
    assert "↵" in shown
    total = float(re.search(r"ln p</dt><dd>−([\d.]+)", shown)[1])
    assert sum(costs) == pytest.approx(total, abs=0.006 * len(text))


def test_strings_are_scored_line_by_line(shelf):
    run = shelf.run("names")
    shown = colour_text(shelf, run, "anna\notto\n")
    costs = [float(cost) for cost in re.findall(r'title="([\d.]+) nats"', shown)]
    assert len(costs) == 10  # each with its end
    rows = torch.tensor(
        [[run.schema.symbols.index(c) for c in line + "\n"] for line in ("anna", "otto")]
    )
    expected = float(score(shelf.exact_model(run, "score"), rows).sum())
    assert -sum(costs) == pytest.approx(expected, abs=0.06)


def test_strings_are_drawn(shelf):
    assert write_text(shelf, shelf.run("names")).count("\n") == 15


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("  \n ", "at least one character"),
        ("x" * (MOST_CHARACTERS + 1), "at most 4,000 characters, got 4,001"),
        ("the dog\nsaid ß", "line 2, column 6"),
        ("the \ud800", "line 1, column 5"),
    ],
)
def test_refusals(shelf, text, sentence):
    with pytest.raises(InputError, match=sentence):
        colour_text(shelf, shelf.run("deep/text"), text)
