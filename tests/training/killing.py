"""A fit that ends as by kill -9, after as many gradient steps as are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from arden.training import descent


class Killed(BaseException):
    """Nothing in the fit may catch this: it stands for kill -9."""


def killed_after(steps: int, fit: Callable[[], object]) -> None:
    """Gradient steps, a fit of more -> (): it was killed after so many."""
    left = [steps]
    whole = descent.Descent._step

    def step(self: Any, *arguments: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return whole(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(descent.Descent, "_step", step)
        with pytest.raises(Killed):
            fit()
