"""Threads, working memory and the compiled files on disk."""

from __future__ import annotations

import os
import threading

import pytest
import torch

pytest.importorskip("numba", reason="kernels need the extra `fast`")

from arden.kernels import _compile, _threads
from arden.kernels._scratch import scratch


@pytest.fixture(params=["torch's threads", "our own"])
def three_threads(request, monkeypatch):
    if request.param == "our own":
        monkeypatch.setattr(_threads, "_torchs_team", lambda: None)
    elif _threads._torchs_team() is None:
        pytest.skip("torch's threads cannot be had here")
    monkeypatch.setattr(_threads, "_WORTH_SHARING", 0)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("size", [1, 2, 63, 64, 65, 500, 1000])
@pytest.mark.parametrize("multiple", [1, 16])
def test_pieces_cover_everything_once(size, multiple, three_threads):
    found = _threads.pieces(size, 128, multiple)
    assert [number for low, high in found for number in range(low, high)] == list(range(size))
    assert all(high - low <= 128 and low % multiple == 0 for low, high in found)
    assert len(found) >= min(3, -(-size // multiple))


def test_every_task_is_done_once_and_helpers_help(three_threads):
    barrier = threading.Barrier(3, timeout=20)
    done = []

    def task(number):
        barrier.wait()  # passes only when three threads are in it
        done.append(number)

    _threads.run(task, range(9), 1)
    assert sorted(done) == list(range(9))


def test_an_error_in_a_helper_reaches_the_caller(three_threads):
    def task(number):
        raise ValueError(number)

    with pytest.raises(ValueError, match=r"\d"):
        _threads.run(task, range(9), 1)


def test_helpers_are_made_anew_after_a_fork(three_threads, monkeypatch):
    monkeypatch.setattr(_threads, "_forked", False)
    done = []
    _threads.run(done.append, range(9), 1)
    _threads._forget_helpers()  # what a forked child does
    _threads.run(done.append, range(9), 1)
    assert len(done) == 18


def test_scratch_is_apart_aligned_and_used_again():
    first = scratch((3, 5), 17, "float32")
    for index, array in enumerate(first):
        array[:] = index
        assert array.ctypes.data % 64 == 0
    assert [array.mean() for array in first] == [0, 1]
    assert scratch((3, 5), 17, "float32")[0].ctypes.data == first[0].ctypes.data
    assert scratch((2,), 2**24, "float64")[0].shape == (2, 2**24)  # too large to keep
    assert scratch((3, 5), 17, "float32")[0].ctypes.data == first[0].ctypes.data


def test_compiled_files_older_than_any_source_are_forgotten(tmp_path):
    def walk():
        pass

    stem = f"test_machinery.{walk.__name__}"
    old, new, foreign = (
        tmp_path / name for name in (f"{stem}-1.nbi", f"{stem}-2.nbi", "other.walk-1.nbi")
    )
    for path in (old, new, foreign):
        path.touch()
    for path in (old, foreign):
        os.utime(path, (0, 0))
    _compile._forget_if_older_than_sources(tmp_path, walk)
    assert not old.exists()
    assert new.exists()
    assert foreign.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
def test_a_forked_child_does_not_wait_for_threads_it_has_not(three_threads):
    _threads.run(lambda number: None, range(9), 1)
    child = os.fork()
    if child == 0:
        done = []
        _threads.run(done.append, range(9), 1)
        os._exit(0 if len(done) == 9 else 1)
    assert os.waitpid(child, 0)[1] == 0
