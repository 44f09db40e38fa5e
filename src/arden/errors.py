"""The errors a user can mend. They stand below every floor and import nothing of the package."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["ArdenError", "FileError", "InputError", "shortened", "suggestion"]


class ArdenError(Exception):
    """Anything a user can mend: one sentence naming the argument, what was expected, what came.

    The command line prints the sentence alone; a traceback is kept for our own mistakes.
    """


class InputError(ArdenError, ValueError):
    """A value, shape, name or option that cannot be used."""


class FileError(ArdenError, OSError):
    """A file or folder that is missing, foreign, damaged or cannot be written."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """A misspelt word, the words that exist -> a sentence to append to the message, or nothing.

    It begins with a space, so that callers append it without asking whether it is empty.

    >>> suggestion("nad", ["made", "nade"])
    ' Did you mean "nade"?'
    >>> suggestion("transformer", ["made", "nade"])
    ''
    """
    # Compared without case, shown as it is spelt: "MNIST" means "mnist".
    spelt = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), spelt, n=1, cutoff=0.6)
    return f' Did you mean "{spelt[close[0]]}"?' if close else ""


def shortened(found: str, most: int = 40) -> str:
    """What a file holds, the most characters -> how it stands in a sentence: on one line.

    >>> shortened("3\\n4,0,0"), shortened("nine" * 20, 10)
    ('3 4,0,0', 'ninenineni…')
    """
    line = "".join(c if c.isprintable() else "�" for c in " ".join(found.split()))
    return line if len(line) <= most else f"{line[:most]}…"
