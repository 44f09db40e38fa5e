"""The estimators give the numbers of the tasks, and live where scikit-learn's do."""

from __future__ import annotations

import io
import pickle
import pickletools
import subprocess
import sys
from typing import Any

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import arden
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.estimators import (
    ArdenClassifier,
    ArdenDensity,
    ArdenFeatures,
    ArdenImputer,
    ArdenOutlierDetector,
)
from tests.cli.words import environment

IRIS, KIND = load_iris(return_X_y=True)
BITS = (np.random.default_rng(0).random((80, 5)) < [0.1, 0.5, 0.9, 0.7, 0.3]).astype(float)
QUICK: dict[str, Any] = {"epochs": 3, "random_state": 0}
SMALL = {"hidden": (6,), "components": 2, "learning_rate": 0.02}


def exact(estimator: Any) -> AutoregressiveModel | Mixture:
    """A fitted estimator -> its model."""
    model = estimator.model_
    assert isinstance(model, AutoregressiveModel | Mixture)
    return model


def test_scores_are_nats_of_the_model() -> None:
    for x, levels in ((IRIS, None), (BITS, 2)):
        density = ArdenDensity(options=SMALL, **QUICK).fit(x)
        expected = arden.score(exact(density), torch.from_numpy(x)).numpy()
        assert np.allclose(density.score_samples(x), expected, rtol=1e-12)
        assert density.score(x) == pytest.approx(expected.mean())
        assert density.num_levels_ == levels
        drawn = density.sample(7, random_state=3)
        assert drawn.shape == (7, x.shape[1])
        assert np.array_equal(drawn, density.sample(7, random_state=3))
        assert not np.array_equal(drawn, density.sample(7, random_state=4))
    assert set(np.unique(drawn)) <= {0.0, 1.0}
    with pytest.raises(InputError, match=r"X: expected levels 0 … 1, .* got 2; discrete=False"):
        density.score_samples(BITS * 2)
    real = ArdenDensity(options=SMALL, discrete=False, **QUICK).fit(BITS)
    assert real.num_levels_ is None
    with pytest.raises(InputError, match="discrete: expected whole numbers in 0 … 255"):
        ArdenDensity(discrete=True).fit(IRIS)


def test_a_fit_is_a_function_of_its_random_state(capfd: pytest.CaptureFixture[str]) -> None:
    first, again, other = (
        ArdenDensity(options=SMALL, epochs=2, random_state=seed).fit(IRIS).score(IRIS)
        for seed in (0, 0, 1)
    )
    assert first == again != other
    source = np.random.RandomState(0)
    one, two = (ArdenDensity(options=SMALL, epochs=1, random_state=source) for _ in "ab")
    assert one.fit(IRIS).score(IRIS) != two.fit(IRIS).score(IRIS)
    free = [ArdenDensity(options=SMALL, epochs=1).fit(IRIS).score(IRIS) for _ in "ab"]
    assert free[0] != free[1]
    assert capfd.readouterr() == ("", "")


def test_classes_are_by_bayes() -> None:
    names = np.array(["setosa", "versicolor", "virginica"])[KIND][:120]  # uneven
    classifier = ArdenClassifier(options=SMALL, epochs=20, random_state=0).fit(IRIS[:120], names)
    expected = arden.classify(exact(classifier), torch.from_numpy(IRIS), [50, 50, 20]).numpy()
    assert np.allclose(classifier.predict_log_proba(IRIS), expected, rtol=1e-12)
    assert (classifier.predict(IRIS) == classifier.classes_[expected.argmax(axis=1)]).all()
    assert np.allclose(classifier.predict_proba(IRIS).sum(axis=1), 1)
    assert classifier.score(IRIS[:120], names) > 0.85
    rare = ArdenClassifier(options=SMALL, **QUICK).fit(IRIS[48:51], KIND[48:51])  # one of a class
    assert rare.predict(IRIS[:2]).shape == (2,)


def test_outliers_are_the_share_that_was_asked_for() -> None:
    detector = ArdenOutlierDetector(options=SMALL, contamination=0.2, **QUICK).fit(IRIS)
    log_prob = detector.score_samples(IRIS)
    assert np.allclose(detector.decision_function(IRIS), log_prob - detector.offset_)
    assert (detector.predict(IRIS) == -1).sum() == 30
    assert ((detector.predict(IRIS) == -1) == (log_prob < np.quantile(log_prob, 0.2))).all()
    assert detector.predict(IRIS[:1] + 50) == [-1]
    for wrong in (0, 0.6, -1):
        with pytest.raises(InputError, match="contamination: expected a number above 0"):
            ArdenOutlierDetector(contamination=wrong).fit(IRIS)


@pytest.mark.parametrize("score", ["likelihood", "ratio", "typicality"])
def test_outliers_are_detected_by_any_score_at_a_promised_rate(score: Any) -> None:
    source = np.random.default_rng(1)
    x, more = source.normal(size=(2, 900, 3))
    detector = ArdenOutlierDetector(
        options=SMALL,
        epochs=4,
        score_by=score,
        false_alarms=0.1,
        validation_fraction=0.4,
        random_state=np.random.RandomState(0),
    ).fit(x)
    p_values = detector.p_values(more)
    assert ((detector.predict(more) == -1) == (p_values <= 0.1)).all()
    assert 0.05 < (p_values <= 0.1).mean() < 0.15
    assert (detector.predict(x[:9] + 30) == -1).all()
    found = detector.score_samples(more)
    normal = arden.score(exact(detector), torch.from_numpy(more)).numpy()
    if score == "likelihood":
        assert np.allclose(found, normal, rtol=1e-12)
    elif score == "ratio":
        below = arden.score(detector.background_, torch.from_numpy(more)).numpy()
        assert np.allclose(found, normal - below)
        assert not np.allclose(below, normal)
    else:
        held = detector._hold_out(len(x))[1]
        usual = arden.score(exact(detector), torch.from_numpy(x[held[::5]])).mean().item()
        assert np.allclose(found, -np.abs(normal - usual))
    told = pickle.dumps(detector)
    assert not [t for _, t, _ in pickletools.genops(told) if str(t).startswith("torch")]
    assert np.array_equal(pickle.loads(told).p_values(more), p_values)


def test_scores_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="score: expected one of likelihood, ratio"):
        ArdenOutlierDetector(score_by="depth").fit(IRIS)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least 99 normal rows for a false-alarm rate"):
        ArdenOutlierDetector(false_alarms=0.01, options=SMALL, **QUICK).fit(IRIS)
    with pytest.raises(InputError, match="the complexity correction needs whole numbers"):
        ArdenOutlierDetector(score_by="complexity", options=SMALL, **QUICK).fit(IRIS)
    ArdenOutlierDetector(score_by="complexity", options=SMALL, **QUICK).fit(BITS)


def test_features_are_those_of_the_model() -> None:
    features = ArdenFeatures("nade", options={**SMALL, "hidden": 6}, **QUICK).fit(IRIS)
    expected = arden.represent(exact(features), torch.from_numpy(IRIS)).numpy()
    assert np.array_equal(features.transform(IRIS), expected)
    assert features.get_feature_names_out().tolist() == [f"ardenfeatures{k}" for k in range(6)]
    code = ArdenFeatures("autoencoder", options={"latents": 2, "hidden": (4,)}, **QUICK)
    assert code.fit_transform(IRIS).shape == (150, 2)
    with pytest.raises(InputError, match="represent: Independent is a table of counts"):
        ArdenFeatures("independent", **QUICK).fit(IRIS)
    with pytest.raises(InputError, match="fit: an autoencoder has no density"):
        ArdenDensity("autoencoder", **QUICK).fit(IRIS)


def test_gaps_are_filled_and_what_is_there_stays() -> None:
    source = np.random.default_rng(0)
    x = source.normal(size=(240, 1)) * [1, 1, -1] + source.normal(size=(240, 3)) * 0.1
    gaps = np.where(source.random(x.shape) < 0.2, np.nan, x)
    gaps[:3] = x[:3]
    options = {"hidden": (16,), "components": 1, "learning_rate": 0.02, "weight_decay": 0.0}
    imputer = ArdenImputer(options=options, epochs=40, random_state=0).fit(gaps)
    filled = imputer.transform(gaps)
    known = ~np.isnan(gaps)
    assert np.array_equal(filled[known], gaps[known])
    lonely = known.any(axis=1, keepdims=True) & ~known  # something tells of what is missing
    error = np.sqrt(np.mean((filled - x)[lonely] ** 2))
    means = np.broadcast_to(np.nanmean(gaps, axis=0), x.shape)
    assert error < 0.6 * np.sqrt(np.mean((means - x)[lonely] ** 2))
    assert np.array_equal(filled, imputer.transform(gaps))
    everything_missing = imputer.transform(np.full((1, 3), np.nan))
    assert np.isfinite(everything_missing).all()
    drawn = ArdenImputer(strategy="draw", options=options, **QUICK).fit(BITS)
    holes = np.where(source.random(BITS.shape) < 0.3, np.nan, BITS)
    assert set(np.unique(drawn.transform(holes))) == {0.0, 1.0}
    frequent = ArdenImputer(options=options, **QUICK).fit(holes)
    assert set(np.unique(frequent.transform(holes))) == {0.0, 1.0}
    with pytest.raises(InputError, match="X: column 1 holds no value at all"):
        ArdenImputer().fit([[1.0, np.nan], [2.0, np.nan]])
    with pytest.raises(InputError, match="strategy: expected mean or draw"):
        ArdenImputer(strategy="mode").fit(IRIS)


def test_they_work_in_pipelines_searches_and_validation() -> None:
    features = ArdenFeatures(options=SMALL, **QUICK)
    whole = make_pipeline(StandardScaler(), features, LogisticRegression(max_iter=500))
    assert whole.fit(IRIS, KIND).score(IRIS, KIND) > 0.5
    grid = {"system": ["independent", "made"], "options": [{"components": 1}]}
    search = GridSearchCV(ArdenDensity(**QUICK), grid, cv=2).fit(IRIS)
    assert set(search.best_params_) == {"system", "options"}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    scores = cross_val_score(ArdenClassifier(options=SMALL, **QUICK), IRIS, KIND, cv=2)
    assert scores.shape == (2,)
    gaps = IRIS.copy()
    gaps[::5, 2] = np.nan
    filled = make_pipeline(ArdenImputer(draws=2, options=SMALL, **QUICK), ArdenDensity(**QUICK))
    assert np.isfinite(filled.fit(gaps).score_samples(gaps)).all()
    twin = clone(ArdenClassifier("nade", options=SMALL, epochs=7))
    assert twin.get_params() == ArdenClassifier("nade", options=SMALL, epochs=7).get_params()


def test_frames_come_out_with_names() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(IRIS, columns=["a", "b", "c", "d"])
    features = ArdenFeatures(options=SMALL, **QUICK).set_output(transform="pandas")
    found = features.fit_transform(frame)
    assert isinstance(found, pd.DataFrame)
    assert found.columns.tolist() == features.get_feature_names_out().tolist()
    imputer = ArdenImputer(options=SMALL, **QUICK).set_output(transform="pandas")
    assert imputer.fit_transform(frame).columns.tolist() == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="feature names"):
        features.transform(frame.rename(columns={"a": "z"}))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_with_words_and_gaps_are_read_by_column(library: str) -> None:
    pytest.importorskip("pyarrow")
    frames = pytest.importorskip(library)
    source = np.random.default_rng(0)
    kind = source.integers(0, 2, 120)
    cells = {
        "id": [f"id{k}" for k in range(120)],
        "kind": [["cat", "dog"][k] if row % 7 else None for row, k in enumerate(kind)],
        "age": [int(a) if row % 5 else None for row, a in enumerate(10 * kind + 3)],
        "weight": [float(w) for w in kind * 4 + source.normal(size=120).round(2)],
    }
    frame = frames.DataFrame(cells)
    options = {"hidden": (12,), "learning_rate": 0.03}
    how: dict[str, Any] = {"options": options, "epochs": 30, "random_state": 0}
    density = ArdenDensity("orderless-nade", **how).fit(frame)
    assert density.n_features_in_ == 4
    rows = arden.data.read_rows(frame, arden.load_data(frame).schema)
    expected = arden.score(exact(density), rows.values, None, rows.observed)
    assert np.allclose(density.score_samples(frame), expected.numpy())
    drawn = density.sample(5, random_state=1)
    assert isinstance(drawn, frames.DataFrame)
    assert list(drawn.columns) == ["kind", "age", "weight"]
    assert set(drawn["kind"]) <= {"cat", "dog"}
    again = pickle.loads(pickle.dumps(density))
    assert np.array_equal(again.score_samples(frame), density.score_samples(frame))
    filled = ArdenImputer(draws=8, **how).fit(frame).transform(frame)
    assert isinstance(filled, frames.DataFrame)
    assert list(filled.columns) == list(cells)
    assert list(filled["id"]) == cells["id"]
    right = [new == ["cat", "dog"][k] for new, k in zip(filled["kind"], kind, strict=True)]
    assert np.mean(right) > 0.95  # the gaps too: the others tell
    ages = [new for new, old in zip(filled["age"], cells["age"], strict=True) if old is None]
    assert set(ages) <= set(range(3, 14))
    strange = frames.DataFrame({**cells, "weight": [50.0, *cells["weight"][1:]]})
    detector = ArdenOutlierDetector("orderless-nade", contamination=0.05, **how).fit(frame)
    assert detector.predict(strange)[0] == -1
    with pytest.raises(InputError, match='holds "cow"; expected cat or dog'):
        density.score_samples(frames.DataFrame({**cells, "kind": ["cow"] * 120}))
    with pytest.raises(InputError, match="made reads every cell before the next"):
        ArdenDensity(**QUICK).fit(frame)


@pytest.mark.parametrize(
    "estimator",
    [
        ArdenDensity("made", options={"hidden": (4,), "masks": 2}, **QUICK),
        ArdenClassifier(options=SMALL, **QUICK),
        ArdenImputer(options=SMALL, **QUICK),
        ArdenFeatures("vae", options={"latents": 2, "hidden": (4,)}, **QUICK),
    ],
)
def test_they_are_kept_by_joblib_without_pickled_tensors(estimator: Any) -> None:
    ask = {
        ArdenDensity: "score_samples",
        ArdenClassifier: "predict_log_proba",
        ArdenImputer: "transform",
        ArdenFeatures: "transform",
    }[type(estimator)]
    fitted = estimator.fit(IRIS, KIND)
    named = [str(told) for _, told, _ in pickletools.genops(pickle.dumps(fitted)) if told]
    assert not [name for name in named if name.startswith("torch")]
    file = io.BytesIO()
    joblib.dump(fitted, file)
    file.seek(0)
    again = joblib.load(file)
    assert np.array_equal(getattr(again, ask)(IRIS), getattr(fitted, ask)(IRIS))
    assert hasattr(fitted, "model_")  # what was kept is still whole


def test_importing_them_imports_no_torch() -> None:
    program = (
        "import sys, arden; home = arden.estimators; loaded = 'torch' in sys.modules; "
        "print(loaded, dir(home) == home.__all__)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment()
    )
    assert ran.stdout == "False True\n", ran.stderr
