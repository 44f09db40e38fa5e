"""Errors as one sentence in the browser: what a user can mend, and never a traceback."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import gradio as gr

from arden.errors import ArdenError

__all__ = ["spoken"]

_SECONDS = 12


def spoken(function: Callable[..., Any]) -> Callable[..., Any]:
    """What answers a page -> the same, its errors told in one sentence.

    Our own mistakes go to the terminal in full, where whoever started the studio can read them.
    """
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def step_by_step(*given: Any) -> Iterator[Any]:
            try:
                yield from function(*given)
            except Exception as error:
                raise _told(error) from None

        return step_by_step

    @wraps(function)
    def at_once(*given: Any) -> Any:
        try:
            return function(*given)
        except Exception as error:
            raise _told(error) from None

    return at_once


def _told(error: Exception) -> gr.Error:
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, ArdenError):
        sentence = " ".join(str(error).split())
        return gr.Error(sentence, duration=_SECONDS, title="Not possible", print_exception=False)
    traceback.print_exception(error)
    return gr.Error(
        "The studio made a mistake; the terminal it was started from says which.",
        duration=_SECONDS,
        title="Mistake",
        print_exception=False,
    )
