"""What is drawn becomes values and a mask, and nothing else gets in."""

from __future__ import annotations

import pytest
import torch

from arden.data import Schema
from arden.errors import InputError
from arden.studio.board import blank_board, board_of, read_board

SCHEMA = Schema("image", (2, 3), 4)


def test_there_and_back():
    values = torch.tensor([[0, 3, 1], [2, 0, 3]], dtype=torch.uint8)
    observed = torch.tensor([[True, True, False], [False, True, True]])
    board = board_of(SCHEMA, values, observed)
    assert board["cells"] == [0, 3, -1, -1, 0, 3]
    read, mask = read_board(board, SCHEMA)
    assert read.dtype == torch.uint8
    assert torch.equal(mask[0], observed)
    assert torch.equal(read[0], torch.where(observed, values, 0))


def test_a_blank_board_knows_nothing():
    values, mask = read_board(blank_board(SCHEMA), SCHEMA)
    assert values.shape == (1, 2, 3)
    assert not mask.any()


@pytest.mark.parametrize(
    "board",
    [
        None,
        "drawing",
        {},
        {"cells": [0] * 5},
        {"cells": [0.5] * 6},
        {"cells": [True] * 6},
        {"cells": [4] * 6},
        {"cells": [-2] * 6},
        {"cells": "000000"},
    ],
)
def test_anything_else_is_refused(board):
    with pytest.raises(InputError, match="board: expected"):
        read_board(board, SCHEMA)
