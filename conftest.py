"""Which files of the package pytest may import for their doctests: Triton is not everywhere."""

from __future__ import annotations

import importlib.util
import os

import torch

collect_ignore_glob: list[str] = []
if importlib.util.find_spec("triton") is None:
    collect_ignore_glob += ["src/arden/kernels/_triton.py", "src/arden/kernels/gpu_*.py"]
elif not torch.cuda.is_available():
    # Kernels for GPUs are tested without one in Triton's interpreter, which must be asked for
    # before anything imports Triton.
    os.environ.setdefault("TRITON_INTERPRET", "1")
