"""For all tests and doctests: which files can be imported, and what random numbers begin with."""

from __future__ import annotations

import importlib.util
import os

import pytest
import torch

# Which files pytest may import for their doctests: Triton is not everywhere.
collect_ignore_glob: list[str] = []
if importlib.util.find_spec("triton") is None:
    collect_ignore_glob += ["src/arden/kernels/_triton.py", "src/arden/kernels/gpu_*.py"]
elif not torch.cuda.is_available():
    # Kernels for GPUs are tested without one in Triton's interpreter, which must be asked for
    # before anything imports Triton.
    os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """() -> (): before anything of a test is set up, numbers that no other test has moved on.

    Weights begin at random: with those that the tests before happen to leave, a planted defect
    might by chance change nothing that is looked at.
    """
    torch.manual_seed(0)
