"""Gallery: the runs of the folder, and one of them in full."""

from __future__ import annotations

import gradio as gr

from arden.studio.markup import note
from arden.studio.pages.choosing import choose_run, lead
from arden.studio.shelf import Shelf
from arden.studio.showing import audit_run, list_runs, show_run
from arden.studio.spoken import spoken

__all__ = ["gallery_page"]


def gallery_page(shelf: Shelf, blocks: gr.Blocks) -> None:
    """A shelf -> the page, within a tab."""
    lead("Every run in the folder: what it was fitted to, how the fit went, what it draws.")
    listed = gr.HTML(elem_id="gallery-list", apply_default_css=False)
    run = choose_run(shelf, lambda each: True, elem_id="gallery-run")
    shown = gr.HTML(elem_id="gallery-run-shown", apply_default_css=False)
    audit = gr.Button("Audit its numbers", elem_id="audit", variant="secondary")
    found = gr.HTML(elem_id="audit-found", apply_default_css=False)

    def everything(name: str | None) -> tuple[str, str]:
        runs = shelf.runs()
        if not runs:
            return note(f"No run in {shelf.folder} yet: arden fit nade digits writes one."), ""
        chosen = name if name in [each.name for each in runs] else runs[0].name
        return list_runs(runs), show_run(shelf.run(chosen))

    def one(name: str | None) -> tuple[str, str]:
        return show_run(shelf.run(name)), ""

    def prove(name: str | None) -> str:
        return audit_run(shelf, shelf.run(name))

    blocks.load(spoken(everything), run, [listed, shown], api_visibility="private")
    run.input(
        spoken(one), run, [shown, found], trigger_mode="always_last", api_visibility="private"
    )
    audit.click(spoken(prove), run, found, api_visibility="private")
