"""Completions keep what was drawn, ranks are those of the same pixels of held-out images."""

from __future__ import annotations

import re

import pytest
import torch

from arden.errors import InputError
from arden.studio.board import blank_board
from arden.studio.drawing import complete_board, held_out_board
from arden.tasks.score import score


def half(shelf, name="any"):
    """A shelf -> a run and a board of the upper half of a held-out digit."""
    run = shelf.run(name)
    return run, held_out_board(shelf, run, 3)


def test_half_a_held_out_image_is_given(shelf):
    run, board = half(shelf)
    image = shelf.data(run).test.values[3]
    assert board["cells"][:32] == image.flatten()[:32].tolist()
    assert board["cells"][32:] == [-1] * 32


def test_it_is_completed_ranked_and_explained(shelf):
    run, board = half(shelf)
    found = complete_board(shelf, run, board, number=5)
    assert found.completions.count("<img") == 5
    assert "exact draws" in found.verdict
    assert "32 of 64 pixels" in found.verdict
    assert found.surprise.count("<img") == 2
    again = complete_board(shelf, run, board, number=5, seed=1)
    assert again.completions != found.completions


def test_the_p_value_ranks_the_same_pixels_of_held_out_images(shelf):
    run, board = half(shelf)
    model, rows = shelf.exact_model(run, "score"), shelf.data(run).test.values
    mask = torch.zeros(rows.shape, dtype=torch.bool)
    mask[:, :4] = True
    log_probs = score(model, rows, observed=mask)
    expected = (1 + int((log_probs <= log_probs[3]).sum())) / (len(rows) + 1)
    told = re.search(r"([\d.]+) among (\d+) held-out", complete_board(shelf, run, board).verdict)
    assert told
    assert float(told[1]) == pytest.approx(expected, abs=6e-4)
    assert int(told[2]) == len(rows)


def test_nonsense_is_less_likely_than_a_digit(shelf):
    run = shelf.run("any")
    board = blank_board(run.schema)
    board["cells"] = [1] * 64
    verdict = complete_board(shelf, run, board).verdict
    assert float(re.search(r"([\d.]+) among", verdict)[1]) < 0.02


def test_a_blank_board_is_a_sample(shelf):
    run = shelf.run("any")
    found = complete_board(shelf, run, blank_board(run.schema))
    assert "nothing is drawn yet" in found.verdict


def test_a_model_of_one_order_weighs_and_says_so(shelf):
    run, _ = half(shelf, "one")
    board = blank_board(run.schema)
    board["cells"][60:] = [1, 0, 0, 1]  # comes last in its order
    found = complete_board(shelf, run, board)
    assert "weighed" in found.verdict
    assert "needs an any-order model" in found.verdict
    assert "needs an any-order model" in found.surprise


def test_a_model_of_one_order_is_exact_from_the_first_pixel_on(shelf):
    run, board = half(shelf, "one")
    found = complete_board(shelf, run, board)
    assert "exact draws" in found.verdict
    assert " among 60 held-out" in found.verdict


def test_a_class_is_asked_for(shelf):
    run, board = half(shelf, "by-class")
    assert "exact draws" in complete_board(shelf, run, board, "7").verdict
    with pytest.raises(InputError, match="label: expected one of 0, 1"):
        complete_board(shelf, run, board, "eleven")
