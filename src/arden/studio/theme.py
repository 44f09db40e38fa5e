"""The look of the studio: that of the package's pictures, in fonts the machine already has."""

from __future__ import annotations

from importlib.resources import files

import gradio as gr
from gradio.themes.utils.colors import Color

from arden.plots import style

__all__ = ["make_theme", "style_sheet"]

_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif")
_MONO = ("ui-monospace", "SF Mono", "Menlo", "DejaVu Sans Mono", "monospace")


def make_theme() -> gr.themes.Base:
    """() -> the theme: white paper, hairlines, one blue; its dark twin keeps the contrast."""
    theme = gr.themes.Base(
        primary_hue=_BLUES,
        secondary_hue=_BLUES,
        neutral_hue=_GREYS,
        spacing_size=gr.themes.sizes.spacing_md,
        radius_size=gr.themes.sizes.radius_sm,
        text_size=gr.themes.sizes.text_md,
        font=_SANS,
        font_mono=_MONO,
    )
    return theme.set(
        body_background_fill=style.PAPER,
        body_background_fill_dark="#14171a",
        body_text_color=style.INK,
        body_text_color_dark="#e6e9ec",
        body_text_color_subdued=style.MUTED,
        body_text_color_subdued_dark="#9aa4ae",
        background_fill_primary=style.PAPER,
        background_fill_primary_dark="#14171a",
        background_fill_secondary="#f6f7f9",
        background_fill_secondary_dark="#1c2024",
        border_color_primary=style.RULE,
        border_color_primary_dark="#343a40",
        block_background_fill=style.PAPER,
        block_background_fill_dark="#14171a",
        block_border_width="0px",
        block_shadow="none",
        block_shadow_dark="none",
        block_padding="4px 0",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_border_width="0px",
        block_title_text_color=style.MUTED,
        block_title_text_color_dark="#9aa4ae",
        block_title_text_size="13px",
        block_info_text_size="12.5px",
        panel_background_fill=style.PAPER,
        panel_background_fill_dark="#14171a",
        input_background_fill=style.PAPER,
        input_background_fill_dark="#1c2024",
        input_border_width="1px",
        input_border_color=style.RULE,
        input_border_color_dark="#434a52",
        input_shadow="none",
        button_primary_background_fill=style.BLUE,
        button_primary_background_fill_dark=style.BLUE,
        button_primary_background_fill_hover="#005c91",
        button_primary_background_fill_hover_dark="#0a83c6",
        button_primary_text_color="#ffffff",
        button_secondary_background_fill=style.PAPER,
        button_secondary_background_fill_dark="#1c2024",
        button_secondary_background_fill_hover="#eef3f7",
        button_secondary_background_fill_hover_dark="#2a3036",
        button_secondary_border_color=style.RULE,
        button_secondary_border_color_dark="#434a52",
        button_border_width="1px",
        button_large_text_size="14.5px",
        button_large_text_weight="500",
        button_large_padding="9px 16px",
        button_small_text_size="13.5px",
        button_small_padding="7px 12px",
        button_primary_shadow="none",
        button_secondary_shadow="none",
        slider_color=style.BLUE,
        link_text_color=style.BLUE,
        link_text_color_dark="#59b0e8",
    )


def style_sheet() -> str:
    """() -> the rules of our own markup."""
    return files("arden.studio").joinpath("studio.css").read_text(encoding="utf-8")


_BLUES = Color(
    c50="#eaf4fb",
    c100="#d3e8f5",
    c200="#a7d1ec",
    c300="#6fb3dd",
    c400="#3593cb",
    c500=style.BLUE,
    c600=style.BLUE,
    c700="#005c91",
    c800="#00486f",
    c900="#003350",
    c950="#002338",
    name="arden-blue",
)
_GREYS = Color(
    c50="#f6f7f9",
    c100="#eceff2",
    c200=style.RULE,
    c300="#bcc4cc",
    c400="#929ca6",
    c500=style.MUTED,
    c600="#4e565e",
    c700="#383f46",
    c800="#262b30",
    c900=style.INK,
    c950="#101316",
    name="arden-grey",
)
