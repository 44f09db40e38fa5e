"""PixelDefend in the small: sequential purification, attacks, and figures that come of them."""

from __future__ import annotations

import pytest
import torch

from arden.data.dataset import Dataset, Split
from arden.data.schema import Schema
from experiments.pixeldefend import run
from experiments.pixeldefend.purify import purify
from tests.training.toys import fresh, symbols

TINY = run.Setup(
    channels=4,
    blocks=1,
    components=1,
    classifier_epochs=8,
    attacked_rows=12,
    epsilons=(90,),
    distances=(2.0,),
    radius=20,
)


def test_purification_goes_on_from_purified_values() -> None:
    """Step by step by hand: the most probable level within reach, given the purified past."""
    model = fresh("made", symbols(40, columns=4, levels=5)).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight += torch.randn(weight.shape, generator=torch.Generator().manual_seed(3)) * (
                weight != 0
            )
    x = torch.tensor([[0, 4, 2, 1], [3, 3, 0, 4], [2, 0, 4, 2]])
    expected = x.clone()
    once = x.clone()
    pasts = {"refreshed": expected, "computed once": x}
    for step in range(4):
        for name, target in (("refreshed", expected), ("computed once", once)):
            past = pasts[name]
            pmf = []
            for level in range(5):
                tried = past.clone()
                tried[:, step] = level
                pmf.append(model.log_conditionals(tried)[:, step])
            pmf = torch.stack(pmf, dim=1)
            far = (torch.arange(5) - x[:, step, None]).abs() > 1
            target[:, step] = pmf.masked_fill(far, -torch.inf).argmax(dim=1)
    found = purify(model, x, 1)
    assert torch.equal(found, expected)
    assert not torch.equal(found, once)  # what is computed once from the attacked image differs
    assert int((found - x).abs().max()) <= 1
    assert torch.equal(purify(model, x, 0), x)


def squares(rows: int, seed: int) -> Split:
    """-> images (N, 8, 8) with a bright half: the upper is class 0, the lower class 1."""
    source = torch.Generator().manual_seed(seed)
    labels = torch.arange(rows) % 2
    values = torch.randint(0, 60, (rows, 8, 8), generator=source)
    for row, label in enumerate(labels.tolist()):
        values[row, 4 * label : 4 * label + 4] += 120
    return Split(values.to(torch.uint8), labels)


def test_attacks_are_made_detected_and_undone() -> None:
    pytest.importorskip("foolbox", reason="needs the extra bench: pip install 'arden[bench]'")
    schema = Schema("image", (8, 8), 256, class_names=tuple("0123456789"))
    data = Dataset(
        "squares", schema, squares(160, 0), squares(20, 1), squares(24, 2), "Squares for a test."
    )
    found = run.measure(data, squares(40, 3).values, TINY)
    assert found["classifier_accuracy"] > 0.9
    assert set(found["attacks"]) == {"FGSM 90", "BIM 90", "DeepFool 90", "Carlini-Wagner 2"}
    for figures in found["attacks"].values():
        assert 0 <= figures["accuracy"] <= 1
        assert (figures["auroc_of_successful"] is None) == (figures["successful"] == 0)
    assert any(figures["successful"] for figures in found["attacks"].values())
    assert len(found["log_probs"]["clean"]) == 12
