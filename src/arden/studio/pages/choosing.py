"""How a page lets one of the runs be chosen: by name, from those it has a use for."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from arden.studio.shelf import Run, Shelf

__all__ = ["choose_run", "lead", "names_of"]


def names_of(shelf: Shelf, wanted: Callable[[Run], bool]) -> list[str]:
    """A shelf, what is wanted of a run -> the names of those that have it."""
    return [run.name for run in shelf.runs(wanted)]


def choose_run(
    shelf: Shelf,
    wanted: Callable[[Run], bool],
    label: str = "Run",
    *,
    second: bool = False,
    elem_id: str | None = None,
) -> gr.Dropdown:
    """A shelf, what is wanted of a run -> the choice among them, looked up anew when opened."""
    names = names_of(shelf, wanted)
    place = 1 if second and len(names) > 1 else 0
    dropdown = gr.Dropdown(
        choices=names,
        value=names[place] if names else None,
        label=label,
        elem_id=elem_id,
        filterable=False,
    )
    dropdown.focus(
        lambda: gr.update(choices=names_of(shelf, wanted)),
        outputs=dropdown,
        show_progress="hidden",
        api_visibility="private",
    )
    return dropdown


def lead(words: str) -> None:
    """What a page is for, in a sentence or two under its name."""
    gr.HTML(f'<p class="lead">{words}</p>', apply_default_css=False)
