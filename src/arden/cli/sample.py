"""`arden sample RUN`: draws as a picture, an array, a table, a text or a sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from arden.cli.whole_number import WHOLE
from arden.errors import InputError

__all__ = ["sample"]


def sample(
    run: Path,
    /,
    *,
    number: Annotated[int, Parameter(name=["--number", "-n"]), WHOLE] = 64,
    out: Path | None = None,
    seed: Annotated[int | None, WHOLE] = None,
    label: str | None = None,
    longest: Annotated[int | None, WHOLE] = None,
    length: Annotated[int | None, WHOLE] = None,
    overwrite: bool = False,
    device: str = "auto",
) -> int:
    """Draw from a fitted model.

    Parameters
    ----------
    run
        A run directory written by arden fit.
    number
        How many draws.
    out
        A .png (a grid of images), .txt (texts, or a string a line), .wav (sounds), .parquet (a
        table), .npz or .csv; samples with the ending that fits, in the run, when not given. Texts
        are then printed too. Tables keep the words, types and columns of the file that was read.
    seed
        The same seed gives the same draws; without one they differ every time.
    label
        The class to draw, for a class-conditional model.
    longest
        Of strings: how many symbols are drawn at most, the end included; sixteen times those of the
        longest training string when not given. Those that have not ended by then are counted.
    length
        Characters or samples of every text or sound drawn, which may be longer than the windows
        the model was fitted to; one window when not given.
    overwrite
        Replace the file that is there.
    device
        auto, cpu or cuda.
    """
    # Imported here, so that --help does not wait for torch.
    import numpy as np

    from arden.cli.outputs import claim_output, say_where, write_columns
    from arden.cli.runs import open_any_run
    from arden.cli.sample_files import (
        text_of,
        write_sound,
        write_table,
        write_text,
    )
    from arden.data.spelling import most_steps, strings_of
    from arden.tasks.sample import sample as draw_samples
    from arden.tasks.sample_document import sample_document
    from arden.tasks.verbs import exact
    from arden.training.context import label_context

    endings = (".png", ".npz", ".csv", *dict.fromkeys(_OWN.values()), ".parquet")
    claim_output(out, endings, overwrite)
    model, schema = open_any_run(run, device, "sample")
    own = ".png" if schema.kind == "image" else _OWN.get(schema.kind, ".csv")
    asked = out is not None
    if out is None:
        out = run / f"samples{own}"
        claim_output(out, endings, overwrite)
    if out.suffix in (".png", *_OWN.values()) and out.suffix != own:
        known = ".csv or .npz" if own == ".csv" else f"{own}, .csv or .npz"
        what = "strings" if schema.end is not None else f"{schema.kind} rows"
        raise InputError(f"out: expected {known} for {what}, got {out.suffix}")
    if out.suffix == ".parquet" and not schema.by_column:
        raise InputError(
            "out: expected .csv or .npz, because the columns have no types of their own"
        )
    context = label_context(label, schema, model.context_size, number)
    if length is None:
        most = most_steps(longest, schema)
        drawn = draw_samples(model, number, seed=seed, context=context, max_steps=most)
    elif schema.stride is None:
        raise InputError(f"length: expected none, because {run} does not read windows")
    else:
        drawn = sample_document(
            exact("sample", model), number, length, schema.stride, seed=seed, context=context
        )
    if out.suffix == ".png":
        from arden.plots.sample_grid import sample_grid  # which takes a second

        sample_grid(drawn, out, schema.num_symbols)
    elif out.suffix == ".txt":
        write_text(drawn, schema, out)
        if not asked:
            print(text_of(drawn, schema, legible=True), end="\n" if schema.end is None else "")
    elif out.suffix == ".wav":
        write_sound(drawn, schema, out)
    elif schema.by_column:
        write_table(drawn, schema, out)
    elif out.suffix == ".npz":
        write_columns(out, {"x": drawn.to(schema.dtype).numpy()})
    elif schema.end is not None:
        ended = (drawn == schema.end).any(dim=1).long().numpy()
        write_columns(out, {"string": np.array(strings_of(drawn, schema)), "ended": ended})
    else:
        flat = drawn.flatten(1).to(schema.dtype).numpy()
        names = [c.name for c in schema.columns] or [f"x{i}" for i in range(flat.shape[1])]
        write_columns(out, dict(zip(names, np.moveaxis(flat, 1, 0), strict=True)))
    if schema.end is not None:
        _tell_unfinished(int((drawn != schema.end).all(dim=1).sum()), drawn.shape)
    say_where("Written", out)
    return 0


_OWN = {"text": ".txt", "strings": ".txt", "audio": ".wav"}


def _tell_unfinished(count: int, shape: tuple[int, ...]) -> None:
    """A string that was broken off is not a draw from p(x): it is said how many there are."""
    if count:
        number, steps = shape
        print(
            f"{count:,} of {number:,} strings had not ended after {steps:,} symbols: only the "
            "beginning of each is written, marked as such; --longest allows more."
        )
