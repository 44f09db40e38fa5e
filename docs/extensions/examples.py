"""The directive `example`: code of a page, what it printed and the pictures it drew when built."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from docs.extensions.running import Page


class Example(SphinxDirective):
    """Its argument is python or sh; its option `alt` says what the picture shows."""

    required_arguments, has_content = 1, True
    option_spec: ClassVar[Any] = {"alt": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """-> the code, its output, its pictures."""
        [language], code = self.arguments, "\n".join(self.content)
        page = self.env.temp_data.get("examples")
        if page is None:
            folder = Path(self.env.srcdir) / "made" / self.env.docname
            shutil.rmtree(folder, ignore_errors=True)
            page = self.env.temp_data["examples"] = Page(folder)
        try:
            printed, pictures = page.run(language, code)
        except Exception as error:
            raise ExtensionError(f"{self.env.docname}: {error!r} in\n{code}") from error
        shown: list[nodes.Node] = [nodes.literal_block(code, code, language=language)]
        if printed:
            block = nodes.literal_block(printed, printed, language="none", classes=["printed"])
            shown.append(block)
        for path in pictures:
            source = "/" + path.relative_to(self.env.srcdir).as_posix()
            shown.append(nodes.image(uri=source, alt=self.options.get("alt", path.stem)))
        return shown


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx -> what it should know of this extension."""
    app.add_directive("example", Example)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
