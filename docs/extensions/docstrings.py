"""Docstrings, which are written to be read in the source, as the text that Sphinx expects."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

_CODE = re.compile(r"(``.*?``|`[^`]*`)")
_MARKUP = re.compile(r"([*|_\\])")


def escape(lines: list[str]) -> list[str]:
    r"""Lines -> the same with no accidental markup: (N, *event), x_<i and a | b stay as they are.

    >>> escape(["(N, *event) -> p(x_i | x_<i), see `score`", ">>> a * b"])
    ['(N, \\*event) -> p(x\\_i \\| x\\_<i), see `score`', '>>> a * b']
    """
    written, example = [], False
    for line in lines:
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        parts = _CODE.split(line)
        if not example:
            parts[::2] = [_MARKUP.sub(r"\\\1", part) for part in parts[::2]]
        written.append("".join(parts))
    return written


def _process(app: Sphinx, what: str, name: str, of: Any, options: Any, lines: list[str]) -> None:
    lines[:] = escape(lines)


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx -> what it should know of this extension."""
    app.connect("autodoc-process-docstring", _process, priority=100)  # before napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}
