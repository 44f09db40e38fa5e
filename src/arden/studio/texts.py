"""Text: what a model writes, and how much each character of a given text surprises it."""

from __future__ import annotations

from html import escape

import numpy as np

from arden.core.model import AutoregressiveModel
from arden.data.documents import Document, DocumentSource
from arden.data.sequences import windows_under
from arden.data.spelling import most_steps, strings_of, texts_of
from arden.data.strings import strings_under
from arden.errors import InputError
from arden.orderings.until_end import UntilEnd
from arden.plots import style
from arden.plots.text_surprise import SIGNS
from arden.studio.markup import facts, nats, scale
from arden.studio.shelf import Run, Shelf
from arden.tasks.sample import sample
from arden.tasks.sample_document import sample_document
from arden.tasks.score import score_conditionals

__all__ = ["MOST_CHARACTERS", "colour_text", "is_text", "write_text"]

MOST_CHARACTERS = 4_000
_STRINGS = 16
"""How many strings are drawn at a time."""


def is_text(run: Run) -> bool:
    """Whether its model is one of texts, or of strings."""
    return run.schema.kind in ("text", "strings") and bool(run.schema.symbols)


def write_text(shelf: Shelf, run: Run, length: int = 400, seed: int = 0) -> str:
    """A run of texts, how many characters -> a draw of the model; of strings, sixteen of them.

    Raises:
        InputError: a mixture of windows, which has no text longer than one.
    """
    model, schema = shelf.exact_model(run, "sample"), run.schema
    if schema.end is not None:
        drawn = sample(model, _STRINGS, seed=seed, max_steps=most_steps(None, schema))
        return _drawn("\n".join(strings_of(drawn, schema)))
    window = schema.event_shape[0]
    if isinstance(model, AutoregressiveModel) and length > window:
        drawn = sample_document(model, 1, length, schema.stride or window // 2, seed=seed)
    else:
        drawn = sample(model, 1, seed=seed)
    return _drawn(texts_of(drawn[:, :length], schema)[0])


def colour_text(shelf: Shelf, run: Run, text: str) -> str:
    """A run of texts, some text -> each character on the colour of its −ln p, in nats.

    Raises:
        InputError: no text or too much of it, a character outside the model's alphabet.
    """
    text = text.replace("\r\n", "\n")
    if not text.strip():
        raise InputError("text: expected at least one character, got none")
    if len(text) > MOST_CHARACTERS:
        raise InputError(
            f"text: expected at most {MOST_CHARACTERS:,} characters, got {len(text):,}"
        )
    model, schema = shelf.exact_model(run, "score"), run.schema
    values = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    source = DocumentSource("your text", "text", {"all": [Document("your text", values)]})
    if schema.end is not None:
        rows = strings_under(source, schema)
        counted = UntilEnd(schema.end).valid(rows.values)
    else:
        rows = windows_under(source, schema)[1].take()
        assert rows.scored is not None
        counted = rows.scored
    terms = -score_conditionals(model, rows.values, None, rows.observed).double()
    [shown] = texts_of(rows.values[counted][None], schema)
    return _coloured(shown, terms[counted].numpy())


def _coloured(text: str, surprise: np.ndarray) -> str:
    top = max(3.0, float(np.quantile(surprise, 0.98)))
    colours = style.colour_table(style.SURPRISE)
    places = np.rint(np.clip(surprise / top, 0, 1) * (len(colours) - 1)).astype(int)
    pieces = []
    for character, place, cost in zip(text, places, surprise.tolist(), strict=True):
        red, green, blue = colours[place].tolist()
        ink = style.PAPER if 0.299 * red + 0.587 * green + 0.114 * blue < 128 else style.INK
        sign = SIGNS.get(character, character)
        pieces.append(
            f'<b style="background:rgb({red},{green},{blue});color:{ink}" '
            f'title="{cost:.2f} nats">{escape(sign)}</b>'
        )
        if character == "\n":
            pieces.append("\n")
    mean = float(surprise.mean())
    told = [
        ("Characters", f"{len(text):,}"),
        ("Mean", f"{nats(mean)} = {mean / np.log(2):.2f} bits per character"),
        ("ln p", nats(-float(surprise.sum()))),
    ]
    bar = scale("0", f"{top:.1f}", "−ln p of each character, nats")
    return f'<div class="surprise">{"".join(pieces)}</div>{bar}{facts(told)}'


def _drawn(text: str) -> str:
    return f'<div class="draws">{escape(text)}</div>'
