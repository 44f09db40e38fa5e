"""The step a column was recorded at: the grid of rounded numbers, rounding itself left out."""

from __future__ import annotations

import pytest
import torch

from arden.data.recording import recording_step


@pytest.mark.parametrize("step", [1e-8, 0.0005, 0.1, 0.25, 1.0, 1e3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("start", [0.0, -40.0, 7.0])
def test_the_step_of_a_grid(step: float, dtype: torch.dtype, start: float) -> None:
    counts = torch.randint(0, 60, (500,), generator=torch.Generator().manual_seed(0))
    values = ((counts.double() + start) * step).to(dtype).double()
    # Values a hundred steps from zero keep their step to a hundred places of the dtype.
    found = recording_step(values)
    assert found == pytest.approx(step, rel=200 * torch.finfo(dtype).eps)


def test_the_finest_gap_counts() -> None:
    coarse = torch.arange(50).double() / 10
    assert recording_step(coarse) == pytest.approx(0.1)
    assert recording_step(torch.cat([coarse, torch.tensor([0.35])])) == pytest.approx(0.05)


def test_rounding_is_no_step() -> None:
    third = torch.tensor([1 / 3, 1 - 2 / 3, 2.0, 4.0], dtype=torch.float64)
    assert third.unique().numel() == 4
    assert recording_step(third) == pytest.approx(5 / 3)
    single = torch.tensor([0.1, 0.2, 0.3]).float()
    above = torch.nextafter(single[2], torch.tensor(1.0))
    assert recording_step(torch.cat([single, above[None]])) == pytest.approx(0.1, rel=1e-5)


@pytest.mark.parametrize("values", [[], [3.0], [3.0, 3.0], [0.0, -0.0]])
def test_without_two_values_there_is_none(values: list[float]) -> None:
    assert recording_step(torch.tensor(values)) == 0.0
