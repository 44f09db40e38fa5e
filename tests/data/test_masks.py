"""What a mask's name hides, and the sentences that refuse one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from arden.data.masks import HALVES, hidden_cells
from arden.data.schema import Column, Schema
from arden.errors import FileError, InputError
from tests.core.models import generator

IMAGE = Schema("image", (3, 5), 2)
TABLE = Schema(
    "table", (3,), None, (Column("age", "real"), Column("sex", "binary", 2), Column("y", "real"))
)


def of_image(name: str, rows: int = 2, seed: int = 0) -> torch.Tensor:
    return hidden_cells(name, IMAGE, (rows, 3, 5), generator(seed))


@pytest.mark.parametrize("side", HALVES)
def test_a_half_hides_its_side_the_odd_line_too(side: str) -> None:
    hidden = of_image(side)
    lines = {"lower-half": (1, [1, 2]), "upper-half": (1, [0, 1])}
    columns = {"left-half": (2, [0, 1, 2]), "right-half": (2, [2, 3, 4])}
    axis, places = {**lines, **columns}[side]
    expected = torch.zeros(2, 3, 5, dtype=torch.bool)
    expected.index_fill_(axis, torch.tensor(places), True)
    assert torch.equal(hidden, expected)
    channels = hidden_cells(side, Schema("image", (3, 5, 3), 4), (2, 3, 5, 3), generator())
    assert torch.equal(channels, expected[..., None].expand(2, 3, 5, 3))


def test_a_random_share_hides_as_many_of_every_row_at_other_places() -> None:
    hidden = of_image("random:0.4", rows=20)
    assert bool((hidden.flatten(1).sum(dim=1) == 6).all())
    assert len(hidden.flatten(1).unique(dim=0)) > 10
    assert torch.equal(of_image("random:0.4", rows=3), hidden[:3])
    assert not torch.equal(of_image("random:0.4", rows=20, seed=1), hidden)
    assert not bool(of_image("random:0").any())
    assert bool(of_image("random:1").all())


def test_columns_and_what_comes_after() -> None:
    assert hidden_cells("columns:y,age", TABLE, (1, 3), generator()).tolist() == [
        [True, False, True]
    ]
    assert hidden_cells("after:1", TABLE, (2, 3), generator()).tolist() == [[False, True, True]] * 2


def test_files_of_one_mask_and_of_one_a_row(tmp_path: Path) -> None:
    rows = np.arange(30).reshape(2, 3, 5) % 3 == 0
    np.save(tmp_path / "one.npy", rows[0].astype(np.uint8))
    np.savez(tmp_path / "each.npz", mask=rows)
    Image.fromarray(rows[0].astype(np.uint8) * 255).save(tmp_path / "one.png")
    assert np.array_equal(of_image(str(tmp_path / "each.npz")).numpy(), rows)
    for name in ("one.npy", "one.png"):
        found = of_image(str(tmp_path / name)).numpy()
        assert np.array_equal(found, np.stack([rows[0], rows[0]]))
    colour = Schema("image", (3, 5, 3), 4)
    found = hidden_cells(str(tmp_path / "one.npy"), colour, (2, 3, 5, 3), generator()).numpy()
    assert np.array_equal(found[0, :, :, 1], rows[0])


def test_what_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "wide.npy", np.zeros((3, 6)))
    np.save(tmp_path / "words.npy", np.array(["a"]))
    (tmp_path / "broken.npy").write_bytes(b"x")
    (tmp_path / "broken.png").write_bytes(b"x")
    np.savez(tmp_path / "two.npz", a=np.zeros(3), b=np.zeros(3))
    refusals = {
        "lower": 'Did you mean "lower-half"',
        "random:2": "a share in 0 … 1",
        "random:x": "a share in 0 … 1",
        "random:nan": "a share in 0 … 1",
        "after:99": "after:COUNT with 0 … 15",
        "columns:age": "of tables, but these are image rows",
        str(tmp_path / "wide.npy"): r"expected shape \(3, 5\) or \(2, 3, 5\)",
        str(tmp_path / "words.npy"): "expected numbers or booleans",
        str(tmp_path / "two.npz"): "expected one array",
    }
    for name, told in refusals.items():
        with pytest.raises(InputError, match=f"mask: .*{told}"):
            of_image(name)
    with pytest.raises(InputError, match=r'there is no column "sx"\. Did you mean "sex"'):
        hidden_cells("columns:sx", TABLE, (1, 3), generator())
    with pytest.raises(InputError, match="lower-half is of images, but these are table rows"):
        hidden_cells("lower-half", TABLE, (1, 3), generator())
    for name in ("gone.npy", "broken.npy", "broken.png"):
        with pytest.raises(FileError, match="mask: "):
            of_image(str(tmp_path / name))
