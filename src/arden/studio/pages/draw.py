"""Draw: a board on the left, what the model makes of it on the right."""

from __future__ import annotations

from typing import Any

import gradio as gr

from arden.studio.board import blank_board, make_board
from arden.studio.drawing import complete_board, held_out_board
from arden.studio.images import classes_of, is_drawable, some_images
from arden.studio.markup import note
from arden.studio.pages.choosing import choose_run, lead
from arden.studio.shelf import Shelf
from arden.studio.spoken import spoken

__all__ = ["draw_page"]


def draw_page(shelf: Shelf, tab: gr.Tab) -> None:
    """A shelf, its tab -> the page."""
    lead(
        "Draw part of an image; the model fills in what is <b>unknown</b>, each completion a draw "
        "from p(unknown | drawn). Keys: arrows move, <kbd>1</kbd> ink, <kbd>2</kbd> paper, "
        "<kbd>3</kbd> unknown, shift with an arrow paints."
    )
    runs = shelf.runs(is_drawable)
    if not runs:
        gr.HTML(note(some_images(shelf.folder), kind="warn"), apply_default_css=False)
        return
    with gr.Row():
        run = choose_run(shelf, is_drawable, elem_id="draw-run")
        classes = classes_of(shelf, runs[0])
        label = gr.Dropdown(
            classes,
            value=classes[0] if classes else None,
            label="Class",
            visible=bool(classes),
            filterable=False,
            elem_id="draw-class",
        )
    with gr.Row(elem_classes="spread"):
        with gr.Column(scale=2, min_width=280):
            board = make_board(runs[0].schema)
            with gr.Row():
                given = gr.Button("Half a held-out image", elem_id="held-out", size="sm")
                again = gr.Button("Draw others", elem_id="again", size="sm")
        with gr.Column(scale=3, min_width=300):
            completions = gr.HTML(elem_id="completions", apply_default_css=False)
            verdict = gr.HTML(elem_id="verdict", apply_default_css=False)
            surprise = gr.HTML(elem_id="surprise", apply_default_css=False)
    seed, place = gr.State(0), gr.State(0)
    answers = [completions, verdict, surprise]
    asked = [run, board, label, seed]

    def answer(name: str, drawn: Any, told: str | None, number: int) -> tuple[str, str, str]:
        found = complete_board(shelf, shelf.run(name), drawn, told, seed=number)
        return found.completions, found.verdict, found.surprise

    def other(name: str, drawn: Any, told: str | None, number: int) -> tuple[Any, ...]:
        return number + 1, *answer(name, drawn, told, number + 1)

    def change_run(name: str) -> tuple[Any, Any]:
        chosen = shelf.run(name)
        names = classes_of(shelf, chosen)
        first = names[0] if names else None
        return blank_board(chosen.schema), gr.update(
            choices=names, value=first, visible=bool(names)
        )

    def half(name: str, number: int) -> tuple[Any, int]:
        return held_out_board(shelf, shelf.run(name), number), number + 1

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    board.painted(spoken(answer), asked, answers, trigger_mode="always_last", **quiet)
    label.input(spoken(answer), asked, answers, **quiet)
    again.click(spoken(other), asked, [seed, *answers], **quiet)
    given.click(spoken(half), [run, place], [board, place], **quiet).success(
        spoken(answer), asked, answers, **quiet
    )
    run.input(spoken(change_run), run, [board, label], **quiet).success(
        spoken(answer), asked, answers, **quiet
    )
    tab.select(spoken(answer), asked, answers, **quiet)  # whoever comes back finds the drawing
