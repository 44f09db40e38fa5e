"""The catalogue: every entry is whole, and holds what the command line and assembly rely on."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from importlib import import_module

import pytest

from arden.assembly import assemble, find_system, split_options
from arden.core.latent import LatentModel
from arden.core.mixture import Mixture
from arden.core.network import HiddenNetwork
from arden.data.dataset import Dataset
from arden.errors import InputError
from arden.latent import LATENTS
from arden.networks import NETWORKS
from arden.systems import DENSITY_VERBS, EXACT_VERBS, SYSTEMS, LayoutOptions, with_defaults
from arden.training.options import TrainingOptions
from tests.training.toys import bits, fresh_any, mixed, natural, real_images, reals, symbols

KINDS = {"discrete": symbols, "real": reals, "mixed": mixed}
KINDS_OF_IMAGES = {"discrete": bits, "real": real_images, "mixed": mixed}

CLASSES = {**NETWORKS, **LATENTS}

every_system = pytest.mark.parametrize("name", SYSTEMS)


def loaded(path: str) -> type:
    """ "module:Class" -> the class."""
    module, _, attribute = path.partition(":")
    found: type = getattr(import_module(module), attribute)
    return found


@every_system
def test_every_entry_is_whole(name: str) -> None:
    system = SYSTEMS[name]
    assert system.title
    assert system.formula
    assert set(system.data) <= set(KINDS)
    assert (system.network in NETWORKS) != (system.network in LATENTS)
    if system.network in LATENTS:
        assert "fit" in system.verbs
        assert not set(system.verbs) & {"score", "verify", "compare", "ensemble"}
        assert system.refusal
        model = loaded(LATENTS[system.network])
        assert issubclass(model, LatentModel)
        assert (model.verbs, model.refusal) == (system.verbs, system.refusal)
    else:
        coded = "discrete" in system.data  # only such values can be compressed without loss
        assert set(system.verbs) >= set(EXACT_VERBS if coded else DENSITY_VERBS)
        # What declares features has them, and what has them declares it.
        has_units = issubclass(loaded(NETWORKS[system.network]), HiddenNetwork)
        assert ("represent" in system.verbs) == has_units
    network, options = loaded(CLASSES[system.network]), loaded(system.options)
    assert typing.get_type_hints(network.__init__)["options"] is options
    defaults = with_defaults(TrainingOptions, system.training)()
    defaults.check()
    assert {key: getattr(defaults, key) for key in system.training} == dict(system.training)


@every_system
def test_every_option_has_a_default_and_a_help(name: str) -> None:
    for cls in (loaded(SYSTEMS[name].options), LayoutOptions, TrainingOptions):
        source = inspect.getsource(cls)
        for field in dataclasses.fields(cls):
            assert field.default is not dataclasses.MISSING
            line = next(line for line in source.splitlines() if f"    {field.name}: " in line)
            after = source.split(line, 1)[1].strip()
            assert after.startswith('"""'), f"{cls.__name__}.{field.name} has no help"


@every_system
def test_options_of_one_name_mean_one_thing(name: str) -> None:
    """A name goes to every dataclass that has it: only the seed may be shared."""
    classes = (loaded(SYSTEMS[name].options), LayoutOptions, TrainingOptions)
    names = [field.name for cls in classes for field in dataclasses.fields(cls)]
    assert {option for option in names if names.count(option) > 1} <= {"seed"}


@every_system
@pytest.mark.parametrize("kind", KINDS)
def test_systems_take_the_data_they_say_and_refuse_the_others(name: str, kind: str) -> None:
    image = "image" in SYSTEMS[name].needs
    data: Dataset = (KINDS_OF_IMAGES if image else KINDS)[kind]()
    if kind in SYSTEMS[name].data:
        assert fresh_any(name, data).event_shape == data.schema.event_shape
    else:
        refusal = f"{re.escape(name)} takes .* values, but .* holds {kind} ones"
        with pytest.raises(InputError, match=refusal):
            fresh_any(name, data)


@every_system
def test_defaults_make_a_model_of_the_system(name: str) -> None:
    system, (network, layout, training) = SYSTEMS[name], split_options(name, {})
    model = assemble(name, natural(name), (network, layout, training))
    part = model.models[0] if isinstance(model, Mixture) else model
    made = part if isinstance(part, LatentModel) else part.network
    assert type(made) is loaded(CLASSES[system.network])
    for options, changed in (
        (network, system.network_options),
        (layout, system.layout),
        (training, system.training),
    ):
        assert {key: getattr(options, key) for key in changed} == dict(changed)


def test_unknown_names_are_told_with_a_likely_one() -> None:
    with pytest.raises(
        InputError, match=r"no system 'nad'; expected one of .*Did you mean \"nade\"\?"
    ):
        find_system("nad")
    with pytest.raises(
        InputError, match=r"hiden: nade has no such option.*Did you mean \"hidden\"\?"
    ):
        split_options("nade", {"hiden": 3})
    with pytest.raises(InputError, match="mask: made has no such option"):
        split_options("made", {"mask": 1})
    with pytest.raises(InputError, match=r"ordering: expected one of .*Did you mean \"zigzag\"\?"):
        split_options("nade", {"ordering": "zigag"})
    with pytest.raises(InputError, match="hidden: expected whole number, got '3'"):
        split_options("nade", {"hidden": "3"})


def test_options_go_where_they_belong() -> None:
    given = {"hidden": [4, 5], "seed": 3, "ordering": "given", "steps": [1, 0], "epochs": 7}
    network, layout, training = split_options("made", given)
    assert (network.hidden, network.seed) == ((4, 5), 3)
    assert layout == LayoutOptions("given", steps=(1, 0))
    assert (training.seed, training.epochs) == (3, 7)
    assert training.weight_decay == SYSTEMS["made"].training["weight_decay"]


def test_changed_defaults_are_still_the_same_options() -> None:
    changed = with_defaults(TrainingOptions, {"epochs": 7, "schedule": "cosine"})
    assert issubclass(changed, TrainingOptions)
    made = changed(clip=2.0)
    assert (made.epochs, made.schedule, made.clip) == (7, "cosine", 2.0)
    assert made.batch_size == TrainingOptions().batch_size
    assert TrainingOptions().epochs != 7
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.epochs = 8  # type: ignore[misc]
    assert typing.get_type_hints(changed) == typing.get_type_hints(TrainingOptions)
