"""THE catalogue: every named system, what it is made of and what can be asked of it.

All strings, so that listing and ``--help`` need no torch. The command line, the tests and the
documentation are fed from `SYSTEMS`; adding a model is one file under ``networks/`` and one entry.
"""

from arden.systems.feedforward import FEEDFORWARD
from arden.systems.images import IMAGES
from arden.systems.latent import LATENT
from arden.systems.layout import LayoutOptions
from arden.systems.sequences import SEQUENCES
from arden.systems.system import (
    DENSITY_VERBS,
    EXACT_VERBS,
    HIDDEN_VERBS,
    NEEDS,
    System,
    with_defaults,
)
from arden.systems.tables import TABLES

__all__ = [
    "DENSITY_VERBS",
    "EXACT_VERBS",
    "FEEDFORWARD",
    "HIDDEN_VERBS",
    "IMAGES",
    "LATENT",
    "LayoutOptions",
    "NEEDS",
    "SEQUENCES",
    "SYSTEMS",
    "System",
    "TABLES",
    "with_defaults",
]

SYSTEMS: dict[str, System] = {**TABLES, **FEEDFORWARD, **SEQUENCES, **IMAGES, **LATENT}
