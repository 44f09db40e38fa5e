"""Ctrl-C in the middle of the work of every verb: code 130, one line, no half of a file.

`tests/faults/interrupts.py` does it from outside, at random moments, and for what runs until it is
stopped.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from arden.cli import main
from arden.latent.vae import VAE
from arden.networks.nade import NADE
from tests.cli.words import VERBS
from tests.faults.room import contents

Captured = pytest.CaptureFixture[str]
_METHODS = ((NADE, "forward"), (NADE, "step"), (VAE, "bound"))


@contextmanager
def ctrl_c_at_call(number: int) -> Iterator[list[int]]:
    """n -> within the block Ctrl-C is pressed when a network is asked for the n-th time."""
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in _METHODS:
            whole = getattr(owner, name)

            def pressed(self: Any, *given: Any, whole: Any = whole, **how: Any) -> Any:
                asked.append(1)
                if len(asked) == number:
                    signal.raise_signal(signal.SIGINT)
                return whole(self, *given, **how)

            patch.setattr(owner, name, pressed)
        try:
            yield asked
        finally:
            signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_left_as_if_it_had_not_been_begun(
    verb: str,
    call: int,
    run: Path,
    vae_run: Path,
    files: Path,
    tmp_path: Path,
    capfd: Captured,
) -> None:
    words = VERBS[verb](vae_run if verb == "bound" else run, files / "images.npz", tmp_path)
    before = contents(tmp_path)
    capfd.readouterr()
    with ctrl_c_at_call(call) as asked, pytest.raises(SystemExit) as left:
        main([verb, *(str(word) for word in words)])
    told = capfd.readouterr()
    if len(asked) < call:
        assert left.value.code == 0  # one pass was all it took
        return
    assert left.value.code == 130, told
    assert told.err == "arden: stopped by Ctrl-C\n"
    assert contents(tmp_path) == before
    assert not list(tmp_path.rglob(".*part*"))


def test_ctrl_c_before_there_is_anything_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the commands themselves are still being loaded."""
    import builtins
    import sys

    whole = builtins.__import__

    def pressed(name: str, *given: Any, **how: Any) -> Any:
        if name == "arden.cli.app":
            raise KeyboardInterrupt
        return whole(name, *given, **how)

    monkeypatch.delitem(sys.modules, "arden.cli.app", raising=False)
    monkeypatch.setattr(builtins, "__import__", pressed)
    with pytest.raises(SystemExit) as left:
        main(["models"])
    assert left.value.code == 130


def test_the_studio_hears_it_though_an_import_swallows_it(
    run: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gradio", reason="needs the extra studio")
    from arden.studio import app

    def swallows(shelf: object) -> None:
        with suppress(BaseException):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(app, "make_app", swallows)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(SystemExit) as left:
            main(["studio", str(run)])
    finally:
        signal.signal(signal.SIGINT, before)
    assert left.value.code == 130
    assert capfd.readouterr().err == "arden: stopped by Ctrl-C\n"
