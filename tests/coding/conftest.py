"""Plain torch: a kernel would compute the sums of a twin otherwise."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _plain_torch(plain_torch: None) -> None:
    """() -> (): all tests of this folder."""
