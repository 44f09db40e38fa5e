"""How a page lets one of the runs be chosen: by name, from those it has a use for."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from arden.studio.shelf import Run, Shelf

__all__ = ["choose_run", "lead"]


def choose_run(
    shelf: Shelf,
    wanted: Callable[[Run], bool],
    label: str = "Run",
    *,
    second: bool = False,
    elem_id: str | None = None,
) -> gr.Dropdown:
    """A shelf, what is wanted of a run -> the choice among them."""
    names = [run.name for run in shelf.runs(wanted)]
    place = 1 if second and len(names) > 1 else 0
    return gr.Dropdown(
        choices=names,
        value=names[place] if names else None,
        label=label,
        elem_id=elem_id,
        filterable=False,
    )


def lead(words: str) -> None:
    """What a page is for, in a sentence or two under its name."""
    gr.HTML(f'<p class="lead">{words}</p>', apply_default_css=False)
