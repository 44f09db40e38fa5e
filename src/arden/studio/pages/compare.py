"""Compare: two runs on the same held-out rows, and what each draws."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from arden.studio.comparing import compare_runs, draws_of
from arden.studio.markup import note
from arden.studio.pages.choosing import choose_run, lead
from arden.studio.shelf import Run, Shelf
from arden.studio.spoken import spoken
from arden.systems import SYSTEMS

__all__ = ["compare_page"]


def compare_page(shelf: Shelf, tab: gr.Tab) -> None:
    """A shelf, its tab -> the page."""
    lead(
        "Which of two models gives held-out rows more probability? Rows that both find hard cancel "
        "out, so that the paired difference is known much better than the two means."
    )
    if len(shelf.runs(_is_exact)) < 2:
        words = f"Expected two runs to compare in {shelf.folder}, found fewer."
        gr.HTML(note(words, kind="warn"), apply_default_css=False)
        return
    with gr.Row():
        first = choose_run(shelf, _is_exact, "First", elem_id="compare-first")
        second = choose_run(shelf, _is_exact, "Second", second=True, elem_id="compare-second")
    with gr.Row():
        ask = gr.Button("Compare", variant="primary", elem_id="compare")
        again = gr.Button("Draw again", elem_id="compare-again")
    found = gr.HTML(elem_id="compared", apply_default_css=False)
    with gr.Row(elem_classes="spread"):
        draws = [
            gr.HTML(elem_id=f"draws-{name}", apply_default_css=False)
            for name in ("first", "second")
        ]
    seed = gr.State(0)

    def compared(one: str, other: str) -> str:
        return compare_runs(shelf, shelf.run(one), shelf.run(other))

    def drawn(one: str, other: str, number: int) -> tuple[Any, ...]:
        both = (
            f'<div class="draws-of"><h3>Drawn by {escape(name)}</h3>'
            f"{draws_of(shelf, shelf.run(name), number)}</div>"
            for name in (one, other)
        )
        return number + 1, *both

    private: dict[str, Any] = {"api_visibility": "private"}
    gr.on(
        [ask.click, tab.select],
        spoken(compared),
        [first, second],
        found,
        trigger_mode="always_last",
        **private,
    ).success(spoken(drawn), [first, second, seed], [seed, *draws], **private)
    again.click(spoken(drawn), [first, second, seed], [seed, *draws], **private)


def _is_exact(run: Run) -> bool:
    system = SYSTEMS.get(str(run.card.get("system")))
    return system is None or "compare" in system.verbs
