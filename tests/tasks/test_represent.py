"""Features of exact models: units that the parameters are read from, never from the future."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork, HiddenNetwork
from arden.errors import InputError
from arden.networks.gru import GRU, GRUOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.networks.transformer import Transformer, TransformerOptions
from arden.orderings.given import Given
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from tests.core.models import build, some_events
from tests.networks.cases import CASES, Case, model_of, names
from tests.training.toys import bits, fresh_any

SHAPE = (2, 3)
HIDDEN = [
    case for case in CASES if issubclass(case.network, HiddenNetwork) and case.name != "made-linear"
]


def units_of(model: AutoregressiveModel, features: Tensor, context: Tensor | None = None) -> Tensor:
    """(B, T, F) -> (B, S, H), without gradients."""
    assert isinstance(model.network, HiddenNetwork)
    with torch.no_grad():
        return model.network.hidden_units(features, context)


def shown(model: AutoregressiveModel, rows: int = 4) -> Tensor:
    """-> (B, T, F): what the network is shown of some events, in step order."""
    x = some_events(model.conditional, SHAPE, rows).flatten(1)
    dims = model.dims(rows, 6)
    return model.conditional.at(dims).features(x[:, dims]).to(model.dtype)


@pytest.mark.parametrize("case", HIDDEN, ids=names)
def test_no_place_sees_its_own_step_or_what_follows(case: Case) -> None:
    model = model_of(case, case.families[0])
    features = shown(model)
    units = units_of(model, features)
    assert units.dim() == 3
    if units.shape[1] != 6:  # one set of units that has seen all
        assert units.shape[1] == 1
        return
    for step in range(6):
        changed = features.clone()
        changed[:, step:] += 1.5
        moved = (units_of(model, changed) != units).any(dim=2).any(dim=0)
        assert not bool(moved[: step + 1].any()), step


@pytest.mark.parametrize("case", HIDDEN, ids=names)
def test_features_see_every_value_but_the_last_and_each_row_alone(case: Case) -> None:
    # The seed of one: a unit alone may be dead.
    model = model_of(case, case.families[0], context_size=2)
    features, context = shown(model, 3), torch.eye(2, dtype=torch.float64)[[0, 1, 1]]
    units = units_of(model, features, context).flatten(1)
    torch.testing.assert_close(units_of(model, features[1:2], context[1:2]).flatten(1), units[1:2])
    assert not torch.equal(units, units_of(model, features, context.flip(1)).flatten(1))
    last = 6 if case.name.startswith("orderless") else 5
    unseen = []
    for step in range(last):
        changed = features.clone()
        changed[:, step] += 1.5
        if torch.equal(units_of(model, changed, context).flatten(1), units):
            unseen.append(step)
    few = case.options in (MADEOptions(hidden=(20, 12), masks=3, mask=2),)
    assert not unseen or few or "made" in case.name, unseen


def test_the_features_of_nade_are_its_hidden_units() -> None:
    ordering = Shuffled(SHAPE, 3)
    model = build(NADE, NADEOptions(5), Bernoulli(), ordering)
    x = some_events(Bernoulli(), SHAPE, 7)
    network = model.network
    assert isinstance(network, NADE)
    seen = x.flatten(1)[:, ordering.order()[:-1]].double()
    by_hand = torch.sigmoid(network.hidden_bias + seen @ network.inputs[:, 0])
    torch.testing.assert_close(arden.represent(model, x, batch_size=2), by_hand.detach())


def test_an_orderless_network_sees_all_whatever_the_order() -> None:
    options, x = OrderlessNADEOptions((7, 6), "tanh"), some_events(Bernoulli(), SHAPE, 7)
    found = []
    for ordering in (Raster(SHAPE), Shuffled(SHAPE, 3)):
        model = build(OrderlessNADE, options, Bernoulli(), ordering)
        found.append(arden.represent(model, x))
    assert found[0].shape == (7, 6)
    torch.testing.assert_close(found[0], found[1])
    changed = x.clone()
    changed[:, 1, 2] = 1 - x[:, 1, 2]
    assert not bool((arden.represent(model, changed) == found[1]).all(dim=1).any())


@pytest.mark.parametrize("case", HIDDEN, ids=names)
@pytest.mark.parametrize("pool", ["mean", "last"])
def test_units_are_pooled(case: Case, pool: str) -> None:
    model = model_of(case, case.families[0])
    x = some_events(model.conditional, SHAPE, 5)
    dims = model.dims(5, 6)
    features = model.conditional.at(dims).features(x.flatten(1)[:, dims]).to(model.dtype)
    order = {"order": dims} if isinstance(model.network, AnyOrderNetwork) else {}
    with torch.no_grad():
        units = model.network.hidden_units(features, **order)  # type: ignore[operator]
    expected = units.mean(dim=1) if pool == "mean" else units[:, -1]
    found = arden.represent(model, x, pool=pool, batch_size=2)  # type: ignore[arg-type]
    torch.testing.assert_close(found, expected)
    own = arden.represent(model, x)
    other = {"mean": "last", "last": "mean"}[pool]
    if model.network.pooling == pool:  # type: ignore[union-attr]
        torch.testing.assert_close(own, found)
    elif units.shape[1] > 1:
        assert not torch.allclose(own, found)
        torch.testing.assert_close(own, arden.represent(model, x, pool=other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "network", [(GRU, GRUOptions(4)), (Transformer, TransformerOptions(8, 2, 1))]
)
@pytest.mark.parametrize("pool", ["mean", "last"])
def test_what_follows_the_end_of_a_string_changes_nothing(network: tuple, pool: str) -> None:
    model = build(*network, Categorical(3), UntilEnd(0))
    x = torch.tensor([[1, 2, 0, 1, 1], [2, 2, 1, 2, 0], [1, 1, 1, 1, 1], [0, 2, 2, 2, 2]])
    found = arden.represent(model, x, pool=pool)  # type: ignore[arg-type]
    for row, length in enumerate((3, 5, 5, 1)):
        alone = x[row : row + 1, :length]
        # One value more shows the units that have seen the whole string.
        longer = torch.nn.functional.pad(alone, (0, 1))
        places = min(length + 1, 5)
        units = units_of(model, model.conditional.features(longer).double())[0, :places]
        expected = units.mean(dim=0) if pool == "mean" else units[-1]
        torch.testing.assert_close(found[row], expected)


def test_what_is_not_observed_changes_nothing() -> None:
    model = build(GRU, GRUOptions(4), Bernoulli(), Given((6,), (5, 4, 3, 2, 1, 0)))
    x = some_events(Bernoulli(), (6,), 5).double()
    observed = torch.arange(6) >= torch.tensor([0, 1, 3, 5, 6])[:, None]
    gaps = torch.where(observed, x, torch.nan)
    found = arden.represent(model, gaps, observed=observed)
    units = units_of(model, model.conditional.features(x.flip(1)))
    for row, known in enumerate((6, 5, 3, 1, 0)):
        torch.testing.assert_close(found[row], units[row, : min(known, 5) + 1].mean(dim=0))
    with pytest.raises(InputError, match="every observed scalar must come before"):
        arden.represent(model, x, observed=~observed)
    made = build(MADE, MADEOptions((4,)), Bernoulli(), Given((6,), (5, 4, 3, 2, 1, 0)))
    with pytest.raises(InputError, match="observed: expected whole rows"):
        arden.represent(made, gaps, observed=observed)
    assert arden.represent(made, x, observed=torch.ones_like(observed)).shape == (5, 4)


def test_a_mixture_has_the_features_of_its_components() -> None:
    parts = [build(NADE, NADEOptions(n), Bernoulli(), Shuffled(SHAPE, n)) for n in (3, 5)]
    x = some_events(Bernoulli(), SHAPE, 4)
    found = arden.represent(Mixture(parts), x)
    expected = torch.cat([arden.represent(part, x) for part in parts], dim=1)
    assert torch.equal(found, expected)
    assert found.shape == (4, 8)


def test_what_has_no_features_is_refused() -> None:
    data = bits(40)
    x = data.test.values
    for name, reason in {
        "markov": "represent: Markov is a table of counts, without hidden units",
        "independent": "represent: Independent is a table of counts",
        "fvsbn": "represent: FVSBN has no hidden units to read: its parameters are made from",
    }.items():
        with pytest.raises(InputError, match=reason):
            arden.represent(fresh_any(name, data), x)
    linear = build(MADE, MADEOptions(hidden=()), Bernoulli(), Raster(SHAPE))
    with pytest.raises(InputError, match="hidden: this MADE has no hidden layer"):
        arden.represent(linear, x)
    nade = fresh_any("nade", data)
    with pytest.raises(InputError, match="pool: expected mean or last, got 'max'"):
        arden.represent(nade, x, pool="max")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="pool: expected none, because an encoder"):
        arden.represent(fresh_any("vae", data), x, pool="mean")
    with pytest.raises(InputError, match=r"x: expected shape \(B, 2, 3\)"):
        arden.represent(nade, x.flatten(1))
    with pytest.raises(InputError, match="outside the support"):
        arden.represent(nade, x + 5)
    with pytest.raises(InputError, match="context: this model takes none"):
        arden.represent(nade, x, torch.ones(len(x), 2))
