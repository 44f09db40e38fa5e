"""One pixel at a time: a walk through an image, and what was expected at each of its steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from arden.core.model import AutoregressiveModel
from arden.core.ordering import Ordering
from arden.errors import InputError
from arden.orderings import ORDERINGS
from arden.storage.recipe import find_class
from arden.studio.images import context_of, held_out, is_any_order
from arden.studio.markup import facts, figure, heat, nats, picture, shades
from arden.studio.shelf import Run, Shelf
from arden.tasks.predict import predict
from arden.tasks.predict_next import predict_next
from arden.tasks.sample import sample
from arden.tasks.score import score_conditionals

__all__ = ["OWN", "Walk", "orderings_for", "show_step", "take_walk"]

OWN = "its own"
_OF_IMAGES = ("raster", "zigzag", "column", "diagonal", "spiral", "hilbert", "shuffled")


@dataclass(frozen=True, eq=False)
class Walk:
    """An image (*event), the pixel of every step (T,), and −ln p (*event) at each of them.

    ``hats`` are x̂_i = E[x_i | x_<i] in the walk's order. ``seen`` tells whether the model also says
    what it expects of pixels that do not come next.
    """

    run: Run
    ordering: str
    model: AutoregressiveModel
    context: Tensor | None
    values: Tensor
    order: Tensor
    hats: Tensor
    surprise: Tensor

    @property
    def steps(self) -> int:
        return len(self.order)


def orderings_for(shelf: Shelf, run: Run) -> list[str]:
    """A run -> the orderings it can be walked in: any for an any-order model, else its own."""
    model = shelf.exact_model(run, "sample")
    return list(_OF_IMAGES) if is_any_order(model) else [OWN]


def take_walk(
    shelf: Shelf,
    run: Run,
    ordering: str,
    seed: int = 0,
    label: str | None = None,
    *,
    real: bool = False,
) -> Walk:
    """A run, an ordering, a seed -> a walk that draws a new image, or goes through a held-out one.

    The same seed gives every pixel the same uniform, whatever the ordering: two walks differ in
    what their orders let them know. ``real`` takes held-out image number ``seed`` instead.

    Raises:
        InputError: a mixture, which has no x̂_i; an ordering that the model or the image has not.
    """
    model = shelf.exact_model(run, "sample")
    if not isinstance(model, AutoregressiveModel):
        raise InputError(f"{run.name} is a mixture, which has no single x̂_i; choose another run")
    if ordering != OWN and is_any_order(model):
        model = AutoregressiveModel(
            _ordering(ordering, run), model.network, model.conditional, model.class_counts
        )
    context = context_of(model, run, label)
    if real:
        rows = held_out(shelf, run)
        if rows is None:
            raise InputError(f"the data of {run.name} are not at hand; walk through a new image")
        values = rows.values[seed % len(rows)][None]
    else:
        values = sample(model, 1, seed=seed, context=context)
    return Walk(
        run=run,
        ordering=ordering,
        model=model,
        context=context,
        values=values[0],
        order=model.dims(1, values[0].numel()).cpu(),
        hats=predict(model, values, context)[0].double().cpu(),
        surprise=-score_conditionals(model, values, context)[0].double(),
    )


def show_step(walk: Walk, step: int) -> str:
    """A walk, how many of its steps were taken -> the maps and figures of that moment, as HTML."""
    step = max(0, min(step, walk.steps))
    shape = walk.values.shape
    taken = torch.zeros(walk.steps, dtype=torch.bool)
    taken[walk.order[:step]] = True
    taken = taken.reshape(shape)
    levels = walk.run.schema.num_symbols or 2
    following = None if step == walk.steps else int(walk.order[step])
    mark = None if following is None else (following // shape[1], following % shape[1])
    drawn = torch.where(taken, walk.values.double(), torch.nan)
    places = torch.empty(walk.steps, dtype=torch.float64)
    places[walk.order] = torch.arange(1, walk.steps + 1, dtype=torch.float64)
    path = torch.where(taken, places.reshape(shape), torch.nan)
    hats = _expected(walk, taken, following)
    maps = [
        (
            heat(_image(hats), 0, levels - 1, "gray"),
            "x̂: expected value",
            "x̂ of every pixel told of",
        ),
        (shades(_image(drawn), levels), "Drawn so far", "The image as far as it was drawn"),
        (heat(_image(path), 1, walk.steps, "cividis"), "Order so far", "The order so far"),
    ]
    shown = "".join(figure(picture(p, alt, mark=mark), caption) for p, caption, alt in maps)
    return f'<div class="strip three">{shown}</div>' + facts(_told(walk, step, following, taken))


def _expected(walk: Walk, taken: Tensor, following: int | None) -> Tensor:
    """x̂ of what was visited as it was then; of the rest what is told now, NaN where nothing is."""
    if is_any_order(walk.model):
        now = predict_next(walk.model, walk.values[None], taken[None], walk.context)[0]
        return torch.where(taken, walk.hats, now)
    told = taken.flatten().clone()
    if following is not None:
        told[following] = True
    return torch.where(told.reshape(taken.shape), walk.hats, torch.nan)


def _told(walk: Walk, step: int, following: int | None, taken: Tensor) -> list[tuple[str, str]]:
    told = [("Step", f"{step} of {walk.steps}")]
    if step:
        last = int(walk.order[step - 1])
        cost = float(walk.surprise.flatten()[last])
        told.append(("Drawn last", f"{_at(walk, last)} = {int(walk.values.flatten()[last])}"))
        told.append(("Its −ln p", nats(cost)))
    if following is not None:
        told.append(("Comes next", f"{_at(walk, following)}, x̂ = {_hat(walk, following)}"))
    total = -float(torch.where(taken, walk.surprise, 0.0).sum())
    told.append(("ln p so far", nats(total + 0.0)))
    return told


def _at(walk: Walk, place: int) -> str:
    return f"row {place // walk.values.shape[1] + 1}, column {place % walk.values.shape[1] + 1}"


def _hat(walk: Walk, place: int) -> str:
    return f"{float(walk.hats.flatten()[place]):.3f}"


def _ordering(name: str, run: Run) -> Ordering:
    shape = tuple(run.schema.event_shape)
    if name not in _OF_IMAGES:
        raise InputError(f"ordering: expected one of {', '.join(_OF_IMAGES)}, got {name}")
    cls = find_class(ORDERINGS, name, "ordering")
    ordering = cls(shape, 0) if name == "shuffled" else cls(shape)
    assert isinstance(ordering, Ordering)
    return ordering


def _image(values: Tensor) -> np.ndarray:
    return values.reshape(values.shape[:2]).double().numpy()
