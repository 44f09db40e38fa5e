"""The grid of pixels that is drawn on, and what it holds as tensors."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from arden.data import Schema
from arden.errors import InputError

__all__ = ["blank_board", "board_of", "make_board", "read_board"]

_TEMPLATE = """
<div class="board">
  <canvas tabindex="0" role="application" aria-label="Pixels to draw on. Arrow keys move, 1 paints
   ink, 2 paper, 3 unknown, shift with an arrow paints along the way."></canvas>
  <div class="brushes" role="radiogroup" aria-label="Brush">
    <button type="button" role="radio" data-brush="ink"><i class="ink"></i>Ink</button>
    <button type="button" role="radio" data-brush="paper"><i class="paper"></i>Paper</button>
    <button type="button" role="radio" data-brush="unknown"><i class="unknown"></i>Unknown</button>
  </div>
  <div class="brushes">
    <button type="button" data-do="clear">Forget all</button>
    <button type="button" data-do="lower">Forget lower half</button>
    <button type="button" data-do="paper">Rest is paper</button>
  </div>
  <p class="told" aria-live="polite"></p>
</div>
"""


def make_board(schema: Schema, elem_id: str = "board") -> gr.HTML:
    """The schema of images -> the component; its event `painted` comes after every stroke."""
    script = files("arden.studio").joinpath("board.js").read_text(encoding="utf-8")
    return gr.HTML(
        value=blank_board(schema),
        html_template=_TEMPLATE,
        js_on_load=script,
        apply_default_css=False,
        elem_id=elem_id,
    )


def blank_board(schema: Schema) -> dict[str, Any]:
    """The schema of grey images -> a board of which nothing is known."""
    height, width = _grid(schema)
    cells = [-1] * (height * width)
    return {"height": height, "width": width, "levels": schema.num_symbols, "cells": cells}


def board_of(schema: Schema, values: Tensor, observed: Tensor) -> dict[str, Any]:
    """The schema, (*event), (*event) bool -> a board that shows what is observed."""
    cells = torch.where(observed, values.long(), -1).flatten().tolist()
    return {**blank_board(schema), "cells": cells}


def read_board(board: Any, schema: Schema) -> tuple[Tensor, Tensor]:
    """What the browser sent, the schema -> values (1, *event), which are observed (1, *event).

    Raises:
        InputError: anything that is no board of this size.
    """
    height, width = _grid(schema)
    cells = board.get("cells") if isinstance(board, dict) else None
    size = height * width
    if not isinstance(cells, list) or [type(cell) for cell in cells] != [int] * size:
        raise InputError(f"board: expected {height} × {width} pixels, got something else")
    values = torch.tensor(cells).reshape(1, *schema.event_shape)
    levels = schema.num_symbols or 2
    if int(values.max()) >= levels or int(values.min()) < -1:
        raise InputError(f"board: expected levels 0 … {levels - 1} or −1, got others")
    observed = values >= 0
    return torch.where(observed, values, 0).to(schema.dtype), observed


def _grid(schema: Schema) -> tuple[int, int]:
    return schema.event_shape[0], schema.event_shape[1]
