"""What was saved comes back: every system, every network, mixtures, other dtypes, own classes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.standardised import Standardised
from arden.conditionals.tempered import Tempered
from arden.core.mixture import Mixture
from arden.core.network import NetworkSpec
from arden.core.ordering import Ordering
from arden.errors import FileError, InputError
from arden.networks.gru import GRU, GRUOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings import ORDERINGS
from arden.orderings.diagonal import Diagonal
from arden.orderings.given import Given
from arden.orderings.hilbert import Hilbert
from arden.orderings.observed_first import ObservedFirst
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.spiral import Spiral
from arden.orderings.until_end import UntilEnd
from arden.orderings.zigzag import Zigzag
from arden.storage.model_files import WEIGHTS, fingerprint, load, read_card, save
from arden.systems import SYSTEMS
from tests.core.models import build, noise_for, shake, some_events
from tests.networks.cases import PAIRS, Case, model_of, names
from tests.storage.models import SHAPE, Fading, FadingOptions, made_of_masks
from tests.training.toys import Model, fresh, natural, one_hot


def of_two_orders() -> Mixture:
    """() -> two networks with weights and orders of their own."""
    orderings: tuple[Ordering, ...] = (Zigzag(SHAPE), Shuffled(SHAPE, 5))
    options = NADEOptions(hidden=4)
    return Mixture([build(NADE, options, Bernoulli(), o, seed=i) for i, o in enumerate(orderings)])


def same_numbers(model: Model, back: Model, x: Tensor, context: Tensor | None = None) -> None:
    """Two models, (B, *event) -> (): they give the same bits, and are the same by name."""
    with torch.no_grad():
        assert torch.equal(back.log_prob(x, context), model.log_prob(x, context))
    assert fingerprint(back) == fingerprint(model)
    assert back.num_parameters == model.num_parameters
    assert not back.training


@pytest.mark.parametrize("context_size", [0, 2])
@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system(name: str, context_size: int, tmp_path: Path) -> None:
    data = natural(name)
    model = fresh(name, data, context_size)
    shake(model)
    context = one_hot(data.test.labels) if context_size else None
    same_numbers(model, load(save(model, tmp_path / "run")), data.test.values, context)


@pytest.mark.parametrize(("case", "family"), PAIRS, ids=names)
def test_every_network(case: Case, family: str, tmp_path: Path) -> None:
    model = model_of(case, family, context_size=2)
    x = some_events(model.conditional, SHAPE, 5)
    context = torch.rand(5, 2, dtype=torch.float64)
    same_numbers(model, load(save(model, tmp_path)), x, context)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_the_dtype_is_kept(dtype: torch.dtype, tmp_path: Path) -> None:
    model = build(NADE, NADEOptions(hidden=4), Bernoulli(), Raster(SHAPE), dtype=dtype)
    back = load(save(model, tmp_path))
    assert back.dtype == dtype
    same_numbers(model, back, some_events(Bernoulli(), SHAPE, 5))


def test_masks_that_share_weights_are_stored_once_and_stay_tied(tmp_path: Path) -> None:
    model = made_of_masks()
    x = some_events(Bernoulli(), SHAPE, 7)
    back = load(save(model, tmp_path))
    same_numbers(model, back, x)
    stored = load_file(tmp_path / WEIGHTS)
    assert sum(t.numel() for name, t in stored.items() if "log_weights" not in name) == sum(
        p.numel() for p in model.parameters()
    )
    assert len(list(back.parameters())) == len(list(model.parameters()))
    before = back.log_prob(x)
    with torch.no_grad():
        next(back.parameters()).add_(1.0)  # one storage: every component moves
    changed = [m.log_prob(x) for m in back.models]
    unchanged = [m.log_prob(x) for m in model.models]
    assert all(not torch.equal(a, b) for a, b in zip(changed, unchanged, strict=True))
    assert not torch.equal(back.log_prob(x), before)


def test_mixture_over_orders_and_an_impossible_component(tmp_path: Path) -> None:
    model = of_two_orders()
    x = some_events(Bernoulli(), SHAPE, 7)
    same_numbers(model, load(save(model, tmp_path / "even")), x)
    for weights in ([0.2, 0.7], [1.0, 0.0]):
        uneven = Mixture(model.models, weights)
        same_numbers(uneven, load(save(uneven, tmp_path / str(weights))), x)


def test_nested_conditionals(tmp_path: Path) -> None:
    families = (
        Tempered(Bernoulli(), 0.7),
        Categorical(3, "scalar"),
        Standardised(GaussianMixture(2, "uniform", 0.0), shift=-3.5, scale=1e-9),
    )
    model = build(NADE, NADEOptions(hidden=4), Mixed(families), Given((3,), (2, 0, 1)))
    back = load(save(model, tmp_path))
    assert back.conditional == model.conditional
    x = torch.tensor([[1.0, 2.0, -3.5], [0.0, 0.0, -3.5 + 1e-9]], dtype=torch.float64)
    same_numbers(model, back, x)


RULES: tuple[Ordering, ...] = (
    Given((3,), (1, 2, 0)),
    ObservedFirst((2, 2), (False, True, True, False)),
    Shuffled((2, 2), 7),
    UntilEnd(0),
    *(rule((2, 3)) for rule in (Raster, Zigzag, Diagonal, Spiral, Hilbert)),
)


@pytest.mark.parametrize("ordering", RULES, ids=repr)
def test_every_ordering(ordering: Ordering, tmp_path: Path) -> None:
    model = build(GRU, GRUOptions(hidden=3), Bernoulli(), ordering)
    back = load(save(model, tmp_path))
    assert back.ordering == ordering
    same_numbers(model, back, some_events(Bernoulli(), ordering.event_shape or (4,), 5))


def test_no_ordering_was_forgotten() -> None:
    tried = {type(rule).__name__ for rule in RULES}
    # Column has the fields of Raster and is stored with every network's case.
    assert tried | {"Column"} == {path.partition(":")[2] for path in ORDERINGS.values()}


def test_one_variable(tmp_path: Path) -> None:
    model = build(NADE, NADEOptions(hidden=2), Bernoulli(), Raster((1,)))
    same_numbers(model, load(save(model, tmp_path)), torch.tensor([[0], [1]]))


PROGRAM = """
import sys, torch
from safetensors.torch import load_file, save_file
from arden.core.draw import draw
from arden.storage.model_files import load
torch.set_num_threads(1)
folders, given, told = sys.argv[1:-2], load_file(sys.argv[-2]), sys.argv[-1]
found = {}
for number, folder in enumerate(folders):
    model = load(folder)
    # Sampling comes first: what was loaded must be ready without a forward pass.
    part = model.models[0] if hasattr(model, "models") else model
    found[f"draw {number}"] = draw(part, given["noise"])
    found[f"log_prob {number}"] = model.log_prob(given["x"]).detach()
save_file(found, told)
"""


def test_a_fresh_process_samples_and_scores_at_once(tmp_path: Path) -> None:
    nade = build(NADE, NADEOptions(hidden=4), Bernoulli(), Shuffled(SHAPE, 2))
    models = [nade, made_of_masks(), of_two_orders()]
    folders = [str(save(model, tmp_path / str(i))) for i, model in enumerate(models)]
    given = {"x": some_events(Bernoulli(), SHAPE, 5), "noise": noise_for(nade, 5)}
    save_file(given, tmp_path / "given")
    words = [sys.executable, "-c", PROGRAM, *folders]
    subprocess.run([*words, tmp_path / "given", tmp_path / "told"], check=True, env=environment())
    told = load_file(tmp_path / "told")
    for number, model in enumerate(models):
        part = model.models[0] if isinstance(model, Mixture) else model
        assert torch.equal(told[f"draw {number}"], arden.core.draw.draw(part, given["noise"]))
        assert torch.equal(told[f"log_prob {number}"], model.log_prob(given["x"]))


def environment() -> dict[str, str]:
    """() -> the environment of a new process that finds this very package, on one thread."""
    here = str(Path(arden.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": here, "ARDEN_KERNELS": "0", "OMP_NUM_THREADS": "1"}


def test_the_card_is_kept_and_overwriting_is_asked_for(tmp_path: Path) -> None:
    model = build(NADE, NADEOptions(hidden=4), Bernoulli(), Raster(SHAPE))
    save(model, tmp_path, card={"data": "digits", "figures": [1.5, None]})
    assert read_card(tmp_path) == {"data": "digits", "figures": [1.5, None]}
    other = build(NADE, NADEOptions(hidden=5), Bernoulli(), Raster(SHAPE), seed=1)
    with pytest.raises(FileError, match="holds a model already; say --overwrite"):
        save(other, tmp_path)
    assert fingerprint(load(tmp_path)) == fingerprint(model)
    save(other, tmp_path, overwrite=True)
    assert fingerprint(load(tmp_path)) == fingerprint(other)
    assert read_card(tmp_path) == {}


def test_a_card_that_json_cannot_hold_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    model = build(NADE, NADEOptions(hidden=4), Bernoulli(), Raster(SHAPE))
    with pytest.raises(InputError, match="card: expected values that JSON can hold"):
        save(model, tmp_path / "new", card={"model": model})
    with pytest.raises(InputError, match="card"):  # what is not a number is not JSON
        save(model, tmp_path / "new", card={"figure": float("nan")})
    assert not (tmp_path / "new").exists()


def test_the_fingerprint_names_weights_and_recipe() -> None:
    model = build(NADE, NADEOptions(hidden=4), Bernoulli(), Raster(SHAPE))
    same = build(NADE, NADEOptions(hidden=4), Bernoulli(), Raster(SHAPE))
    turned = build(NADE, NADEOptions(hidden=4), Bernoulli(), Zigzag(SHAPE))
    assert fingerprint(model) == fingerprint(same) != fingerprint(turned)
    with torch.no_grad():
        same.network.get_parameter("hidden_bias")[0] += 1e-15
    assert fingerprint(model) != fingerprint(same)


class Unexplained(Fading):
    """The same without saying what its options are."""

    def __init__(self, spec: NetworkSpec, options: Any = None) -> None:
        super().__init__(spec, options)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Backwards(Ordering):
    """A user's own ordering."""

    event_shape: tuple[int, ...]

    def order(self, length: int | None = None) -> Tensor:
        return torch.arange(self.event_shape[0]).flip(0)


def test_classes_of_the_users_own(tmp_path: Path) -> None:
    own = {"fading": Fading, "backwards": Backwards}
    model = build(Fading, FadingOptions(0.5), Bernoulli(), Backwards((4,)))
    with pytest.raises(InputError, match=r"is not in Arden's catalogue.*pass own="):
        save(model, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    save(model, tmp_path / "run", own=own)
    back = load(tmp_path / "run", own=own)
    assert back.network.options == FadingOptions(0.5)
    x = some_events(Bernoulli(), (4,), 5)
    assert torch.equal(back.log_prob(x), model.log_prob(x))
    with pytest.raises(FileError, match="'fading'"):
        load(tmp_path / "run", own={"backwards": Backwards})


def test_options_that_could_not_be_read_back_are_refused_when_saving(tmp_path: Path) -> None:
    model = build(Unexplained, None, Bernoulli(), Raster((4,)))
    with pytest.raises(InputError, match="`options: SomeDataclass`"):
        save(model, tmp_path / "run", own={"unexplained": Unexplained})
    assert not (tmp_path / "run").exists()
