"""One pixel at a time: two walks side by side, and a slider that goes through both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from arden.studio.images import classes_of, is_drawable, some_images
from arden.studio.markup import note, scale
from arden.studio.pages.choosing import choose_run, lead
from arden.studio.shelf import Shelf
from arden.studio.spoken import spoken
from arden.studio.walking import OWN, Walk, orderings_for, show_step, take_walk

__all__ = ["steps_page"]

_NEW, _HELD_OUT = "a new image", "a held-out image"


@dataclass(frozen=True)
class _Side:
    """One of the two walks: what chooses it, where it is shown, and the walk itself."""

    run: gr.Dropdown
    ordering: gr.Dropdown
    shown: gr.HTML
    walk: gr.State


def steps_page(shelf: Shelf, tab: gr.Tab) -> None:
    """A shelf, its tab -> the page."""
    lead(
        "p(x) = ∏ p(x_i | x_&lt;i): one pixel is drawn after the other, each from x̂_i, what is "
        "expected given those before. Step through it, in two orderings at once."
    )
    if not shelf.runs(is_drawable):
        gr.HTML(note(some_images(shelf.folder), kind="warn"), apply_default_css=False)
        return
    with gr.Row():
        walked = gr.Radio([_NEW, _HELD_OUT], value=_NEW, label="Walk through", elem_id="walked")
        another = gr.Button("Another image", elem_id="another", size="sm", min_width=140)
    step = gr.Slider(0, 64, value=0, step=1, label="Steps taken", elem_id="step")
    with gr.Row(elem_classes="keys"):
        moves = [
            gr.Button(words, size="sm", min_width=60, elem_id=name)
            for words, name in (
                ("First", "first"),
                ("← Back", "back"),
                ("Forward →", "forward"),
                ("Last", "last"),
            )
        ]
    with gr.Row(elem_classes="spread"):
        sides = [_side(shelf, letter) for letter in ("A", "B")]
    gr.HTML(
        scale("first", "last", "place in the order; the next pixel is framed", "cividis"),
        apply_default_css=False,
    )
    seed = gr.State(0)
    walks = [side.walk for side in sides]
    shown = [side.shown for side in sides]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

    def show(at: int, *taken: Walk | None) -> list[str]:
        return ["" if walk is None else show_step(walk, int(at)) for walk in taken]

    def walk(name: str, ordering: str, number: int, what: str) -> Walk:
        run = shelf.run(name)
        classes = classes_of(shelf, run)
        label = classes[number % len(classes)] if classes else None
        return take_walk(shelf, run, ordering, number, label, real=what == _HELD_OUT)

    def take(number: int, what: str, at: int, *chosen: str) -> list[Any]:
        taken = [
            walk(name, ordering, number, what)
            for name, ordering in zip(chosen[::2], chosen[1::2], strict=True)
        ]
        most = max(each.steps for each in taken)
        # Whoever has moved on meanwhile stays there, unless the new images end before.
        slider = gr.update(maximum=most, value=most) if at > most else gr.update(maximum=most)
        return [slider, *taken]

    def take_another(number: int, what: str, at: int, *chosen: str) -> list[Any]:
        return [number + 1, *take(number + 1, what, at, *chosen)]

    def orderings(name: str) -> Any:
        known = orderings_for(shelf, shelf.run(name))
        return gr.update(choices=known, value=known[0], interactive=known != [OWN])

    choices = [part for side in sides for part in (side.run, side.ordering)]
    asked = [seed, walked, step, *choices]
    answers = [step, *walks]
    seen = {"fn": spoken(show), "inputs": [step, *walks], "outputs": shown, **quiet}
    for side in sides:
        side.run.input(spoken(orderings), side.run, side.ordering, **quiet).success(
            spoken(take), asked, answers, **quiet
        ).success(**seen)
        side.ordering.input(
            spoken(take), asked, answers, trigger_mode="always_last", **quiet
        ).success(**seen)
    gr.on(
        [walked.input, tab.select],
        spoken(take),
        asked,
        answers,
        trigger_mode="always_last",
        **quiet,
    ).success(**seen)
    another.click(spoken(take_another), asked, [seed, *answers], **quiet).success(**seen)
    step.change(trigger_mode="always_last", **seen)
    # In the browser: a click that waits for an answer would be lost when the next one comes.
    most = "document.querySelector('#step input[type=range]').max"
    places = ("0", "Math.max(0, at - 1)", f"Math.min({most}, at + 1)", f"Number({most})")
    for button, place in zip(moves, places, strict=True):
        button.click(None, step, step, js=f"at => {place}", **quiet)


def _side(shelf: Shelf, letter: str) -> _Side:
    with gr.Column(min_width=300):
        with gr.Row():
            run = choose_run(shelf, is_drawable, f"Run {letter}", elem_id=f"steps-run-{letter}")
            known = orderings_for(shelf, shelf.run(run.value))
            ordering = gr.Dropdown(
                known,
                value=known[min(len(known) - 1, 0 if letter == "A" else 4)],
                label="Ordering",
                interactive=known != [OWN],
                filterable=False,
                elem_id=f"ordering-{letter}",
            )
        shown = gr.HTML(elem_id=f"walk-{letter}", apply_default_css=False)
    return _Side(run, ordering, shown, gr.State(None))
