"""Text: what a model writes, and a text in the colours of its surprise."""

from __future__ import annotations

from typing import Any

import gradio as gr

from arden.studio.markup import note
from arden.studio.pages.choosing import choose_run, lead
from arden.studio.shelf import Shelf
from arden.studio.spoken import spoken
from arden.studio.texts import MOST_CHARACTERS, colour_text, is_text, write_text

__all__ = ["text_page"]

_EXAMPLE = (
    "A function definition is an executable statement. Its execution binds the function name in "
    "the current local namespace to a function object.\n\nA fnuction is an xylophone."
)


def text_page(shelf: Shelf, tab: gr.Tab) -> None:
    """A shelf, its tab -> the page."""
    lead(
        "A text model gives each character a probability given those before it. Let it write, or "
        "see where a text of your own surprises it: bright is unlikely."
    )
    if not shelf.runs(is_text):
        words = (
            f"Expected a run of texts in {shelf.folder}, found none; fit one with arden fit gru "
            f"book.txt --out {shelf.folder}/book"
        )
        gr.HTML(note(words, kind="warn"), apply_default_css=False)
        return
    run = choose_run(shelf, is_text, elem_id="text-run")
    text = gr.Textbox(
        _EXAMPLE,
        lines=5,
        max_lines=14,
        label="Your text",
        info=f"At most {MOST_CHARACTERS:,} characters, of those the model was fitted to.",
        elem_id="text",
    )
    with gr.Row():
        score = gr.Button("Show its surprise", variant="primary", elem_id="score-text")
        write = gr.Button("Let the model write", elem_id="write")
        length = gr.Slider(80, 1200, value=400, step=40, label="Characters", elem_id="length")
    coloured = gr.HTML(elem_id="coloured", apply_default_css=False)
    written = gr.HTML(elem_id="written", apply_default_css=False)
    seed = gr.State(0)

    def colour(name: str, given: str) -> str:
        return colour_text(shelf, shelf.run(name), given)

    def more(name: str, many: float, number: int) -> tuple[int, str]:
        return number + 1, write_text(shelf, shelf.run(name), int(many), number)

    private: dict[str, Any] = {"api_visibility": "private"}
    gr.on(
        [score.click, tab.select, run.input],
        spoken(colour),
        [run, text],
        coloured,
        trigger_mode="always_last",
        **private,
    )
    write.click(spoken(more), [run, length, seed], [seed, written], **private)
