"""`arden compare RUN RUN DATA`: the same rows by several models, paired row by row."""

from __future__ import annotations

import json as json_module
from pathlib import Path

from arden.cli.common import BatchSize, DataDir, Device, Json, Overwrite, SplitName

__all__ = ["compare"]


def compare(
    runs: list[Path],
    data: str,
    /,
    *,
    out: Path | None = None,
    picture: Path | None = None,
    split: SplitName = None,
    batch_size: BatchSize = None,
    overwrite: Overwrite = False,
    data_dir: DataDir = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Set fitted models against the first of them: how much more likely they find the same rows.

    Parameters
    ----------
    runs
        Two or more run directories over the same events; all are compared with the first.
    data
        A data set or file that follows the schema stored with the models.
    out
        Write ln p of every row by every model to this .csv or .npz.
    picture
        Write the means and the differences row by row to this .png.
    """
    # Imported here, so that --help does not wait for torch.
    from rich.console import Console
    from rich.markup import escape

    from arden.cli.compare_report import as_json, comparison_table
    from arden.cli.outputs import claim_output, say_where, write_columns
    from arden.cli.several_runs import notes_on, open_runs
    from arden.data import read_rows
    from arden.data.dataset import EVENTS_OF_UNIT
    from arden.tasks.compare import compare_log_probs, score_each
    from arden.training.context import class_context

    claim_output(out, (".csv", ".npz"), overwrite)
    claim_output(picture, (".png",), overwrite, "picture")
    opened = open_runs(runs, device, "compare")
    # Labels are read for those that condition on them, under their own classes.
    told = next((each for each in opened if each.model.context_size), None)
    first = told or opened[0]
    rows = read_rows(
        data, first.schema, split=split, with_labels=told is not None, data_dir=data_dir
    )
    log_probs = score_each(
        [each.model for each in opened],
        rows.values,
        class_context(rows, first.model.context_size),
        rows.observed,
        scored=rows.scored,
        batch_size=batch_size,
    )
    names = [each.name for each in opened]
    if out:
        columns = dict(zip(names, log_probs.numpy(), strict=True))
        write_columns(out, columns)
    in_windows = rows.scored is not None
    unit = "row" if first.schema.is_sequence and not in_windows else first.schema.unit
    if rows.scored is not None:  # windows of a sequence: per symbol, their spread that of windows
        log_probs = log_probs * (len(rows) / int(rows.scored.sum()))
    found = compare_log_probs(log_probs)
    source = f"{data}:{split}" if split and not data.endswith(f":{split}") else data
    title = f"{len(names)} models on the same {found.rows:,} {EVENTS_OF_UNIT[unit]} of {source}"
    notes = notes_on(opened)
    if picture:
        images = rows.values if first.schema.kind == "image" else None
        from arden.plots.comparison import comparison  # which takes a second

        comparison(log_probs, names, picture, title, images, first.schema.num_symbols, unit=unit)
    if json:
        print(json_module.dumps(as_json(found, names, source, unit, notes)))
        return 0
    console = Console()
    console.print(comparison_table(found, names, title, unit))
    for note in notes:
        console.print(f"[bold]Note[/]: {escape(note)}.", highlight=False)
    for path in filter(None, (out, picture)):
        say_where("Written", path)
    return 0
