"""Examples of a page, run one after another: each sees what the ones before it have left."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```\{example\} (python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Page:
    """The examples of one page: the names they have defined, and the folder they run in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "__example__"}
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, language: str, code: str) -> tuple[str, list[Path]]:
        """python or sh, code -> what it printed, the pictures it wrote.

        Of Python, the value of a last expression is printed as well; of sh, every line is a command
        of arden's, and its exit code must be 0.
        """
        printed, before = io.StringIO(), self._pictures()
        with _inside(self.folder), contextlib.redirect_stdout(printed):
            if language == "python":
                self._run_python(code)
            else:
                for line in code.strip().splitlines():
                    _run_command(line)
        after = self._pictures()
        made = [path for path, written in after.items() if before.get(path) != written]
        return printed.getvalue().strip("\n"), sorted(made, key=lambda path: after[path])

    def _run_python(self, code: str) -> None:
        tree = ast.parse(code)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<example>", "exec"), self.names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<example>", "eval"), self.names)
            if value is not None and not isinstance(value, Path):
                print(value)

    def _pictures(self) -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in self.folder.rglob("*.png")}


def _run_command(line: str) -> None:
    from arden.cli import main

    name, *words = shlex.split(line, comments=True)
    assert name == "arden", f"not a command of arden's: {line}"
    code: object = 0
    try:
        main(words)
    except SystemExit as ended:
        code = ended.code
    assert not code, f"{line}: exit code {code}"


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    wide = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "92"  # what rich prints must fit a page
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        os.environ.pop("COLUMNS")
        if wide is not None:
            os.environ["COLUMNS"] = wide
