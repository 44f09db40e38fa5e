"""Two runs are compared as `arden compare` does, and only over the same events."""

from __future__ import annotations

import pytest

import arden
from arden.errors import InputError
from arden.studio.comparing import compare_runs, draws_of


def test_the_difference_is_that_of_compare(shelf):
    first, second = shelf.run("any"), shelf.run("one")
    shown = compare_runs(shelf, first, second)
    models = [shelf.exact_model(run, "compare") for run in (first, second)]
    gain = arden.compare(models, shelf.data(first).test.values).against(1, 0)
    assert f"{gain.nats:+.2f}".replace("-", "−") in shown
    assert shown.count("<img") == 1


def test_a_class_that_only_one_is_told_is_remarked(shelf):
    shown = compare_runs(shelf, shelf.run("any"), shelf.run("by-class"))
    assert "Only one of them is told the class" in shown


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("any", "any"), "two different runs"),
        (("any", "deep/text"), "over the same events"),
        (("any", "vae"), "lower bound"),
    ],
)
def test_refusals(shelf, names, sentence):
    with pytest.raises(InputError, match=sentence):
        compare_runs(shelf, *map(shelf.run, names))


@pytest.mark.parametrize(
    ("name", "mark"),
    [("any", "<img"), ("by-class", "<img"), ("deep/text", "draws"), ("vae", "<img")],
)
def test_draws_of_every_kind(shelf, name, mark):
    run = shelf.run(name)
    if name == "vae":
        with pytest.raises(InputError, match="lower bound"):
            draws_of(shelf, run)
    else:
        assert mark in draws_of(shelf, run)
