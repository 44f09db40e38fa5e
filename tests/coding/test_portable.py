"""Whole numbers alone: near the model's own probabilities, and the same on every machine."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import arden
from arden.coding.portable import portable_twins
from arden.coding.twins import float_twins
from arden.coding.walks import code_events
from arden.coding.whole_numbers import SUM_BITS, UNIT_BITS, exp_weights, relu, sigmoid, tanh
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from tests.coding.golden import FOLDER, NAMES
from tests.core.models import build, generator
from tests.tasks.test_compress import Counting

CASES = {
    "fvsbn": build(FVSBN, FVSBNOptions(), Bernoulli(), Raster((2, 3))),
    "fvsbn, levels": build(FVSBN, FVSBNOptions(), Categorical(5, "scalar"), Raster((4,))),
    "nade": build(NADE, NADEOptions(9), Bernoulli(), Shuffled((6,), 1), 2),
    "nade, relu": build(NADE, NADEOptions(9, "relu"), Categorical(3), Raster((4,))),
    "nade, tanh": build(NADE, NADEOptions(9, "tanh"), Categorical(7, "scalar"), Raster((4,))),
    "made": build(MADE, MADEOptions((8, 6)), Bernoulli(), Raster((6,)), 2),
    "made, levels": build(MADE, MADEOptions((8, 6)), Categorical(4, "scalar"), Raster((5,))),
    "made, no layers": build(MADE, MADEOptions(()), Bernoulli(), Raster((5,))),
    "made, not direct": build(
        MADE, MADEOptions((7,), "sigmoid", direct=False), Categorical(1), Raster((3,))
    ),
}


def some_rows(model: AutoregressiveModel, rows: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    length = math.prod(model.event_shape)
    x = torch.randint(model.conditional.num_symbols or 1, (rows, length), generator=generator(2))
    labels = torch.arange(rows) % 2 if model.context_size else None
    return x, labels


@pytest.mark.parametrize("name", CASES)
def test_its_probabilities_are_nearly_those_of_the_model(name: str) -> None:
    model = CASES[name]
    x, labels = some_rows(model, 30)
    context = None if labels is None else torch.eye(2, dtype=torch.float64)[labels]
    bits = []
    for twins in (float_twins(model), portable_twins(model)):
        counted = Counting()
        code_events(twins[0], counted, x, len(x), x.shape[1], context)
        bits.append(torch.cat(counted.bits))
    # Tables have a step of 2⁻¹², of which sums keep a part in every unit.
    assert (bits[0] - bits[1]).abs().max() < 2e-3
    read = arden.decompress(
        model,
        arden.compress(model, x.reshape(-1, *model.event_shape), labels=labels, portable=True),
    )
    assert torch.equal(read.values.flatten(1), x)


@pytest.mark.parametrize("name", CASES)
def test_every_sum_is_a_whole_number_and_no_layout_matters(name: str) -> None:
    (twin,) = portable_twins(CASES[name])
    x, labels = some_rows(CASES[name], 12)
    context = None if labels is None else torch.eye(2, dtype=torch.float64)[labels]
    walkers = [twin.model.begin(12, context)]
    walkers += [
        twin.model.begin(1, None if context is None else context[row : row + 1])
        for row in range(12)
    ]
    # The same in another order of adding: all at once, by forward.
    flat = x[:, twin.first.dims(12, x.shape[1])]
    features = twin.first.conditional.features(flat).double()
    with torch.no_grad():
        whole = twin.first.network(features, context)
    for step in range(x.shape[1]):
        together = walkers[0].step.params
        assert torch.equal(together, together.round())
        assert torch.equal(together, torch.cat([walker.step.params for walker in walkers[1:]]))
        assert torch.equal(together, whole[:, step])
        walkers[0].advance(flat[:, step])
        for row, walker in enumerate(walkers[1:]):
            walker.advance(flat[row : row + 1, step])


@pytest.mark.parametrize("name", NAMES)
def test_files_written_long_ago_are_read(name: str) -> None:
    model = arden.load(FOLDER / name)
    with np.load(FOLDER / f"{name}.npz") as kept:
        held = {key: torch.from_numpy(kept[key]) for key in kept.files}
    packed = (FOLDER / f"{name}.arden").read_bytes()
    read = arden.decompress(model, packed)
    assert torch.equal(read.values, held["values"])
    assert read.values.dtype == torch.uint8
    for key in ("labels", "observed"):
        assert (getattr(read, key) is None) == (key not in held)
        assert key not in held or torch.equal(getattr(read, key), held[key])
    again = arden.compress(
        model,
        held["values"],
        labels=held.get("labels"),
        observed=held.get("observed"),
        portable=True,
        batch_size=4,
    )
    assert again == packed  # and a file written today is the same, byte for byte


def test_tables_are_the_functions_they_stand_for() -> None:
    a = torch.linspace(-20, 20, 3001, dtype=torch.float64)
    sums = (a * 2.0**SUM_BITS).round()
    for whole, plain in ((sigmoid, torch.sigmoid), (tanh, torch.tanh), (relu, torch.relu)):
        units = whole(sums)
        assert torch.equal(units, units.round())
        assert (units * 0.5**UNIT_BITS - plain(a)).abs().max() < 2e-4
    weights = exp_weights(torch.stack([sums, -sums], dim=1))
    assert weights.dtype == torch.int64
    shares = weights[:, 1].double() / weights.sum(dim=1)
    assert (shares - torch.sigmoid(-2 * a)).abs().max() < 1e-4
    assert int(weights.min()) > 0


def test_the_tables_never_change() -> None:
    from arden.coding import whole_numbers

    def told(table: torch.Tensor) -> tuple[int, int, int]:
        table = table.long()
        return int(table[0]), int(table[4096]), int((table * torch.arange(len(table))).sum())

    assert told(whole_numbers._weights()) == WEIGHTS
    assert told(whole_numbers._sigmoids()) == SIGMOIDS
    assert told(whole_numbers._tanhs()) == TANHS


WEIGHTS = (1073610760, 394959326, 18012165068022086)
SIGMOIDS = (8192, 11978, 34957849564054)
TANHS = (1, 7572, 34731798712744)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (build(MADE, MADEOptions((4,)), LogisticMixture(4, 2), Raster((3,))), "levels under a"),
        (build(Independent, IndependentOptions(), Bernoulli(), Raster((3,))), "got Independent"),
    ],
)
def test_what_it_cannot_do_is_refused(model: AutoregressiveModel, told: str) -> None:
    with pytest.raises(InputError, match="portable: .*" + told):
        portable_twins(model)


def test_sums_that_would_be_rounded_are_refused() -> None:
    for name in ("fvsbn", "nade", "made"):
        model = build(
            type(CASES[name].network), CASES[name].network.options, Bernoulli(), Raster((6,))
        )
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(1e7)
        with pytest.raises(InputError, match="sums stay below 4 million"):
            portable_twins(model)
