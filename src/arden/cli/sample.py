"""`arden sample RUN`: draws as a picture, an array, a table, a text or a sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from arden.cli.whole_number import WHOLE
from arden.data import Schema
from arden.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["sample"]


def sample(
    run: Path,
    /,
    *,
    number: Annotated[int, Parameter(name=["--number", "-n"]), WHOLE] = 64,
    out: Path | None = None,
    seed: Annotated[int | None, WHOLE] = None,
    label: str | None = None,
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
        A .png (a grid of images), .txt (texts), .wav (sounds), .npz or .csv; samples with the
        ending that fits, in the run, when not given. Texts are then printed as well.
    seed
        The same seed gives the same draws; without one they differ every time.
    label
        The class to draw, for a class-conditional model.
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
    from arden.cli.runs import open_run
    from arden.cli.sample_files import text_of, write_sound, write_text
    from arden.plots.sample_grid import sample_grid
    from arden.tasks.sample import sample as draw_samples
    from arden.tasks.sample_document import sample_document

    endings = (".png", ".npz", ".csv", *_OWN.values())
    claim_output(out, endings, overwrite)
    model, schema = open_run(run, device)
    own = ".png" if schema.kind == "image" else _OWN.get(schema.kind, ".csv")
    asked = out is not None
    if out is None:
        out = run / f"samples{own}"
        claim_output(out, endings, overwrite)
    if out.suffix in (".png", *_OWN.values()) and out.suffix != own:
        known = ".csv or .npz" if own == ".csv" else f"{own}, .csv or .npz"
        raise InputError(f"out: expected {known} for {schema.kind} rows, got {out.suffix}")
    context = _context(label, schema, model.context_size, number)
    if length is None:
        drawn = draw_samples(model, number, seed=seed, context=context)
    elif schema.stride is None:
        raise InputError(f"length: expected none, because events of {run} have one length")
    else:
        drawn = sample_document(model, number, length, schema.stride, seed=seed, context=context)
    if out.suffix == ".png":
        sample_grid(drawn, out, schema.num_symbols)
    elif out.suffix == ".txt":
        write_text(drawn, schema, out)
        if not asked:
            print(text_of(drawn, schema, legible=True))
    elif out.suffix == ".wav":
        write_sound(drawn, schema, out)
    elif out.suffix == ".npz":
        write_columns(out, {"x": drawn.to(schema.dtype).numpy()})
    else:
        flat = drawn.flatten(1).to(schema.dtype).numpy()
        names = [c.name for c in schema.columns] or [f"x{i}" for i in range(flat.shape[1])]
        write_columns(out, dict(zip(names, np.moveaxis(flat, 1, 0), strict=True)))
    say_where("Written", out)
    return 0


_OWN = {"text": ".txt", "audio": ".wav"}


def _context(label: str | None, schema: Schema, context_size: int, number: int) -> Tensor | None:
    import torch
    from torch.nn.functional import one_hot

    if not context_size:
        if label is not None:
            raise InputError("label: this model was not fitted with classes; expected none")
        return None
    if label is None or label not in schema.class_names:
        raise InputError(f"label: expected one of {', '.join(schema.class_names)}, got {label}")
    chosen = torch.full((number,), schema.class_names.index(label))
    return one_hot(chosen, context_size).to(torch.get_default_dtype())
