"""Small models of every kind the audit must find sound, with noise on every weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.tempered import Tempered
from arden.core.conditional import Conditional
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import CausalNetwork
from arden.core.ordering import Ordering
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.pixelcnn import PixelCNN, PixelCNNOptions
from arden.networks.table import Table, TableOptions
from arden.networks.transformer import Transformer, TransformerOptions
from arden.networks.untied_nade import UntiedNADE, UntiedNADEOptions
from arden.networks.wavenet import WaveNet, WaveNetOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from tests.core.models import build

Model = AutoregressiveModel | Mixture
FIVE = Raster((5,))
SIX = Shuffled((2, 3), 1)
MIXED = Mixed((Bernoulli(), Categorical(3), GaussianMixture(2), LogisticMixture(4, 1)))


def small(
    network: type[CausalNetwork],
    options: Any,
    conditional: Conditional | None = None,
    ordering: Ordering = FIVE,
    context_size: int = 0,
    seed: int = 0,
) -> AutoregressiveModel:
    """The parts of a model -> that model in float32, shaken; bits unless told otherwise."""
    family = conditional or Bernoulli()
    return build(network, options, family, ordering, context_size, seed, torch.float32)


def _masks(seed: int) -> Mixture:
    whole = small(MADE, MADEOptions((9,), masks=3), seed=seed)
    assert isinstance(whole.network, MADE)
    members = [AutoregressiveModel(FIVE, net, Bernoulli()) for net in whole.network.members()]
    return Mixture(members, [1, 2, 3])


def _orders(seed: int) -> Mixture:
    options = MADEOptions((9,))
    members = [small(MADE, options, None, Shuffled((5,), s), seed=seed + s) for s in (1, 2)]
    return Mixture(members, [1, 2])


def _nade(family: Conditional, ordering: Ordering, context_size: int, seed: int) -> Model:
    return small(NADE, NADEOptions(7), family, ordering, context_size, seed)


SOUND: dict[str, Callable[[int], Model]] = {
    "independent": lambda seed: small(Independent, IndependentOptions(), seed=seed),
    "table": lambda seed: small(Table, TableOptions(), Categorical(3), SIX, 2, seed),
    "markov": lambda seed: small(Markov, MarkovOptions(2), Categorical(3), SIX, seed=seed),
    "fvsbn": lambda seed: small(FVSBN, FVSBNOptions(3), None, SIX, 3, seed),
    "nade": lambda seed: _nade(Categorical(3), SIX, 2, seed),
    "nade reals": lambda seed: _nade(GaussianMixture(2), Raster((3,)), 0, seed),
    "nade mixed": lambda seed: _nade(MIXED, Raster((4,)), 0, seed),
    "untied nade": lambda seed: small(
        UntiedNADE, UntiedNADEOptions(3), MIXED, Raster((4,)), 2, seed
    ),
    "nade tempered": lambda seed: _nade(Tempered(Bernoulli(), 0.7), FIVE, 0, seed),
    "made": lambda seed: small(
        MADE, MADEOptions((9, 8), degrees="random", direct=False, seed=seed), None, SIX, 0, seed
    ),
    "gru strings": lambda seed: small(GRU, GRUOptions(6, 2), Categorical(3), UntilEnd(0), 2, seed),
    "markov strings": lambda seed: small(
        Markov, MarkovOptions(2, True), Categorical(4), UntilEnd(3), 0, seed
    ),
    "transformer": lambda seed: small(
        AnyOrderTransformer, AnyOrderTransformerOptions(8, 2, 1), Categorical(3), FIVE, 2, seed
    ),
    "pixelcnn": lambda seed: small(
        PixelCNN, PixelCNNOptions(4, 1, 3), LogisticMixture(4, 2), Raster((2, 2, 2)), 0, seed
    ),
    "one-order transformer": lambda seed: small(
        Transformer, TransformerOptions(8, 2, 1), Categorical(3), SIX, 2, seed
    ),
    "wavenet": lambda seed: small(
        WaveNet, WaveNetOptions(4, 5, layers=2, stacks=1), Categorical(3), SIX, 2, seed
    ),
    "masks": _masks,
    "orders": _orders,
}
"""Name -> seed -> a sound model."""
