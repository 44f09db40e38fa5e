"""Plain torch here: kernels have tests of their own, and compiling them would take seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from arden.kernels import without_kernels


@pytest.fixture(autouse=True)
def plain_torch() -> Iterator[None]:
    """() -> (): nothing in the test finds a kernel, whatever ran before it."""
    with without_kernels():
        yield
