"""A walk's steps are the model's: their order, their x̂, and a sum that is ln p of the image."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

import arden
from arden.errors import InputError
from arden.studio.shelf import Shelf
from arden.studio.walking import OWN, orderings_for, show_step, take_walk
from arden.tasks.predict import predict
from arden.tasks.score import score


def test_any_order_models_have_every_ordering_and_others_their_own(shelf):
    assert {"raster", "spiral", "hilbert"} <= set(orderings_for(shelf, shelf.run("any")))
    assert orderings_for(shelf, shelf.run("one")) == [OWN]


@pytest.mark.parametrize("ordering", ["raster", "spiral", "shuffled"])
def test_the_terms_sum_to_the_score_in_that_order(shelf, ordering):
    walk = take_walk(shelf, shelf.run("any"), ordering, seed=1)
    assert walk.order.sort().values.tolist() == list(range(64))
    total = score(walk.model, walk.values[None], walk.context)
    assert -float(walk.surprise.sum()) == pytest.approx(float(total), abs=1e-4)
    bits, hats = walk.values.double(), walk.hats
    likelihood = torch.where(bits == 1, hats, 1 - hats)
    assert torch.allclose(-likelihood.log(), walk.surprise, atol=1e-4)


def test_orders_differ_in_what_they_know(shelf):
    run = shelf.run("any")
    one, other = (take_walk(shelf, run, name, real=True) for name in ("raster", "spiral"))
    assert torch.equal(one.values, other.values)
    assert not torch.equal(one.order, other.order)
    assert not torch.equal(one.hats, other.hats)


def test_a_held_out_image_is_walked_through(shelf):
    run = shelf.run("one")
    walk = take_walk(shelf, run, OWN, seed=5, real=True)
    assert torch.equal(walk.values, shelf.data(run).test.values[5])


@pytest.mark.parametrize("name", ["any", "one"])
def test_every_step_can_be_shown_forwards_and_backwards(shelf, name):
    walk = take_walk(shelf, shelf.run(name), orderings_for(shelf, shelf.run(name))[0])
    forwards = [show_step(walk, step) for step in (0, 1, 30, 64)]
    assert forwards == [show_step(walk, step) for step in (64, 30, 1, 0)][::-1]
    assert "0 of 64" in forwards[0]
    assert "Drawn last" not in forwards[0]
    assert forwards[1].count('class="mark"') == 3
    assert "Comes next" not in forwards[3]
    told = re.search(r"ln p so far</dt><dd>([−\d.]+)", forwards[3])
    expected = score(walk.model, walk.values[None])
    assert float(told[1].replace("−", "-")) == pytest.approx(float(expected), abs=6e-3)


def test_the_future_is_not_shown(shelf):
    """Two images that agree up to a step look the same up to that step."""
    run = shelf.run("one")
    walk = take_walk(shelf, run, OWN)
    values = walk.values.clone()
    values.flatten()[walk.order[40:]] ^= 1
    other = replace(walk, values=values, hats=predict(walk.model, values[None])[0].double())
    for step in (0, 20, 40):
        assert show_step(other, step) == show_step(walk, step)
    assert show_step(other, 60) != show_step(walk, 60)


def test_refusals(folder, shelf, tmp_path):
    with pytest.raises(InputError, match="ordering: expected one of"):
        take_walk(shelf, shelf.run("any"), "given")
    models = [arden.load(folder / "one")] * 2
    card = shelf.run("one").card
    arden.save(arden.ensemble(models), tmp_path / "both", card=card)
    mixed = Shelf(tmp_path)
    with pytest.raises(InputError, match="mixture, which has no single"):
        take_walk(mixed, mixed.run("both"), OWN)
