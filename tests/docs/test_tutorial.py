"""The ten minutes, followed to the letter, in a minute: each fit stops after two epochs."""

from __future__ import annotations

import re

import pytest

from docs.extensions.running import FENCE, Page
from tests.docs.pages import DOCS

TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")


def test_the_tutorial_can_be_followed(tmp_path):
    page = Page(tmp_path)
    told = []
    for language, code in FENCE.findall(TUTORIAL):
        short = re.sub(r"--epochs \d+", "--epochs 2", code)
        printed, pictures = page.run(language, short)
        told.append((printed, pictures))
    assert len(told) >= 7
    assert all(printed for printed, _ in told)
    assert any(path.name == "samples.png" for _, pictures in told for path in pictures)


def test_an_example_that_fails_is_an_error(tmp_path):
    page = Page(tmp_path)
    with pytest.raises(AssertionError, match="exit code 1"):
        page.run("sh", "arden fit no-such-system digits")
    with pytest.raises(ZeroDivisionError):
        page.run("python", "1 / 0")


def test_an_example_sees_those_before_it(tmp_path):
    page = Page(tmp_path)
    assert page.run("python", "a = 2") == ("", [])
    assert page.run("python", "a + 1") == ("3", [])
