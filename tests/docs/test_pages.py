"""Every page can be reached, its links lead somewhere, its commands are ones that arden knows."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from arden.cli.app import make_app
from docs.extensions.running import FENCE
from tests.docs.pages import DOCS, PAGES, READMES, commands, fences

_LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
_OPTIONS = re.compile(r"^:[a-z]+:.*$", re.MULTILINE)


def _listed(page: Path) -> list[str]:
    """A page -> the entries of its toctrees, from the root of the documentation."""
    entries: list[str] = []
    for told, block in fences(page):
        if told == "{toctree}":
            entries += _OPTIONS.sub("", block).split()
    here = page.parent.relative_to(DOCS).as_posix()
    return [entry if here == "." else f"{here}/{entry}" for entry in entries]


def test_every_page_is_in_a_toctree():
    entries = [entry for page in PAGES for entry in _listed(page)]
    names = {page.relative_to(DOCS).with_suffix("").as_posix() for page in PAGES}

    def is_listed(name: str) -> bool:
        return any(
            fnmatch(name, entry) and name.count("/") == entry.count("/") for entry in entries
        )

    assert {name for name in names if not is_listed(name)} == {"index"}
    plain = {entry for entry in entries if not set(entry) & set("*[")}
    assert plain <= names, f"toctree entries without a page: {plain - names}"


@pytest.mark.parametrize("page", [*PAGES, *READMES], ids=lambda path: path.stem)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [found for found in _LINK.findall(text) if "://" not in found]
    assert [found for found in targets if not (page.parent / found).exists()] == []


def _shown() -> list[object]:
    return [
        pytest.param(words, id=f"{page.stem}: {' '.join(words)[:60]}")
        for page in [*PAGES, *READMES]
        for words in commands(page)
    ]


@pytest.mark.parametrize("words", _shown())
def test_commands_are_known(words):
    # Parsed only: a name, a flag or a value that arden has not is refused here.
    make_app().parse_args(words, exit_on_error=False, print_error=False)


def test_both_readmes_show_the_same_commands():
    english, korean = map(commands, READMES)
    assert english, "no command found"
    assert korean == english
    code = [
        [re.sub(r"#.*", "", line).rstrip() for line in block.splitlines()]
        for readme in READMES
        for told, block in fences(readme)
        if told == "python"
    ]
    assert code[0] == code[1]


def test_both_readmes_show_the_same_pictures():
    english, korean = (
        re.findall(r"!\[[^\]]*\]\(([^)]+)\)", readme.read_text(encoding="utf-8"))
        for readme in READMES
    )
    assert korean == english


def test_every_row_of_the_lecture_has_a_page():
    rows = [page.stem for page in (DOCS / "lecture").glob("[0-9]*.md")]
    assert sorted(int(row.split("-")[0]) for row in rows) == list(range(1, 20))


def test_every_system_has_its_page():
    from arden.systems import SYSTEMS

    told = " ".join(page.read_text(encoding="utf-8") for page in (DOCS / "lecture").glob("*.md"))
    named = set(" ".join(re.findall(r"```\{systems\} (.+)", told)).split())
    assert set(SYSTEMS) == named


def test_nothing_is_fetched_by_a_page():
    # Pages of the documentation stand by themselves: a picture from elsewhere would be a request.
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"!\[[^\]]*\]\(https?:", text), page
    assert "http" not in (DOCS / "static" / "arden.css").read_text(encoding="utf-8")


def test_docstrings_keep_their_words():
    pytest.importorskip("sphinx", reason="needs the extra docs")
    from docs.extensions.docstrings import escape

    lines = ["a * b, x_<i, `a * b` and ``x_<i``", "", ">>> 2 * 3", "6", "", "p(x | y)"]
    assert escape(lines) == [
        r"a \* b, x\_<i, `a * b` and ``x_<i``", "", ">>> 2 * 3", "6", "", r"p(x \| y)",
    ]  # fmt: skip


def test_examples_are_found():
    found = FENCE.findall("```{example} python\n1 + 1\n```\n\n```{example} sh\narden models\n```\n")
    assert found == [("python", "1 + 1\n"), ("sh", "arden models\n")]


def test_formulas_are_mathematics():
    pytest.importorskip("sphinx", reason="needs the extra docs")
    from docs.extensions.formulas import mathml

    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for formula in re.findall(r"^\$\$\n(.+?)\n\$\$$", text, re.MULTILINE | re.DOTALL):
            assert mathml(formula, as_block=True).startswith("<math"), page
        for formula in re.findall(r"(?<![$\w])\$([^$\n]+)\$(?![$\w])", text):
            assert mathml(formula).startswith("<math"), page


def test_an_index_stands_beside_an_accent_and_below_a_sum():
    pytest.importorskip("sphinx", reason="needs the extra docs")
    from docs.extensions.formulas import mathml

    told = re.sub(r"\s", "", mathml(r"\hat{x}_i = \sum_j^n y_j", as_block=True))
    assert '<msub><moveraccent="true"><mi>x</mi>' in told
    assert told.count("munderover") == 2  # the sum's own, opened and closed
