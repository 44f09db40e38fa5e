"""Published figures: the recipes that reproduce them, and what was measured with them.

Importing this folder imports no torch.
"""

from __future__ import annotations

from arden.reproduction.catalogue import (
    RESULTS,
    Standing,
    find_recipe,
    recipes,
    rivals,
    standing,
    standings,
)

__all__ = ["RESULTS", "Standing", "find_recipe", "recipes", "rivals", "standing", "standings"]
