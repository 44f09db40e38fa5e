"""`arden ensemble RUN RUN --out FOLDER`: fitted runs, or orders of one, as one exact model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from arden.cli.whole_number import WHOLE

__all__ = ["ensemble"]


def ensemble(
    runs: list[Path],
    /,
    *,
    out: Path,
    weights: Literal["uniform", "valid"] = "uniform",
    orders: Annotated[int | None, WHOLE] = None,
    seed: Annotated[int, WHOLE] = 0,
    data: str | None = None,
    batch_size: Annotated[int | None, WHOLE] = None,
    overwrite: bool = False,
    data_dir: Path | None = None,
    device: str = "auto",
    json: bool = False,
) -> int:
    """Join fitted runs into one model that averages their probabilities, and measure it.

    Parameters
    ----------
    runs
        Two or more run directories over the same events; with --orders one is enough.
    out
        The run directory of the ensemble.
    weights
        uniform, or valid: those that make the validation rows most likely.
    orders
        Take every run, which must be an any-order model, under this many orders, its own first.
    seed
        Names the other orders: shuffled by this seed, the next, and so on.
    data
        The data set to measure on, as given to arden fit; that of the runs when not given.
    batch_size
        Rows at a time; only memory depends on it.
    overwrite
        Replace the run that is there.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    device
        auto, cpu or cuda.
    json
        Print the figures as JSON, and nothing else, on standard output.
    """
    # Imported here, so that --help does not wait for torch.
    from arden.cli.ensemble_report import join_and_report

    return join_and_report(
        runs,
        out,
        weights=weights,
        orders=orders,
        seed=seed,
        data=data,
        batch_size=batch_size,
        overwrite=overwrite,
        data_dir=data_dir,
        device=device,
        json=json,
    )
