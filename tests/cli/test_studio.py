"""`arden studio` refuses in one sentence, and before any fit begins."""

from __future__ import annotations

import socket

import pytest

from tests.cli.words import done, refused

pytest.importorskip("gradio", reason="needs the extra studio")


def test_a_port_that_is_taken_is_refused_before_anything_is_fitted(capfd, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = refused(capfd, "studio", tmp_path / "runs", "--port", port)
    assert sentence == f"port: expected a free one, but {port} is taken or not allowed"
    assert not (tmp_path / "runs").exists()


def test_a_file_is_no_folder_of_runs(capfd, tmp_path):
    (tmp_path / "runs").write_text("")
    assert "expected a folder" in refused(capfd, "studio", tmp_path / "runs")


def test_help_says_that_it_is_this_machines(capfd):
    assert "in a browser, on this machine" in " ".join(done(capfd, "studio", "--help").split())
