"""What a model reads, found by changing one step at a time, is what it was built to read."""

from __future__ import annotations

import pytest
import torch

from arden.audit.predecessors import predecessors
from arden.audit.structure import changes
from arden.audit.subject import BUDGETS, Subject
from arden.conditionals.bernoulli import Bernoulli
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.orderings.shuffled import Shuffled
from tests.core.models import build
from tests.training.toys import fresh, symbols

STEPS = 7
TRIANGLE = torch.ones(STEPS, STEPS, dtype=torch.bool).tril(-1)


@pytest.mark.parametrize(
    ("network", "options", "expected"),
    [
        (FVSBN, FVSBNOptions(), TRIANGLE),
        (FVSBN, FVSBNOptions(memory=2), TRIANGLE.triu(-2)),
        (Markov, MarkovOptions(1), TRIANGLE.triu(-1)),
        (Independent, IndependentOptions(), torch.zeros_like(TRIANGLE)),
    ],
)
def test_read_is_promised_is_the_structure(
    network: type, options: object, expected: torch.Tensor
) -> None:
    model = build(network, options, Bernoulli(), Shuffled((STEPS,), seed=1))
    read, promised = predecessors(model)
    assert torch.equal(read, expected)
    assert torch.equal(promised, expected)


def test_a_dependence_that_is_zero_is_promised_but_not_read() -> None:
    model = build(FVSBN, FVSBNOptions(), Bernoulli(), Shuffled((STEPS,)))
    with torch.no_grad():
        model.network.linear.weight[5, 2] = 0
    read, promised = predecessors(model)
    assert (promised & ~read).nonzero().tolist() == [[5, 2]]


def test_rounding_that_chaos_enlarges_is_no_leak() -> None:
    # Rows of one product round by their place in it; with weights like these a difference of
    # 1e-16 at the first step is one of 1e-6 at the last.
    data = symbols(rows=40, columns=64, levels=5)
    model = fresh("rnn", data, hidden=64).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(8)
    subject = Subject.of(model, data.test.values, None, 0, BUDGETS["quick"])
    seen = changes(subject, subject.parts()[0], 0, list(range(64)), subject.generator("chaos"))
    future = torch.ones(64, 64, dtype=torch.bool).triu()
    assert seen.change[future].max() == 0
    assert seen.change[63, :63].min() > 0.01  # and every step before is seen
