"""A run: one fit written to a folder, with its figures, its curve and its pictures."""

from arden.runs.figures import Figures, full_table_size, measure
from arden.runs.fitting import fit_run

__all__ = ["Figures", "fit_run", "full_table_size", "measure"]
