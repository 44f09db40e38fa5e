"""One server of all toys for these tests, in plain torch: compiling kernels would take seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from arden.kernels import without_kernels

if TYPE_CHECKING:
    from tests.serving.toys import Running

# Without the extra serve there is nothing to test.
collect_ignore_glob = [] if find_spec("fastapi") and find_spec("uvicorn") else ["*.py"]


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """() -> a server of every toy."""
    from tests.serving.toys import MODELS, running

    with ExitStack() as stack:
        with without_kernels():  # and not for as long as it runs: other tests come before its end
            found = stack.enter_context(running(list(MODELS)))
        yield found


@pytest.fixture(autouse=True)
def _plain_torch(plain_torch: None) -> None:
    """() -> (): all tests of this folder."""
