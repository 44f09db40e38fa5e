"""A run: one fit written to a folder, with its figures, its curve and its pictures."""

from arden.runs.figures import Figures, full_table_size, measure
from arden.runs.fitting import fit_run
from arden.runs.latent_figures import (
    AnyFigures,
    BoundFigures,
    ReconstructionFigures,
    measure_latent,
    read_figures,
)

__all__ = [
    "AnyFigures",
    "BoundFigures",
    "Figures",
    "ReconstructionFigures",
    "fit_run",
    "full_table_size",
    "measure",
    "measure_latent",
    "read_figures",
]
