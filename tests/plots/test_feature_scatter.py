"""Features in a plane: the plane of most variance, a colour and a name for each class."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from arden.errors import InputError
from arden.plots.feature_scatter import feature_scatter, principal_plane

FEATURES = np.random.default_rng(0).normal(size=(40, 5)) * [1, 9, 3, 1, 1]


def test_the_plane_is_that_of_the_principal_components():
    points, names = principal_plane(FEATURES)
    analysis = PCA(2).fit(FEATURES)
    assert np.allclose(np.abs(points), np.abs(analysis.transform(FEATURES)))
    shares = [
        f"{100 * share:.0f} % of the variance" for share in analysis.explained_variance_ratio_
    ]
    assert all(share in name for share, name in zip(shares, names, strict=True))


def test_few_features_are_shown_as_they_are():
    points, names = principal_plane(FEATURES[:, :2])
    assert np.array_equal(points, FEATURES[:, :2])
    assert names == ("first feature", "second feature")
    points, names = principal_plane(FEATURES[:, :1])
    assert np.array_equal(points[:, 0], FEATURES[:, 0])
    assert names == ("the feature", "row")
    assert principal_plane(FEATURES[:1])[0].tolist() == [[0, 0]]  # one row: nothing to turn
    assert np.isfinite(principal_plane(np.ones((3, 4)))[0]).all()


def test_each_class_has_its_name_in_its_colour(tmp_path, figures):
    labels = np.arange(40) % 3
    feature_scatter(FEATURES, tmp_path / "f.png", "vae on x", labels, ("a", "$b$", "c"))
    [figure] = figures
    [axes] = figure.axes
    assert [text.get_text() for text in axes.texts] == ["a", "$b$", "c"]
    points, _ = principal_plane(FEATURES)
    colours = set()
    for number, (text, dots) in enumerate(zip(axes.texts, axes.collections, strict=True)):
        assert np.allclose(dots.get_offsets(), points[labels == number])
        assert np.allclose(dots.get_facecolor()[0][:3], text.get_color()[:3])
        colours.add(tuple(text.get_color()))
    assert len(colours) == 3


@pytest.mark.parametrize("labels", [None, np.arange(40), np.zeros(40, dtype=int)])
def test_without_classes_or_with_too_many_there_is_one_colour(tmp_path, figures, labels):
    feature_scatter(FEATURES, tmp_path / "f.png", "", labels)
    [axes] = figures[0].axes
    assert not axes.texts
    assert len({tuple(dots.get_facecolor()[0]) for dots in axes.collections}) == 1


def test_wrong_input(tmp_path):
    with pytest.raises(InputError, match=r"features: expected \(N, Z\), got shape \(40,\)"):
        feature_scatter(FEATURES[:, 0], tmp_path / "f.png", "")
    with pytest.raises(InputError, match="labels: expected 40 of them, got 3"):
        feature_scatter(FEATURES, tmp_path / "f.png", "", [0, 1, 2])
