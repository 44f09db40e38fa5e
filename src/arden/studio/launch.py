"""The studio served: on this machine, until Ctrl-C."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from arden.errors import ArdenError, FileError, InputError
from arden.studio.shelf import Shelf
from arden.studio.starters import OWN_DATA, fit_starters
from arden.training.interruption import Interruption

__all__ = ["free_port", "launch"]

FIRST_PORT, _TRIED = 7860, 100


def _say(line: str) -> None:
    print(line, flush=True)  # a log should hold the address before the studio ends


def launch(
    folder: Path,
    *,
    port: int | None = None,
    host: str = "127.0.0.1",
    open_browser: bool = False,
    data_dir: Path | None = None,
    say: Callable[[str], None] = _say,
    wait: Callable[[], None] | None = None,
) -> None:
    """A folder of runs -> the studio at an address that ``say`` is told, until Ctrl-C.

    A folder without runs gets three small models first. Without a ``port`` the first free one from
    7860 on is taken. ``wait`` returns when it is time to close; by default it waits for Ctrl-C.

    Raises:
        InputError: a port that is taken, or out of range.
        FileError: no folder, or one that cannot be written (only where it holds no run).
    """
    began = time.monotonic()
    port = free_port(port, host)
    if folder.exists() and not folder.is_dir():
        raise FileError(f"{folder}: expected a folder of runs, but a file has this name")
    shelf = Shelf(folder, data_dir, OWN_DATA)
    fitted = fit_starters(shelf, say)
    with Interruption() as loading:  # not all of what is imported here lets Ctrl-C through
        from arden.kernels import register
        from arden.studio.app import make_app
        from arden.studio.tabling import MOST_BYTES
        from arden.studio.theme import make_theme, style_sheet

        register()
        blocks = make_app(shelf)
    if loading.asked:
        raise KeyboardInterrupt
    blocks.queue(default_concurrency_limit=4)
    blocks.launch(
        server_name=host,
        server_port=port,
        inbrowser=open_browser,
        prevent_thread_lock=True,
        share=False,
        quiet=True,
        show_error=True,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        footer_links=[],
        run_history=False,
        max_file_size=4 * MOST_BYTES,  # the page refuses with a sentence well before that
        theme=make_theme(),
        css=style_sheet(),
    )
    Thread(target=_warm_up, args=(shelf,), daemon=True).start()
    started = "" if fitted else f" after {time.monotonic() - began:.1f} s"
    say(f"Arden studio: http://{host}:{port}/{started}. Ctrl-C ends it.")
    try:
        (wait or _until_interrupted)()
    finally:
        blocks.close(verbose=False)


def _warm_up(shelf: Shelf) -> None:
    """One drawing completed before anyone asks: data are read and kernels compiled only once."""
    from arden.studio.drawing import complete_board, held_out_board
    from arden.studio.images import is_drawable

    with suppress(ArdenError):  # whoever asks is told
        for run in shelf.runs(is_drawable)[:1]:
            complete_board(shelf, run, held_out_board(shelf, run, 0))


def free_port(port: int | None, host: str) -> int:
    """The port that is asked for, or None for the first free one -> a port that is free.

    Raises:
        InputError: it is taken or out of range, or the host is not this machine's.
    """
    if port is not None and not 1 <= port <= 65_535:
        raise InputError(f"port: expected a number in 1 … 65535, got {port}")
    tried = range(FIRST_PORT, FIRST_PORT + _TRIED) if port is None else [port]
    for number in tried:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, number))
            except socket.gaierror:
                told = f"host: expected an address of this machine, got {host}"
                raise InputError(told) from None
            except (OSError, OverflowError):
                continue
            return number
    told = f"{FIRST_PORT} … {FIRST_PORT + _TRIED - 1}" if port is None else str(port)
    raise InputError(f"port: expected a free one, but {told} is taken or not allowed")


def _until_interrupted() -> None:
    while True:
        time.sleep(3600)
