"""The audit as a whole: sound models pass, the model is left alone, errors are findings."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from arden.audit.order_gap import gap_between_orders
from arden.audit.report import Finding, Report
from arden.audit.subject import BUDGETS, Subject
from arden.audit.verify import CHECKS, verify
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.mixed import Mixed
from arden.core.mixture import Mixture
from arden.core.network import CausalNetwork, State
from arden.errors import InputError
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from tests.audit.small_models import SOUND, small


def outcome(report: Report) -> dict[str, bool | None]:
    """A report -> the verdict of every check."""
    return {check.name: check.passed for check in report.checks}


def finding(report: Report, name: str) -> Any:
    """A report, a check's name -> that check."""
    return next(check for check in report.checks if check.name == name)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_model_passes(name: str) -> None:
    report = verify(SOUND[name](7), seed=3, budget="quick")
    assert report.passed, report.to_text()
    assert [check.name for check in report.checks] == list(CHECKS)


@pytest.mark.parametrize("name", ["fvsbn", "masks", "gru strings"])
def test_a_fresh_process_agrees_bit_for_bit(name: str) -> None:
    check = finding(verify(SOUND[name](1)), "fresh process")
    assert (check.passed, check.figure) == (True, 0.0)


def test_the_audited_model_is_left_alone() -> None:
    model = SOUND["masks"](0).train()
    before = copy.deepcopy(model.state_dict())
    seed = torch.random.get_rng_state()
    verify(model, budget="quick")
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert torch.equal(torch.random.get_rng_state(), seed)
    for name, tensor in model.state_dict().items():
        assert tensor.dtype == before[name].dtype
        assert torch.equal(tensor, before[name])


def test_the_same_seed_gives_the_same_report() -> None:
    model = SOUND["nade"](0)
    first, again = (verify(model, seed=5, budget="quick").to_dict() for _ in range(2))
    assert first == again
    assert verify(model, seed=6, budget="quick").to_dict() != first


def test_what_does_not_apply_says_so() -> None:
    verdicts = outcome(verify(SOUND["nade reals"](0), budget="quick"))
    assert {name for name, passed in verdicts.items() if passed is None} == {
        "masked weights are zero",
        "total probability is one",
        "mixture averages probabilities",
        "sample frequencies",
        "fresh process",
        "gap between orders",
    }


def test_a_gap_between_orders_is_told_and_is_no_fault() -> None:
    check = finding(verify(SOUND["transformer"](0), budget="quick"), "gap between orders")
    assert check.passed is True
    assert check.tolerance is None
    assert check.figure > 0.01
    assert "one joint per order. Scores and samples are of one, raster." in check.explanation


def test_a_mixture_of_orders_is_told_to_be_one_distribution() -> None:
    def gap(name: str) -> Finding:
        return gap_between_orders(Subject.of(SOUND[name](0), None, None, 0, BUDGETS["quick"]))

    found = gap("orders of one network")
    assert found.passed is True
    assert found.figure is not None
    assert found.figure > 0.01
    assert "the mixture is one, an average of fixed orders." in found.explanation
    assert gap("orders").passed is None  # networks of one order each


def test_real_rows_and_contexts_are_looked_at() -> None:
    generator = torch.Generator().manual_seed(0)
    data = torch.randint(2, (9, 2, 3), generator=generator)
    classes = torch.nn.functional.one_hot(torch.arange(9) % 3, 3)
    assert verify(SOUND["fvsbn"](0), data, classes, budget="quick").passed


def test_rows_with_missing_cells_are_no_points() -> None:
    data = torch.zeros(20, 2, dtype=torch.float64)
    data[:19, 1] = math.nan
    model = small(NADE, NADEOptions(4), Mixed((Bernoulli(), Categorical(3))), Raster((2,)))
    assert verify(model, data, budget="quick").passed
    assert verify(model, data[:19], budget="quick").passed


def test_long_events_are_sampled_and_the_report_says_so() -> None:
    report = verify(small(FVSBN, FVSBNOptions(), ordering=Shuffled((300,), 2)), budget="quick")
    assert report.passed, report.to_text()
    assert "32 of 300 steps were changed" in finding(report, "no leak").explanation
    assert "first" in finding(report, "total probability is one").explanation
    assert "256 of 300 steps" in finding(report, "cached steps equal one pass").explanation


def test_an_influence_that_fades_is_not_called_missing() -> None:
    model = small(GRU, GRUOptions(4), ordering=Raster((120,)))
    check = finding(verify(model, budget="quick"), "structure as promised")
    assert check.passed, check.explanation


def test_a_mixture_of_many_components_is_looked_into() -> None:
    members = [small(NADE, NADEOptions(3), ordering=Shuffled((4, 5), s), seed=s) for s in range(5)]
    report = verify(Mixture(members), budget="quick")
    assert report.passed, report.to_text()


class OwnNetwork(CausalNetwork):
    """A user's own: a running mean of what was seen, by position."""

    def __init__(self, spec: Any, options: None = None) -> None:
        super().__init__(spec, options)
        self.scale = torch.nn.Parameter(torch.ones(spec.num_steps))

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        before = features.cumsum(dim=1) - features
        return before * self.scale[:, None]

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        total = self.scale.new_zeros(batch_size, 1)
        return total * self.scale[0], (total, 0)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        total, position = state
        total, position = total + feature, position + 1
        return total * self.scale[position], (total, position)


def test_a_users_own_network_is_audited_but_not_saved() -> None:
    report = verify(small(OwnNetwork, None))
    assert report.passed, report.to_text()
    check = finding(report, "fresh process")
    assert check.passed is None
    assert "OwnNetwork" in check.explanation


class Broken(OwnNetwork):
    """Raises in the one pass."""

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        raise RuntimeError("no such kernel.\nmore")


def test_an_error_in_the_model_is_a_finding() -> None:
    report = verify(small(Broken, None), budget="quick")
    check = finding(report, "no leak")
    assert (check.passed, check.explanation) == (False, "RuntimeError: no such kernel.")
    json.dumps(report.to_dict(), allow_nan=False)


def test_weights_that_are_not_numbers_fail() -> None:
    model = small(Independent, IndependentOptions())
    with torch.no_grad():
        next(model.parameters())[0, 2] = math.nan
    report = verify(model, budget="quick")
    assert "conditionals sum to one" in [check.name for check in report.failures]
    json.dumps(report.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": torch.nn.Linear(1, 1)}, "model: expected an AutoregressiveModel"),
        ({"budget": "quik"}, 'Did you mean "quick"'),
        ({"data": torch.zeros(4, 5)}, r"data: expected shape \(N, 2, 3\), got \(4, 5\)"),
        ({"context": torch.zeros(4, 2)}, r"context: expected shape \(N, 3\)"),
        (
            {"data": torch.zeros(40, 2, 3), "context": torch.zeros(1, 3)},
            "context: expected one row per row of data",
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    given = {"model": SOUND["fvsbn"](0), **arguments}
    with pytest.raises(InputError, match=message):
        verify(**given)


def test_a_context_for_a_model_without_one_is_refused() -> None:
    with pytest.raises(InputError, match="this model takes none"):
        verify(SOUND["independent"](0), context=torch.zeros(1, 2))
