"""How long things take here, and how long they would have to take at least."""

from arden.timing.rounds import Timing, interleaved, peak_memory
from arden.timing.tasks import TASKS, Trial, calls_of, has_kernel, trials, without
from arden.timing.work import Rates, Work, measure_rates, waiting, work_of_row

__all__ = [
    "Rates",
    "TASKS",
    "Timing",
    "Trial",
    "Work",
    "calls_of",
    "has_kernel",
    "interleaved",
    "measure_rates",
    "peak_memory",
    "trials",
    "waiting",
    "without",
    "work_of_row",
]
