"""`arden query RUN "age >= 30 and sex = 1"`: a probability, and rows that fulfil the conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from arden.cli.whole_number import WHOLE

__all__ = ["query"]


def query(
    run: Path,
    asked: str,
    /,
    *,
    given: str | None = None,
    label: str | None = None,
    candidates: Annotated[int, WHOLE] = 4096,
    seed: Annotated[int, WHOLE] = 0,
    out: Path | None = None,
    number: Annotated[int, Parameter(name=["--number", "-n"]), WHOLE] = 100,
    overwrite: bool = False,
    device: str = "auto",
    json: bool = False,
) -> int:
    """The probability that a row fulfils conditions; rows that do.

    Parameters
    ----------
    run
        A run directory written by arden fit.
    asked
        Conditions joined by and: "age >= 30 and sex = 1", "legs in {2, 4}". Names and values with
        spaces stand in quotes; values of images and the like are x0, x1 and so on.
    given
        Conditions that are known to hold: P(asked | given).
    label
        The class, for a class-conditional model.
    candidates
        How many walks are weighed, where the answer cannot be computed exactly.
    seed
        Of those walks, and of the rows of --out.
    out
        Write rows drawn from p(row | asked and given) to this .csv or .npz.
    number
        How many of these rows.
    overwrite
        Replace the file that is there.
    device
        auto, cpu or cuda.
    json
        Print JSON, and nothing else, on standard output.
    """
    # Imported here, so that --help does not wait for torch.
    import json as json_module
    from dataclasses import asdict

    from arden.cli.outputs import claim_output, say_where
    from arden.cli.query_rows import both_conditions, write_rows
    from arden.cli.runs import open_run
    from arden.data.conditions import parse_conditions
    from arden.errors import InputError
    from arden.storage.plain import without_nan
    from arden.tasks.query import query as ask
    from arden.tasks.query import sample_where
    from arden.training.context import label_context

    claim_output(out, (".csv", ".npz"), overwrite)
    if number < 1:
        raise InputError(f"number: expected at least 1, got {number}")
    model, schema = open_run(run, device, "query")
    if schema.end is not None:
        raise InputError("run: expected a model of rows of one length, got one of strings")
    context = label_context(label, schema, model.context_size, 1)
    first = parse_conditions(given, schema, "given") if given else {}
    second = parse_conditions(asked, schema, "asked")
    answer = ask(model, second, first, context, candidates=candidates, seed=seed)
    rows = None
    if out is not None:
        both = both_conditions(first, second)
        rows = sample_where(model, number, both, context, candidates=candidates, seed=seed)
        write_rows(rows.values, schema, out)
    if json:
        told = asdict(answer)
        if answer.exact:
            told["effective_sample_size"] = None
        print(json_module.dumps(without_nan(told)))
        return 0
    condition = asked if given is None else f"{asked} | {given}"
    error = "" if answer.exact else f" ± {answer.standard_error:.2g}"
    print(f"P({condition}) = {answer.probability:.6g}{error}")
    if answer.exact:
        print(f"Exact, of {answer.joint}.")
    else:
        print(
            f"An estimate, of {answer.joint}: {candidates:,} walks held within the conditions and "
            f"weighed, worth {answer.effective_sample_size:,.0f} independent ones."
        )
    if rows is not None and out is not None:
        how = "independent draws" if rows.exact else "drawn by weight from walks worth "
        how += "" if rows.exact else f"{rows.effective_sample_size:,.0f} independent ones"
        print(f"{number:,} rows that fulfil the conditions, {how}.")
        say_where("Written", out)
    return 0
