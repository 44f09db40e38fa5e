"""What a fit is judged by, beside the likelihood: how far back its steps see."""

from __future__ import annotations

from typing import Any

import pytest

from arden.conditionals.bernoulli import Bernoulli
from arden.core.mixture import Mixture
from arden.core.network import CausalNetwork
from arden.networks.gru import GRU, GRUOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.networks.wavenet import WaveNet, WaveNetOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from arden.runs.figures import receptive_field
from tests.core.models import build

THREE_LAYERS = WaveNetOptions(3, 3, layers=3, stacks=2)


@pytest.mark.parametrize(
    ("network", "options", "length", "field"),
    [
        (WaveNet, THREE_LAYERS, 40, 1 + 2 * 7),
        (WaveNet, THREE_LAYERS, 17, 15),
        (WaveNet, THREE_LAYERS, 16, None),  # fifteen is all there is
        (Markov, MarkovOptions(2), 40, 2),
        (Markov, MarkovOptions(0), 40, 0),
        (GRU, GRUOptions(3), 40, None),
        (GRU, GRUOptions(3), 1, None),
        (GRU, GRUOptions(3), 5000, None),
    ],
)
def test_how_far_a_step_sees(
    network: type[CausalNetwork], options: Any, length: int, field: int | None
) -> None:
    model = build(network, options, Bernoulli(), Raster((length,)))
    assert receptive_field(model) == field
    far = build(Markov, MarkovOptions(min(3, length)), Bernoulli(), Raster((length,)))
    wider = None if field is None or length <= 4 else max(field, 3)
    assert receptive_field(Mixture([model, far])) == wider


def test_strings_may_be_long() -> None:
    assert receptive_field(build(WaveNet, THREE_LAYERS, Bernoulli(), UntilEnd(0))) == 15
    assert receptive_field(build(GRU, GRUOptions(3), Bernoulli(), UntilEnd(0))) is None
