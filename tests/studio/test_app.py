"""The application builds with runs and without, speaks in sentences, takes a free port."""

from __future__ import annotations

import os
import socket

import gradio as gr
import pytest

import arden.studio
from arden.errors import InputError
from arden.studio.app import make_app
from arden.studio.launch import FIRST_PORT, free_port
from arden.studio.shelf import Shelf
from arden.studio.spoken import spoken
from arden.studio.theme import make_theme, style_sheet


def shown(blocks):
    """An application -> all HTML that it begins with."""
    parts = [block for block in blocks.blocks.values() if isinstance(block, gr.HTML)]
    return " ".join(str(part.value) for part in parts)


def test_a_folder_of_runs_has_every_page(shelf):
    blocks = make_app(shelf)
    tabs = [b.label for b in blocks.blocks.values() if isinstance(b, gr.Tab)]
    pages = ["Gallery", "Draw", "One pixel at a time", "Table", "Text", "Compare"]
    assert [tab for tab in tabs if tab in pages] == pages
    assert "Expected a run" not in shown(blocks)


def test_a_folder_without_runs_says_what_is_missing(tmp_path):
    told = shown(make_app(Shelf(tmp_path)))
    assert told.count("Expected a run of grey images") == 2
    assert "Expected a run of texts" in told
    assert "Expected two runs to compare" in told


def test_a_name_is_not_taken_for_markup(tmp_path):
    (tmp_path / "<i>runs").mkdir()
    assert "<i>runs" not in shown(make_app(Shelf(tmp_path / "<i>runs")))


def test_nothing_is_reported_and_no_font_is_fetched(shelf):
    assert arden.studio.__all__ == []
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    blocks = make_app(shelf)
    assert blocks.analytics_enabled is False
    theme = make_theme()
    assert theme._stylesheets == []
    assert not any("http" in sheet for sheet in (*theme._font_css, style_sheet()))


def test_errors_are_sentences(capsys):
    @spoken
    def refuse():
        raise InputError("rows: expected some,\n got none")

    @spoken
    def stumble():
        return 1 / 0

    @spoken
    def refuse_later():
        yield 1
        raise InputError("late")

    with pytest.raises(gr.Error) as told:
        refuse()
    assert told.value.message == "rows: expected some, got none"
    assert capsys.readouterr().err == ""
    with pytest.raises(gr.Error) as told:
        stumble()
    assert "made a mistake" in told.value.message
    assert "ZeroDivisionError" in capsys.readouterr().err
    steps = refuse_later()
    assert next(steps) == 1
    with pytest.raises(gr.Error, match="late"):
        next(steps)


def test_a_port_that_is_taken_is_refused_or_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port: expected a free one, but {port} is taken"):
            free_port(port, "127.0.0.1")
    assert free_port(port, "127.0.0.1") == port
    assert free_port(None, "127.0.0.1") >= FIRST_PORT


@pytest.mark.parametrize(
    ("port", "host", "sentence"),
    [
        (0, "127.0.0.1", "port: expected a number in 1"),
        (70_000, "127.0.0.1", "got 70000"),
        (None, "no.such.host.invalid", "host: expected an address of this machine"),
    ],
)
def test_other_addresses_are_refused(port, host, sentence):
    with pytest.raises(InputError, match=sentence):
        free_port(port, host)
