"""Detection: p-values keep their promise, scores are what they are called, terms explain."""

from __future__ import annotations

import itertools
import math
import zlib

import numpy as np
import pytest
import torch

import arden
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.orderings.raster import Raster
from arden.tasks.calibration import calibrate, rank_p_values
from arden.tasks.complexity import complexity_bits
from arden.tasks.detect import Detector
from arden.tasks.normality import normality
from arden.tasks.score import score, score_conditionals
from arden.tasks.surprise import entropies, excess_surprise, top_variables
from tests.core.models import generator
from tests.training.toys import bits, fresh_any, mixed, reals, symbols

NOTHING = torch.zeros(3, dtype=torch.float64)


def shaken(name: str, data, seed: int = 0, **options) -> AutoregressiveModel:
    """A small system with all its weights shaken, in float64."""
    model = fresh_any(name, data, **options).double()
    source = generator(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.3 * torch.randn(weight.shape, generator=source, dtype=torch.float64)
            mask = dict(model.named_buffers()).get(
                next(n for n, w in model.named_parameters() if w is weight) + "_mask"
            )
            if mask is not None:
                weight *= mask
    return model


# Ranks


def test_p_values_are_uniform_when_rows_are_exchangeable() -> None:
    source = np.random.default_rng(0)
    count, trials = 19, 2_000
    scores = torch.tensor(source.normal(size=(trials, count + 1)))
    p = torch.stack([rank_p_values(row[:-1], row[-1:])[0] for row in scores])
    ranks = (p * (count + 1)).round().long()
    observed = torch.bincount(ranks, minlength=count + 2)[1:].double()
    expected = trials / (count + 1)
    chi_square = ((observed - expected) ** 2 / expected).sum().item()
    assert chi_square < 66  # 19 degrees of freedom: above it once in a million


@pytest.mark.parametrize("levels", [None, 3])
@pytest.mark.parametrize("rate", [0.05, 0.33])
def test_false_alarms_stay_below_the_rate(levels: int | None, rate: float) -> None:
    source = np.random.default_rng(1)
    trials, count = 1_000, 40
    scores = source.normal(size=(trials, count + 1))
    if levels:  # nothing but ties
        scores = np.floor(np.abs(scores)).clip(max=levels - 1)
    flagged = 0
    for row in torch.tensor(scores):
        calibration = calibrate(row[:-1])
        is_flagged = bool(row[-1] < calibration.threshold(rate))
        assert is_flagged == bool(calibration.p_values(row[-1:])[0] <= rate + 1e-12)
        flagged += is_flagged
    promised = math.floor(rate * (count + 1)) / (count + 1)
    deviation = math.sqrt(promised * (1 - promised) / trials)
    assert flagged / trials < promised + 5 * deviation
    if levels is None:  # and no less than promised
        assert flagged / trials > promised - 5 * deviation


def test_noise_breaks_ties_evenly() -> None:
    source = np.random.default_rng(2)
    scores = torch.tensor(source.integers(0, 2, size=(1_200, 10)).astype(float))
    noise = torch.tensor(source.random((1_200, 1)))
    p = torch.cat([rank_p_values(r[:-1], r[-1:], u) for r, u in zip(scores, noise, strict=True)])
    for level in (0.05, 0.3, 0.77):
        share = (p <= level).double().mean().item()
        assert abs(share - level) < 5 * math.sqrt(level * (1 - level) / len(p))


def test_ties_count_against_a_row() -> None:
    normal = torch.tensor([1.0, 1.0, 2.0])
    assert rank_p_values(normal, torch.tensor([1.0, 0.5, 2.5])).tolist() == [0.75, 0.25, 1.0]
    assert rank_p_values(torch.tensor([5.0]), torch.tensor([5.0])).tolist() == [1.0]


def test_impossible_rows_are_the_least_normal() -> None:
    calibration = calibrate(torch.tensor([-1.0, -torch.inf, -2.0]))
    assert calibration.p_values(torch.tensor([-torch.inf])).tolist() == [0.5]
    with pytest.raises(InputError, match=r"scores: expected numbers .* NaN among them"):
        calibration.p_values(torch.tensor([torch.nan]))


def test_what_cannot_be_promised_is_refused() -> None:
    calibration = calibrate(torch.arange(50.0))
    with pytest.raises(InputError, match=r"at least 99 normal rows .* rate of 0.01, got 50"):
        calibration.threshold(0.01)
    with pytest.raises(InputError, match=r"at least 1e308 normal rows"):
        calibration.threshold(5e-324)
    assert calibrate(torch.arange(99.0)).threshold(0.01) == 0.0
    assert calibrate(torch.arange(99.0)).threshold(0.29) == 28.0  # 0.29 · 100 rounds below 29
    for rate in (0.0, 1.0, -1.0, math.nan):
        with pytest.raises(InputError, match=r"false_alarms: expected a rate between 0 and 1"):
            calibration.threshold(rate)
    for bad in (torch.zeros(0), torch.zeros(2, 2)):
        with pytest.raises(InputError, match=r"expected"):
            calibrate(bad)
    with pytest.raises(InputError, match=r"group: expected at least 1"):
        calibrate(torch.zeros(4), group=0)
    with pytest.raises(InputError, match=r"at least 9 normal rows to rank among, got 4"):
        calibrate(torch.zeros(4), group=9)


def test_typical_is_the_middle() -> None:
    normal = torch.tensor([-10.0, -12, -8, -9, -11, -10, -9.5, -10.5, -8.5, -11.5])
    calibration = calibrate(normal, typical=True)
    assert calibration.centre == -10.0  # of the rows 0 and 5
    assert len(calibration.ranked) == 8
    found = calibration.scores(torch.tensor([-10.0, 0.0, -20.0]))
    assert found.tolist() == [0.0, -10.0, -10.0]
    with pytest.raises(InputError, match=r"probability 0"):
        calibrate(torch.tensor([-torch.inf, 1.0, 2.0]), typical=True)


def test_groups_are_judged_by_their_mean() -> None:
    calibration = calibrate(torch.tensor([1.0, 3.0, 5.0, 5.0, 9.0]), group=2)
    assert calibration.ranked.tolist() == [2.0, 5.0]
    assert calibration.scores(torch.tensor([0.0, 1.0, 7.0, 7.0, 3.0])).tolist() == [0.5, 7.0]
    typical = calibrate(torch.tensor([2.0, 1.0, 3.0, 5.0, 5.0]), typical=True, group=2)
    assert typical.scores(torch.tensor([0.0, 2.0])).tolist() == [-1.0]


def test_groups_keep_the_rate_and_see_more() -> None:
    source = np.random.default_rng(3)
    normal = torch.tensor(source.normal(size=20_000))
    shifted = torch.tensor(source.normal(loc=-0.7, size=20_000))
    found = {}
    for group in (1, 10):
        calibration = calibrate(normal[:10_000], typical=True, group=group)
        threshold = calibration.threshold(0.05)
        alarms = (calibration.scores(normal[10_000:]) < threshold).double().mean().item()
        assert alarms < 0.05 + 5 * math.sqrt(0.05 * 0.95 * group / 5_000)
        found[group] = (calibration.scores(shifted) < threshold).double().mean().item()
    assert found[10] > found[1] + 0.2


# Scores


def test_scores_are_what_they_are_called() -> None:
    data = symbols()
    model, other = shaken("made", data, 1), shaken("nade", data, 2)
    x = data.test.values
    nats, base = score(model, x), score(other, x)
    assert torch.equal(normality(model, x), nats)
    assert torch.equal(normality(model, x, score="typicality"), nats)
    ratio = normality(model, x, score="ratio", background=other)
    torch.testing.assert_close(ratio, nats - base)
    bits_of = complexity_bits(x)
    torch.testing.assert_close(
        normality(model, x, score="complexity"), nats + bits_of * math.log(2)
    )


def test_a_mixture_over_classes_is_a_probability_and_the_best_class_bounds_it() -> None:
    data = bits(40, (1, 3))
    model = shaken("nade", data, condition="label")
    everything = torch.tensor(list(itertools.product((0, 1), repeat=3))).reshape(8, 1, 3)
    joint = normality(model, everything, classes="mixture")
    assert joint.exp().sum().item() == pytest.approx(1, abs=1e-10)
    best = normality(model, everything, classes="max")
    assert bool((best >= joint - 1e-12).all())
    assert bool((best <= joint + math.log(2) + 1e-12).all())  # untold how frequent, both alike
    given = torch.tensor([[0.0, 1.0]]).expand(8, -1)
    assert normality(model, everything, given).exp().sum().item() == pytest.approx(1, abs=1e-10)
    assert bool((normality(model, everything, given) <= best + 1e-12).all())


def test_windows_are_judged_by_the_symbol() -> None:
    data = symbols()
    model, x = shaken("made", data), data.test.values
    scored = torch.zeros_like(x, dtype=torch.bool)
    scored[:, 2:] = True
    expected = score_conditionals(model, x)[:, 2:].mean(dim=1)
    torch.testing.assert_close(normality(model, x, scored=scored), expected)


def test_an_impossible_row_stays_impossible_in_a_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bits(40)
    model, x = fresh_any("nade", data), data.test.values[:2]
    nats = torch.tensor([-math.inf, -3.0], dtype=torch.float64)
    monkeypatch.setattr("arden.tasks.normality.log_prob_of", lambda *a, **k: nats)
    found = normality(model, x, score="ratio", background=model)
    assert found.tolist() == [-math.inf, 0.0]  # and not NaN


def test_scores_refuse_what_makes_no_sense() -> None:
    data = bits(40)
    model, x = fresh_any("nade", data), data.test.values
    with pytest.raises(InputError, match=r"score: expected one of likelihood, .* got 'odd'"):
        arden.detect(model, x, x, score="odd")
    with pytest.raises(InputError, match=r"background: expected a model for a likelihood ratio"):
        arden.detect(model, x, x, score="ratio")
    with pytest.raises(InputError, match=r"background: expected none with the score 'likelihood'"):
        arden.detect(model, x, x, background=model)
    with pytest.raises(InputError, match=r"classes: expected one of given"):
        arden.detect(model, x, x, classes="odd")
    with pytest.raises(InputError, match=r"background: expected a model of events of shape"):
        arden.detect(model, x, x, score="ratio", background=fresh_any("nade", symbols(40)))
    table = reals(40)
    rows = table.test.values
    with pytest.raises(InputError, match=r"real values"):
        arden.detect(fresh_any("rnade", table), rows, rows, score="complexity")
    with pytest.raises(InputError, match=r"detect: an autoencoder has no density"):
        arden.detect(fresh_any("autoencoder", data), x, x)
    with pytest.raises(InputError, match=r"calibration: expected one of held-out normal rows"):
        Detector(model)(x)


def test_one_call_is_a_detector_calibrated_and_called() -> None:
    data = bits(200)
    model = arden.fit("nade", data, hidden=8, epochs=5, progress=False)
    flipped = 1 - data.test.values
    found = arden.detect(model, flipped, data.valid.values, false_alarms=0.1)
    detector = Detector.calibrated(model, data.valid.values)
    again = detector(flipped, false_alarms=0.1)
    assert torch.equal(found.p_values, again.p_values)
    assert torch.equal(found.flagged, found.p_values <= 0.1)
    assert torch.equal(found.flagged, found.scores < found.threshold)
    alone = torch.cat([detector(row[None], false_alarms=0.1).p_values for row in flipped])
    assert torch.equal(alone, found.p_values)


# Complexity


def test_bits_are_those_of_the_best_compressor() -> None:
    flat = torch.zeros(2, 50, dtype=torch.uint8)
    noise = torch.randint(0, 256, (2, 50), generator=generator(0), dtype=torch.uint8)
    found = complexity_bits(torch.cat([flat, noise]))
    assert found[0] == found[1]
    assert found[:2].max() < 100 < 8 * 50 <= found[2:].min()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = packer.compress(flat[0].numpy().tobytes()) + packer.flush()
    assert found[0] <= 8 * len(deflated)


def test_an_image_is_also_tried_as_one() -> None:
    slope = torch.arange(32)[:, None] * 5 + torch.arange(32)[None] * 3
    image = slope.to(torch.uint8)[None]
    assert complexity_bits(image).item() < 0.7 * complexity_bits(image.flatten(1)).item()
    assert complexity_bits(torch.zeros(1, 1, 1, dtype=torch.uint8)).item() > 0
    assert complexity_bits(image[..., None].expand(-1, -1, -1, 3)).item() > 0


def test_what_is_not_observed_costs_nothing_of_its_own() -> None:
    x = torch.randint(0, 9, (3, 40), generator=generator(1))
    observed = torch.ones_like(x, dtype=torch.bool)
    observed[1] = False
    found = complexity_bits(x.double().masked_fill(~observed, torch.nan), observed)
    assert found[0] == complexity_bits(x)[0]
    assert found[1] == complexity_bits(torch.zeros(1, 40)).item()
    assert complexity_bits(torch.full((1, 4), 70_000)).item() > 0  # more than two bytes hold
    for bad in (torch.tensor([[0.5]]), torch.tensor([[-1]]), torch.tensor([[True]])):
        with pytest.raises(InputError, match=r"expected whole numbers|needs whole numbers"):
            complexity_bits(bad)


# Explanations


@pytest.mark.parametrize("name", ["made", "nade"])
def test_surprise_in_excess_averages_to_nothing(name: str) -> None:
    """Σ_x p(x) (−ln p(x_i | x_<i) − H(X_i | x_<i)) = 0 for every i, by enumeration."""
    data = symbols(40, columns=3)
    model = shaken(name, data)
    everything = torch.tensor(list(itertools.product(range(3), repeat=3)))
    weight = score(model, everything).exp()
    excess = excess_surprise(model, everything)
    assert excess.abs().max() > 0.1
    torch.testing.assert_close(weight @ excess, NOTHING, atol=1e-9, rtol=0)


def test_a_mixture_of_one_order_is_walked() -> None:
    data = symbols(40, columns=3)
    both = Mixture([shaken("made", data, 1), shaken("made", data, 2)], [0.3, 0.7])
    everything = torch.tensor(list(itertools.product(range(3), repeat=3)))
    weight = score(both, everything).exp()
    excess = excess_surprise(both, everything)
    torch.testing.assert_close(weight @ excess, NOTHING, atol=1e-9, rtol=0)
    one = Mixture([both.models[0]])
    torch.testing.assert_close(entropies(one, everything), entropies(both.models[0], everything))


def test_a_mixture_of_several_orders_has_a_score_and_no_explanation() -> None:
    data = symbols(60, columns=3)
    other = shaken("made", data, ordering="shuffled", ordering_seed=4)
    both = Mixture([shaken("made", data), other])
    assert both.models[1].ordering != Raster((3,))
    x = data.test.values
    assert arden.detect(both, x, x, false_alarms=0.2).p_values.shape == (15,)
    with pytest.raises(InputError, match=r"different orders have no per-variable terms"):
        excess_surprise(both, x)


def test_an_entropy_of_a_density_is_nearly_exact() -> None:
    data = reals(40)
    model = fresh_any("rnade", data, components=1, hidden=4)
    x = data.test.values
    params = model.params(x)
    found = entropies(model, x)
    for column in range(3):
        family = model.conditional.at(torch.tensor([column]))
        # Of one Gaussian: ½ ln 2πe σ², and at its mean −ln p = ½ ln 2π σ².
        scales = torch.nn.functional.softplus(params[:, column, 1]) + family.family.min_scale
        expected = 0.5 * math.log(2 * math.pi * math.e) + scales.log() + math.log(family.scale)
        torch.testing.assert_close(found[:, column], expected.double(), atol=0.01, rtol=0)


def test_columns_of_several_kinds_each_have_their_entropy() -> None:
    data = mixed(60)
    model, x = shaken("made", data), data.test.values
    found = entropies(model, x)
    params = model.params(x)
    p = torch.sigmoid(params[:, 0, 0])
    torch.testing.assert_close(found[:, 0], -(p * p.log() + (1 - p) * (1 - p).log()))
    assert excess_surprise(model, x).shape == x.shape


def test_missing_values_and_ends_explain_nothing() -> None:
    data = mixed(60)
    model = shaken("made", data)
    x = data.test.values.clone()
    observed = torch.ones_like(x, dtype=torch.bool)
    observed[:, 2] = False
    x[:, 2] = torch.nan
    found = excess_surprise(model, x, observed=observed)
    assert bool((found[:, 2] == 0).all())
    assert bool(found.isfinite().all())


def test_a_background_explains_by_its_ratio() -> None:
    data = symbols()
    model, other = shaken("made", data, 1), shaken("made", data, 2)
    x = data.test.values
    found = excess_surprise(model, x, background=other)
    torch.testing.assert_close(
        found.sum(dim=1), -normality(model, x, score="ratio", background=other)
    )


def test_the_most_surprising_come_first() -> None:
    places, nats = top_variables(torch.tensor([[[1.0, 9.0], [3.0, -2.0]]]), 9)
    assert places.tolist() == [[1, 2, 0, 3]]
    assert nats.tolist() == [[9.0, 3.0, 1.0, -2.0]]
