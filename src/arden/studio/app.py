"""The studio as one gradio application: a tab for each page."""

from __future__ import annotations

from html import escape

import gradio as gr

from arden import __version__
from arden.studio.pages.compare import compare_page
from arden.studio.pages.draw import draw_page
from arden.studio.pages.gallery import gallery_page
from arden.studio.pages.steps import steps_page
from arden.studio.pages.table import table_page
from arden.studio.pages.text import text_page
from arden.studio.shelf import Shelf

__all__ = ["make_app"]


def make_app(shelf: Shelf) -> gr.Blocks:
    """A shelf -> the application, not yet served."""
    with gr.Blocks(title="Arden studio", analytics_enabled=False, fill_width=True) as blocks:
        gr.HTML(
            '<header class="masthead"><h1>Arden</h1>'
            f"<p>exact probability models in <code>{escape(str(shelf.folder))}</code> · "
            f"{escape(__version__)}</p></header>",
            apply_default_css=False,
        )
        with gr.Tabs(elem_id="pages"):
            with gr.Tab("Gallery", id="gallery"):
                gallery_page(shelf, blocks)
            with gr.Tab("Draw", id="draw") as tab:
                draw_page(shelf, tab)
            with gr.Tab("One pixel at a time", id="steps") as tab:
                steps_page(shelf, tab)
            with gr.Tab("Table", id="table"):
                table_page()
            with gr.Tab("Text", id="text") as tab:
                text_page(shelf, tab)
            with gr.Tab("Compare", id="compare") as tab:
                compare_page(shelf, tab)
    return blocks
