"""Compiling that takes long is told once, in a log that nobody need read."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

pytest.importorskip("numba", reason="kernels need the extra `fast`")

from numba import njit
from numba.core.event import end_event, start_event

from arden.kernels import _compile, _notice


def compiled(function, seconds, monkeypatch, within=None):
    """A function, how long compiling it takes, one that it calls -> (): as Numba reports it."""
    clock = iter([0.0, 0.0, seconds, seconds] if within else [0.0, seconds])
    monkeypatch.setattr(_notice, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    details = {"dispatcher": SimpleNamespace(py_func=function)}
    start_event("numba:compile", details)
    if within:
        inner = {"dispatcher": SimpleNamespace(py_func=within)}
        start_event("numba:compile", inner)
        end_event("numba:compile", inner)
    end_event("numba:compile", details)


def test_what_took_long_is_told_once(caplog, monkeypatch):
    with caplog.at_level(logging.INFO, logger="arden.kernels"):
        compiled(_compile.outer, 7.2, monkeypatch, within=_compile.inner)
    assert caplog.messages == ["compiled compile for this processor in 7 s, once"]


def test_what_was_quick_or_is_another_s_is_not_told(caplog, monkeypatch):
    with caplog.at_level(logging.INFO, logger="arden.kernels"):
        compiled(_compile.outer, 0.2, monkeypatch)
        compiled(test_what_took_long_is_told_once, 7.2, monkeypatch)
    assert not caplog.messages


def test_numba_reports_what_it_compiles(caplog, monkeypatch):
    def doubled(x):
        return x + x

    monkeypatch.setattr(_notice, "_WORTH_TELLING", 0.0)
    monkeypatch.setattr(_notice, "__file__", __file__)
    with caplog.at_level(logging.INFO, logger="arden.kernels"):
        assert njit(doubled)(2) == 4
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("compiled test_notice for this processor")
