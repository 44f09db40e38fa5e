"""What `import arden` gives: loaded when asked for, documented, and clear about wrong input."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import arden
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import ArdenError, FileError, InputError
from arden.storage.model_files import fingerprint
from arden.systems import SEQUENCES
from arden.training.objectives import Likelihood
from tests.cli.words import environment
from tests.training.toys import bits, fresh, reals

pytestmark = pytest.mark.usefixtures("plain_torch")

QUICK: dict[str, Any] = {"progress": False, "device": "cpu", "epochs": 2, "batch_size": 16}


def test_importing_the_package_imports_almost_nothing() -> None:
    program = "import sys, arden; print(sorted({'torch', 'numpy', 'rich'} & set(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment()
    )
    assert ran.stdout == "[]\n", ran.stderr


def test_every_public_name_is_there_and_documented() -> None:
    assert arden.__all__ == sorted(arden.__all__)
    for name in arden.__all__:
        assert inspect.getdoc(getattr(arden, name))
        assert name in dir(arden)
    with pytest.raises(AttributeError, match="module 'arden' has no attribute 'train'"):
        arden.train  # noqa: B018


@pytest.mark.parametrize("name", SEQUENCES)
def test_hello(name: str, tmp_path: Path) -> None:
    """p(hello) = p(h) p(e|h) p(l|h,e) p(l|h,e,l) p(o|h,e,l,l)."""
    (tmp_path / "hello.txt").write_text("hello " * 40)
    data = arden.load_data(tmp_path / "hello.txt", window=5)
    model = arden.fit(name, data, **SEQUENCES[name].small, **QUICK)
    assert isinstance(model, AutoregressiveModel)
    word = torch.tensor([[data.schema.symbols.index(letter) for letter in "hello"]])
    product = 1.0
    for t in range(5):
        chances = model.begin(1, prefix=word[:, :t]).step.params.double().softmax(dim=1)[0]
        before, after = (torch.arange(5)[None] < end for end in (t, t + 1))
        ratio = arden.score(model, word, observed=after) - arden.score(model, word, observed=before)
        assert ratio.exp().item() == pytest.approx(chances[word[0, t]].item(), rel=1e-4)
        product *= chances[word[0, t]].item()
    assert arden.score(model, word).exp().item() == pytest.approx(product, rel=1e-4)


def test_the_whole_way_from_data_to_a_loaded_model(tmp_path: Path) -> None:
    data = bits()
    model = arden.fit("nade", data, hidden=4, **QUICK)
    assert isinstance(model, AutoregressiveModel)
    x = data.test.values
    scores = arden.score(model, x)
    assert (scores.shape, scores.dtype) == ((30,), torch.float64)
    drawn = arden.sample(model, 5, seed=0)
    assert drawn.shape == (5, 2, 3)
    hats = arden.predict(model, x)
    assert bool(((hats > 0) & (hats < 1)).all())
    back = arden.load(arden.save(model, tmp_path / "run"))
    assert torch.equal(arden.score(back, x), scores)
    assert torch.equal(arden.sample(back, 5, seed=0), drawn)
    assert arden.verify(back, x, budget="quick").passed


def test_data_may_be_an_array_a_file_or_a_list(tmp_path: Path) -> None:
    rows = (np.random.default_rng(0).random((40, 3)) < 0.5).astype(int)
    np.savetxt(tmp_path / "rows.csv", rows, "%d", ",")
    found = [
        fingerprint(arden.fit("nade", data, hidden=2, **QUICK))
        for data in (rows, torch.tensor(rows), rows.tolist(), tmp_path / "rows.csv")
    ]
    assert len(set(found)) == 1


def test_masks_come_as_a_mixture() -> None:
    model = arden.fit("made", bits(), hidden=(5,), masks=2, **QUICK)
    assert isinstance(model, Mixture)
    assert arden.sample(model, 3).shape == (3, 2, 3)


def test_a_model_or_mixture_of_ones_own_is_trained_in_place() -> None:
    data = bits()
    single = fresh("nade", data)
    mixture = Mixture([fresh("nade", data, seed=1), fresh("nade", data, ordering="zigzag")])
    for model in (single, mixture):
        before = fingerprint(model)
        assert arden.fit(model, data, **QUICK) is model
        assert fingerprint(model) != before


def test_an_objective_of_ones_own() -> None:
    data = bits()
    model = fresh("table", data)
    uncounted = arden.fit(model, data, objective=Likelihood(model), **QUICK)
    counted = arden.fit("table", data, **QUICK)
    assert fingerprint(uncounted) != fingerprint(counted)


def test_progress_is_shown_on_a_terminal_and_nothing_in_a_pipe(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = {**QUICK, "progress": True}
    arden.fit("nade", bits(), hidden=2, **shown)
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes it for a terminal
    arden.fit("nade", bits(), hidden=2, **shown)
    out, err = capfd.readouterr()
    assert out == ""
    assert "epoch" in err
    assert "nade" in err


@pytest.mark.parametrize(
    ("model", "data", "options", "told"),
    [
        ("nad", bits(), {}, 'Did you mean "nade"?'),
        ("NADE", bits(), {}, 'Did you mean "nade"?'),
        (3, bits(), {}, "expected a system's name, an AutoregressiveModel, a Mixture or a Latent"),
        ("nade", bits(), {"hiden": 3}, 'Did you mean "hidden"?'),
        ("nade", bits(), {"hidden": "3"}, "hidden: expected whole number, got '3'"),
        ("nade", bits(), {"hidden": 2.5}, "hidden: expected whole number, got 2.5"),
        ("made", bits(), {"hidden": 5}, "hidden: expected a list of whole numbers, got 5"),
        ("nade", bits(), {"epochs": True}, "epochs: expected whole number, got True"),
        ("nade", bits(), {"schedule": "cosin"}, 'Did you mean "cosine"?'),
        ("nade", bits(), {"device": "tpu"}, "device: expected auto, cpu or cuda, got 'tpu'"),
        ("nade", "digit", {}, 'Did you mean "digits"?'),
        ("nade", "nothing.csv", {}, "there is no such file"),
        ("nade", None, {}, "got NoneType"),
        ("nade", [[0, 1], [1]], {}, "expected rows of one length, got ragged ones"),
        ("nade", [[0.5, float("nan")]] * 9, {}, "holds NaN"),
        ("markov", reals(), {}, "markov takes discrete values, but reals holds real ones"),
        ("table", torch.zeros(9, 25), {}, "2^25 − 1 = 33,554,431"),
        (fresh("nade", bits()), reals(), {}, "expected events of shape (2, 3), got (3,)"),
        (fresh("nade", bits()), bits(), {"hidden": 3}, "no option 'hidden'"),
    ],
)
def test_wrong_input(model: Any, data: Any, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ArdenError) as caught:
        arden.fit(model, data, **{"progress": False, **options})
    assert isinstance(caught.value, (InputError, FileError))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_errors_can_be_caught_as_what_they_are() -> None:
    with pytest.raises(ValueError, match="nad"):
        arden.fit("nad", bits())
    with pytest.raises(OSError, match="no such folder"):
        arden.load("nowhere")
