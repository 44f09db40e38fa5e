"""Formulas as MathML, which browsers draw by themselves: no script, no font, no network."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

_SPACE = "http://www.w3.org/1998/Math/MathML"
_ACCENTS = "ˆ˜¯˙"
ElementTree.register_namespace("", _SPACE)


_NAMED = re.compile(r"&(\w+);")
_OF_XML = {"amp", "apos", "gt", "lt", "quot"}


def _character(entity: re.Match[str]) -> str:
    """An entity of HTML, which XML does not know by name -> the character."""
    return entity[0] if entity[1] in _OF_XML else unescape(entity[0])


def mathml(formula: str, as_block: bool = False) -> str:
    """TeX -> MathML.

    docutils puts the i of x̂_i below the x, as of a sum: here it is an index beside the accent.
    """
    told = _NAMED.sub(_character, tex2mathml(formula, as_block=as_block))
    root = ElementTree.fromstring(told)
    for found in list(root.iter(f"{{{_SPACE}}}munderover")):
        base, index, accent = found
        if (accent.text or "") in _ACCENTS:
            found.tag = f"{{{_SPACE}}}msub"
            found[:] = [ElementTree.Element(f"{{{_SPACE}}}mover", accent="true"), index]
            found[0].extend([base, accent])
    return ElementTree.tostring(root, encoding="unicode")


def inline(writer: HTML5Translator, node: nodes.math) -> None:
    """A formula within a line -> its MathML."""
    writer.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def block(writer: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on a line of its own -> its MathML; a long one scrolls by itself."""
    formula = mathml(node.astext(), as_block=True)
    writer.body.append(f'<div class="formula">{formula}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx -> what it should know of this extension."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(inline, None), block_renderers=(block, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
