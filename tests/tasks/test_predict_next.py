"""x̂_i of everything unseen: equal to the posterior that tries every value, whatever the network."""

from __future__ import annotations

import pytest
import torch

from arden.errors import InputError
from arden.tasks.column_posterior import column_posterior
from arden.tasks.predict_next import predict_next
from tests.core.models import generator, shake
from tests.training.toys import bits, fresh_any, symbols

ANY_ORDER = ("orderless-nade", "any-order-made", "any-order-transformer")


def shaken(name, data, **options):
    """A system's name, its data -> its model in float64, every weight moved."""
    model = fresh_any(name, data, **options).double()
    shake(model, 0.3)
    return model.eval()


@pytest.mark.parametrize("data", [bits(), symbols()], ids=["bits", "symbols"])
@pytest.mark.parametrize("name", ANY_ORDER)
def test_it_is_the_mean_of_the_posterior_of_every_variable(name, data):
    model = shaken(name, data)
    x = data.test.values[:5]
    observed = torch.rand(x.shape, generator=generator(1)) < 0.5
    observed[0], observed[1] = False, True
    found = predict_next(model, x, observed)
    for place in range(x[0].numel()):
        log_pmf = column_posterior(model, x, place, observed, observed_first=True)
        levels = torch.arange(log_pmf.shape[1], dtype=torch.float64)
        mean = log_pmf.exp() @ levels
        here = ~observed.flatten(1)[:, place]
        assert torch.allclose(found.flatten(1)[here, place], mean[here], rtol=0, atol=1e-12)
    assert torch.equal(found[observed], x[observed].double())


def test_what_is_not_observed_is_never_looked_at():
    model, x = shaken("orderless-nade", bits()), bits().test.values[:3].double()
    observed = torch.rand(x.shape, generator=generator(1)) < 0.5
    spoilt = torch.where(observed, x, torch.nan)
    assert torch.equal(predict_next(model, spoilt, observed), predict_next(model, x, observed))


def test_a_class_is_heeded():
    model = shaken("orderless-nade", bits(), condition="label")
    x = bits().test.values[:2]
    one, other = (torch.eye(2)[[k, k]] for k in (0, 1))
    nothing = torch.zeros(x.shape, dtype=torch.bool)
    first, second = (predict_next(model, x, nothing, context) for context in (one, other))
    assert (first - second).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nade", "any-order network, got a NADE"), ("orderless-nade", "observed: expected the shape")],
)
def test_refusals(name, sentence):
    model, x = fresh_any(name, bits()), bits().test.values[:2]
    observed = torch.zeros(2, 2 if name == "orderless-nade" else 6, dtype=torch.bool)
    with pytest.raises(InputError, match=sentence):
        predict_next(model, x, observed)
