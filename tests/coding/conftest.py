"""Plain torch, as in the tests of tasks: a kernel would compute the sums of a twin otherwise."""

from tests.tasks.conftest import plain_torch

__all__ = ["plain_torch"]
