"""The commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from cyclopts import App, CycloptsError, UnusedCliTokensError
from cyclopts.config import Toml

from arden import __version__
from arden.cli.fit import fit_commands
from arden.errors import ArdenError, FileError

__all__ = ["main", "make_app"]

_HELP = """Exact autoregressive probability models: fit p(x), score, sample, and prove the numbers.

Start with: arden fit nade digits
"""

_AGAIN = 0.05
"""Seconds until a Ctrl-C that was ignored is told once more."""
_STOPPED = "arden: stopped by Ctrl-C"
_COMMANDS = {
    "score": "ln p(x) of every row, by a fitted model.",
    "compare": "Compare fitted models on the same rows: paired differences and their errors.",
    "detect": "Flag the rows that are not like normal ones, at a guaranteed false-alarm rate.",
    "ensemble": "Join fitted runs into one model that averages their probabilities.",
    "bound": "A lower bound on ln p(x) of every row, by a model that has no more to say of it.",
    "compress": "Compress rows, a text or sounds without loss, by a fitted model.",
    "decompress": "Give back exactly what arden compress was given.",
    "represent": "The features of every row: an encoder's code, or a network's hidden units.",
    "sample": "Draw from a fitted model: a picture, an array or a table.",
    "complete": "Fill in what is missing in every row, given the rest; says whether exactly.",
    "classify": "Which class every row is of: p(class | row) by Bayes, from a fitted model.",
    "query": "The probability that a row fulfils conditions, and rows that do.",
    "verify": "Prove that a fitted model's numbers are right.",
    "serve": "Answer over HTTP: fitted models as JSON or Arrow endpoints, until stopped.",
    "reproduce": "Published figures and ours beside them; measure them again by their recipes.",
    "publish": "Write a run as a repository of a model hub, with a card of its figures; send it.",
    "bench": "How fast the systems are on this machine, and how fast they could be.",
    "models": "List the systems: what they are, what they take, what can be asked of them.",
    "orderings": "Show an ordering's path through an image, in numbers and drawn.",
    "studio": "Look at models, draw with them and ask them in a browser, on this machine.",
    "data": "List the data sets, or show how one source is read.",
    "fetch": "Download named data sets: the published files, checked, into the cache.",
}


def make_app() -> App:
    """() -> the whole command line, its commands loaded when they are called."""
    app = App(
        name="arden",
        help=_HELP,
        version=__version__,
        help_epilogue="Every command takes --config FILE.toml with the same names as its options.",
        error_formatter=lambda error: f"arden: {_sentence(error)}",
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    app.command(fit_commands())
    for name, told in _COMMANDS.items():
        app.command(f"arden.cli.{name}:{name}", name=name, help=told)
    return app


def main(arguments: list[str] | None = None) -> None:
    """Command-line words -> exit: 0, or 1 for what a user can mend or a failed audit, or 130.

    Errors are one sentence on stderr; a traceback is only shown for our own mistakes.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _show_log()
    with _ctrl_c_heard():
        _run(words)


@contextmanager
def _ctrl_c_heard() -> Iterator[None]:
    """() -> within the block Ctrl-C is heard also where Python cannot raise it.

    While torch is being imported it ends the process at once: torch's C++ calls back into Python
    then, and aborts where that raises; nothing is begun by then that would have to be put away.
    Other callbacks of C (a compiler's, say) and destructors ignore what is raised in them: there it
    is told once more a moment later.
    """

    def heard(number: int, frame: FrameType | None) -> None:
        spec = getattr(sys.modules.get("torch"), "__spec__", None)
        if getattr(spec, "_initializing", False):
            print(_STOPPED, file=sys.stderr, flush=True)
            os._exit(130)
        signal.default_int_handler(number, frame)

    def ignored(told: sys.UnraisableHookArgs) -> None:
        if not issubclass(told.exc_type, KeyboardInterrupt):
            before(told)
            return
        again = threading.Timer(_AGAIN, os.kill, (os.getpid(), signal.SIGINT))
        again.daemon = True
        again.start()

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    before, sys.unraisablehook = sys.unraisablehook, ignored
    signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = before


def _run(words: list[str]) -> None:
    """Command-line words -> exit."""
    try:
        app = make_app()
        words = _take_config(app, words)
        code = app(words)
        sys.stdout.flush()
    except (ArdenError, CycloptsError) as error:
        print(f"arden: {_sentence(error)}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(_STOPPED, file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone: nothing to complain about
        _drop_output()
        sys.exit(0)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _drop_output()  # else it is tried once more at the end
        print(f"arden: the output cannot be written ({error.strerror})", file=sys.stderr)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
"""What is written to standard output goes to a file as well, if a user has it so."""


def _show_log() -> None:
    """On a terminal what the package logs is shown, such as why a first walk made one wait."""
    log = logging.getLogger("arden")
    if sys.stderr.isatty() and not log.handlers:
        shown = logging.StreamHandler()
        shown.setFormatter(logging.Formatter("arden: %(message)s"))
        log.addHandler(shown)
        log.setLevel(logging.INFO)


def _sentence(error: Exception) -> str:
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return f"expected nothing more, got {' '.join(error.unused_tokens)!r}"
    return " ".join(str(error).split())


def _take_config(app: App, words: list[str]) -> list[str]:
    """Find ``--config FILE`` anywhere in the words, and let its values stand behind the flags."""
    for index, word in enumerate(words):
        name, _, value = word.partition("=")
        if name != "--config":
            continue
        rest = words[index + 1 :]
        path = Path(value or (rest.pop(0) if rest else ""))
        if not path.is_file():
            raise FileError(f"--config: expected a TOML file, got {str(path)!r}")
        _check_toml(path)
        app.config = Toml(path, use_commands_as_keys=False, must_exist=True, source=str(path))
        return words[:index] + rest
    return words


def _check_toml(path: Path) -> None:
    import tomllib

    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError, RecursionError) as error:
        raise FileError(f"--config: {path} is not valid TOML: {error}") from None
