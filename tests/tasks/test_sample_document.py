"""Documents longer than a window: drawn from the very distribution they are scored under."""

from __future__ import annotations

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.draw import uniform_noise
from arden.core.mixture import Mixture
from arden.core.network import CausalNetwork
from arden.data.windows import scoring_windows
from arden.errors import InputError
from arden.networks.gru import GRU, GRUOptions
from arden.networks.transformer import Transformer, TransformerOptions
from arden.networks.wavenet import WaveNet, WaveNetOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.tasks.sample import sample
from arden.tasks.sample_document import sample_document
from tests.core.models import build

WINDOW = 6


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("length", [1, 6, 7, 19])
@pytest.mark.parametrize(
    ("network", "options"),
    [
        (GRU, GRUOptions(5)),
        (Transformer, TransformerOptions(8, 2, 1)),
        (WaveNet, WaveNetOptions(4, 4, layers=2, stacks=1)),
    ],
)
def test_every_symbol_is_drawn_from_what_scores_it(
    network: type[CausalNetwork], options: object, length: int, stride: int
) -> None:
    family = Categorical(3)
    model = build(network, options, family, Raster((WINDOW,)), 2)
    context = torch.eye(2)[[0, 1, 1]]
    drawn = sample_document(model, 3, length, stride, seed=5, context=context)
    assert drawn.shape == (3, length)
    later = -(-max(length - WINDOW, 0) // stride)
    noise = uniform_noise(torch.Generator().manual_seed(5), (3, WINDOW + later * stride, 1))
    for row in range(3):
        windows = scoring_windows([drawn[row].numpy()], WINDOW, stride).take()
        assert windows.scored is not None
        with torch.no_grad():
            params = model.params(windows.values, context[row].expand(len(windows), -1))
        scored = params[windows.scored]
        assert torch.equal(family.draw(scored.double(), noise[row, :length]), drawn[row])


def test_the_first_documents_do_not_depend_on_how_many_are_drawn() -> None:
    model = build(GRU, GRUOptions(4), Bernoulli(), Raster((WINDOW,)))
    many = sample_document(model, 5, 20, 3, seed=0)
    assert torch.equal(sample_document(model, 2, 20, 3, seed=0), many[:2])
    assert not torch.equal(sample_document(model, 5, 20, 3, seed=1), many)
    source = torch.Generator().manual_seed(0)
    assert torch.equal(sample_document(model, 5, 20, 3, generator=source), many)
    # A window is the beginning of a document that is drawn alone.
    assert torch.equal(
        sample_document(model, 1, 20, 3, seed=0)[:, :WINDOW], sample(model, 1, seed=0)
    )


@pytest.mark.parametrize(
    ("length", "stride", "sentence"),
    [
        (0, 3, "length: expected at least 1, got 0"),
        (9, 0, "stride: expected 1 to half the window of 6, got 0"),
        (9, 4, "stride: expected 1 to half the window of 6, got 4"),
    ],
)
def test_lengths_and_strides_that_make_no_sense(length: int, stride: int, sentence: str) -> None:
    model = build(GRU, GRUOptions(3), Bernoulli(), Raster((WINDOW,)))
    with pytest.raises(InputError, match=sentence):
        sample_document(model, 1, length, stride)


def test_models_that_have_no_documents() -> None:
    model = build(GRU, GRUOptions(3), Bernoulli(), Raster((WINDOW,)))
    image = build(GRU, GRUOptions(3), Bernoulli(), Raster((2, 3)))
    shuffled = build(GRU, GRUOptions(3), Bernoulli(), Shuffled((WINDOW,), 1))
    for wrong, sentence in (
        (image, r"length: expected a model of windows \(W,\), got \(2, 3\)"),
        (shuffled, "length: expected a model that reads its window from first to last"),
        (Mixture([model, model]), "length: a mixture draws windows only"),
    ):
        with pytest.raises(InputError, match=sentence):
            sample_document(wrong, 1, 9, 3)
