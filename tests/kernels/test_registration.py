"""Kernels are found when they can be used, and can be turned off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import arden.kernels
from arden.conditionals.bernoulli import Bernoulli
from arden.core import dispatch
from arden.core.draw import draw, generic_draw
from arden.kernels import register, without_kernels
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.orderings.raster import Raster
from tests.kernels.networks import discrete_model

HAS_NUMBA = arden.kernels.find_spec("numba") is not None
SOURCES = Path(arden.kernels.__file__).parents[2]


@pytest.fixture
def tables(monkeypatch):
    """Empty tables in place of the real ones."""
    monkeypatch.setattr(dispatch, "FORWARD_KERNELS", {})
    monkeypatch.setattr(dispatch, "DRAW_KERNELS", {})
    monkeypatch.delenv("ARDEN_KERNELS", raising=False)
    return dispatch


@pytest.mark.skipif(not HAS_NUMBA, reason="kernels need the extra `fast`")
def test_registering_twice_is_registering_once(tables):
    assert register()
    first = dict(tables.FORWARD_KERNELS), dict(tables.DRAW_KERNELS)
    assert register()
    assert first == (tables.FORWARD_KERNELS, tables.DRAW_KERNELS)
    assert ("NADE", "cpu") in tables.FORWARD_KERNELS
    names = {name for name, _, _ in tables.DRAW_KERNELS}
    assert names >= {"FVSBN", "MADE", "NADE", "GRU", "LSTM", "RNN", "Transformer", "WaveNet"}
    assert names >= {"DiagonalBiLSTM", "GatedPixelCNN", "PixelCNN", "RowLSTM"}


def test_without_numba_nothing_happens(tables, monkeypatch):
    monkeypatch.setattr(arden.kernels, "_is_installed", lambda package: False)
    assert not register()
    assert not tables.FORWARD_KERNELS
    assert set(tables.DRAW_KERNELS) == {(dispatch.ANY, dispatch.ANY, "cuda")}  # torch alone


@pytest.mark.parametrize(("package", "device"), [("numba", "cpu"), ("triton", "cuda")])
def test_a_package_brings_the_kernels_of_its_device(tables, monkeypatch, package, device):
    monkeypatch.setattr(arden.kernels, "_is_installed", lambda asked: asked == package)
    assert register() == (package == "numba")
    assert {where for _, where in tables.FORWARD_KERNELS} == {device}
    assert {where for _, _, where in tables.DRAW_KERNELS} == {device, "cuda"}
    assert {name for name, _, where in tables.DRAW_KERNELS if where == device} >= {"NADE", "MADE"}


def test_a_model_asks_its_own_kernel_before_the_one_for_any(tables, monkeypatch):
    model = discrete_model(FVSBN, FVSBNOptions(), Bernoulli(), Raster((3,)))
    asked = []

    def kernel(name, told):
        return lambda *arguments: asked.append(name) or told

    own, anything = ("FVSBN", "Bernoulli", "cpu"), (dispatch.ANY, dispatch.ANY, "cpu")
    noise = torch.full((2, 3, 1), 0.5, dtype=torch.float64)
    tables.DRAW_KERNELS.update({own: kernel("own", None), anything: kernel("any", None)})
    assert torch.equal(draw(model, noise), generic_draw(model, noise))
    assert asked == ["own", "any"]
    tables.DRAW_KERNELS[own] = kernel("own", noise)
    assert draw(model, noise) is noise
    assert asked == ["own", "any", "own"]


def test_the_environment_turns_kernels_off(tables, monkeypatch):
    monkeypatch.setenv("ARDEN_KERNELS", "0")
    assert not register()
    assert not tables.FORWARD_KERNELS


def test_a_kernel_that_cannot_be_imported_declines():
    assert arden.kernels._loaded_when_called("arden.kernels.no_such_file:draw")(1, 2) is None


@pytest.mark.skipif(not HAS_NUMBA, reason="kernels need the extra `fast`")
def test_kernels_can_be_put_aside(tables):
    register()
    before = dict(tables.DRAW_KERNELS)
    with without_kernels(), without_kernels():
        assert not tables.FORWARD_KERNELS
        assert not register()
        assert not tables.DRAW_KERNELS
    assert before == tables.DRAW_KERNELS
    assert register()
    with pytest.raises(ZeroDivisionError), without_kernels():
        _ = 1 / 0
    assert before == tables.DRAW_KERNELS


def test_importing_the_folder_loads_neither_torch_nor_numba():
    heavy = "{'torch', 'numba', 'triton'}"
    program = f"import sys, arden.kernels; sys.exit({heavy} & set(sys.modules) != set())"
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, env=environment, check=False).returncode == 0
