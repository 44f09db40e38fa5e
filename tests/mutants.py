"""Planted defects that the audit must catch, and sound models in which it must find nothing.

    python tests/mutants.py

prints which check caught which defect, then audits sound models over 100 seeds. The exit code says
whether every defect was caught and no alarm was false.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

# As a script, this file finds its neighbours from the repository's root, as pytest does.
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from arden.audit.report import Report
from arden.audit.verify import verify
from arden.kernels import without_kernels
from tests.audit.defects_of_draws import DRAW_DEFECTS
from tests.audit.defects_of_models import MODEL_DEFECTS
from tests.audit.defects_of_structure import STRUCTURE_DEFECTS
from tests.audit.defects_of_walks import WALK_DEFECTS
from tests.audit.small_models import SOUND, Model

Defect = tuple[str, Callable[[], AbstractContextManager[Model]]]
DEFECTS: dict[str, Defect] = {**STRUCTURE_DEFECTS, **WALK_DEFECTS, **MODEL_DEFECTS, **DRAW_DEFECTS}

_SEEDS = 100
_MODELS_PER_SEED = 2


def audit_of(defect: Defect, seed: int = 0) -> Report:
    """A defect -> the audit of the model it was planted in, by plain torch alone."""
    expected, plant = defect
    # Only what must be seen from another process is worth starting one.
    budget = "normal" if expected == "fresh process" else "quick"
    with without_kernels(), plant() as model:
        return verify(model, seed=seed, budget=budget)


def sound_audits(seeds: range) -> Iterator[tuple[str, int, Report]]:
    """Seeds -> audits of sound models with other weights each time, all kinds in turn."""
    names = list(SOUND)
    for seed in seeds:
        for turn in range(_MODELS_PER_SEED):
            name = names[(seed * _MODELS_PER_SEED + turn) % len(names)]
            with without_kernels():
                yield name, seed, verify(SOUND[name](seed), seed=seed, budget="quick")


def main() -> int:
    """() -> the exit code: 0 when every defect was caught and nothing else."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    width = max(map(len, DEFECTS))
    escaped = 0
    for name, defect in DEFECTS.items():
        failed = [check.name for check in audit_of(defect).failures]
        caught = defect[0] in failed
        escaped += not caught
        others = [other for other in failed if other != defect[0]]
        also = f" (also: {', '.join(others)})" if others else ""
        print(f"{'caught ' if caught else 'ESCAPED'}  {name:<{width}}  by {defect[0]}{also}")
    print(f"\n{len(DEFECTS) - escaped} of {len(DEFECTS)} planted defects caught")
    alarms = audits = 0
    for name, seed, report in sound_audits(range(_SEEDS)):
        audits += 1
        for check in report.failures:
            alarms += 1
            print(f"FALSE ALARM  {name}, seed {seed}: {check.name}: {check.explanation}")
    print(f"{alarms} false alarms in {audits} audits of sound models over {_SEEDS} seeds")
    print(f"{time.perf_counter() - began:.0f} s")
    return int(bool(escaped or alarms))


if __name__ == "__main__":
    sys.exit(main())
