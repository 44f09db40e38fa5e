"""The pages of the documentation as the tests read them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

__all__ = ["DOCS", "PAGES", "READMES", "ROOT", "commands", "fences"]

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
READMES = (ROOT / "README.md", ROOT / "README.ko.md")
PAGES = sorted(
    path
    for path in DOCS.rglob("*.md")
    if path.relative_to(DOCS).parts[0] not in ("made", "extensions")
)
_FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def fences(page: Path) -> list[tuple[str, str]]:
    """A page -> its fenced blocks: what stands after the fence, and what is in it."""
    text = page.read_text(encoding="utf-8")
    return [(told.strip(), block) for _, told, block in _FENCE.findall(text)]


def commands(page: Path) -> list[list[str]]:
    """A page -> every line of a fenced block that is a command of arden's, as words."""
    lines = [line.strip() for _, block in fences(page) for line in block.splitlines()]
    return [
        shlex.split(line, comments=True)[1:]
        for line in lines
        if re.match(r"arden [a-z]", line) and not line.startswith("arden: ")
    ]
