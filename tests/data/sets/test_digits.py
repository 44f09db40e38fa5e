"""The embedded digits: the split is fixed, and both variants show the same images."""

import numpy as np
import pytest
import torch

from arden.data import DATASETS, load_data
from arden.data.splits import hold_out, permutation, three_way_split
from arden.errors import InputError


@pytest.fixture(scope="module")
def both():
    return load_data("digits"), load_data("digits-17")


def test_shapes_and_protocol(both):
    binary, grey = both
    assert (binary.schema.num_symbols, grey.schema.num_symbols) == (2, 17)
    for data in both:
        assert [len(data.train), len(data.valid), len(data.test)] == [1257, 180, 360]
        assert data.train.values.dtype == torch.uint8
        assert data.schema.event_shape == (8, 8)
        assert data.schema.class_names == tuple("0123456789")
        assert "1257/180/360 by numpy default_rng(0).permutation" in data.protocol
    assert ">= 8 of 16" in binary.protocol
    assert grey.train.values.max() == 16


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_both_variants_hold_the_same_images(both, split):
    binary, grey = (data.split(split) for data in both)
    assert torch.equal(binary.values, (grey.values >= 8).to(torch.uint8))
    assert torch.equal(binary.labels, grey.labels)


def test_every_image_is_in_one_split_with_its_own_label(both):
    from sklearn.datasets import load_digits

    bunch = load_digits()
    _, grey = both
    splits = (grey.train, grey.valid, grey.test)
    values = torch.cat([split.values.reshape(-1, 64) for split in splits])
    labels = torch.cat([split.labels for split in splits])
    ours = np.column_stack([values.numpy(), labels.numpy()])
    theirs = np.column_stack([bunch.data.astype(int), bunch.target])
    assert np.array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])


def test_scikit_learn_is_asked_where_its_file_lies_elsewhere(both, monkeypatch):
    monkeypatch.setattr("arden.data.sets.digits.find_spec", lambda name: None)
    again = load_data("digits-17")
    for split in ("train", "valid", "test"):
        assert torch.equal(again.split(split).values, both[1].split(split).values)
        assert torch.equal(again.split(split).labels, both[1].split(split).labels)


def test_the_split_is_pinned(both):
    """Figures in the documentation were measured on this split; it must never move."""
    assert both[0].test.labels[:8].tolist() == [0, 8, 8, 9, 8, 3, 7, 5]
    assert permutation(1797)[:5].tolist() == [360, 1773, 1482, 600, 850]


def test_independent_pixels_need_about_25_nats(both):
    data = both[0]
    ones = data.train.values.double().sum(0)
    p = (ones + 1) / (len(data.train) + 2)
    x = data.test.values.double()
    nats = -(x * p.log() + (1 - x) * (1 - p).log()).sum((1, 2)).mean().item()
    assert nats == pytest.approx(25.1, abs=0.4)  # the standard error on 360 images is 0.21


def test_every_entry_of_the_catalogue_leads_to_a_function():
    from importlib import import_module

    for name, entry in DATASETS.items():
        module, function = entry.loader.split(":")
        assert callable(getattr(import_module(module), function)), name
        assert entry.kind in ("image", "table", "text", "audio", "strings")
        assert entry.embedded == (entry.file is None)


@pytest.mark.parametrize("num_rows", [3, 4, 10, 25, 1000])
def test_splits_cover_every_row_once(num_rows):
    train, valid, test = three_way_split(num_rows)
    assert sorted([*train, *valid, *test]) == list(range(num_rows))
    assert len(valid) == len(test) == max(1, num_rows // 10)
    kept, held_out = hold_out(num_rows)
    assert sorted([*kept, *held_out]) == list(range(num_rows))
    other = three_way_split(num_rows, seed=1)
    assert num_rows < 10 or not np.array_equal(test, other[2])


def test_too_few_rows_and_bad_seeds():
    with pytest.raises(InputError, match=r"at least 3 rows are needed .* got 2"):
        three_way_split(2)
    with pytest.raises(InputError, match=r"at least 2 training rows are needed .* got 1"):
        hold_out(1)
    for seed in (-1, 1.5, True):
        with pytest.raises(InputError, match="seed must be a whole number"):
            permutation(3, seed)
