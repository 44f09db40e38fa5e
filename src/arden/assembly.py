"""From the name of a system and a data set to a model: the one place where the parts are put
together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical, Encoding
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.integer_mixture import IntegerMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.quantile_mapped import QuantileMapped, quantile_knots
from arden.conditionals.standardised import Standardised
from arden.core.conditional import Conditional
from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.network import CountedNetwork
from arden.core.ordering import Ordering
from arden.data.column import Column
from arden.data.dataset import Dataset, Split
from arden.data.recording import heaped_values, recording_step
from arden.data.schema import Schema
from arden.errors import InputError, suggestion
from arden.latent import LATENTS
from arden.networks import NETWORKS
from arden.networks.made import MADE
from arden.orderings import ORDERINGS
from arden.orderings.until_end import UntilEnd
from arden.storage.plain import options_from
from arden.storage.recipe import find_class
from arden.systems import NEEDS, SYSTEMS, LayoutOptions, System, with_defaults
from arden.training.context import note_classes
from arden.training.missing import check_missing
from arden.training.options import TrainingOptions
from arden.training.validation import check_whole_rows

__all__ = ["FitOptions", "assemble", "choose_conditional", "find_system", "split_options"]

_MOST_ONE_HOT = 32
_MOST_EXPONENT = 1000  # of a real value: differences and scales must fit into float64 too
_ULPS = 4  # the mean of equal numbers differs from them by a few of their last places
_LEAST_GAP = 1e-3  # between knots of a quantile map, in deviations of the column

FitOptions = tuple[Any, LayoutOptions, TrainingOptions]
"""The options of a network (or a latent model), of its layout, and of its training."""


def find_system(name: str) -> System:
    """A name -> the catalogue's entry.

    Raises:
        InputError: an unknown name, with a likely spelling.
    """
    if name not in SYSTEMS:
        raise InputError(
            f"model: no system {name!r}; expected one of {', '.join(SYSTEMS)}."
            + suggestion(name, SYSTEMS)
        )
    return SYSTEMS[name]


def split_options(name: str, given: Mapping[str, Any]) -> FitOptions:
    """A system's name, options by name -> its network's, layout's and training's dataclasses.

    Raises:
        InputError: an unknown option, or a value of the wrong type.
    """
    system = find_system(name)
    module, _, attribute = system.options.partition(":")
    network = with_defaults(getattr(import_module(module), attribute), system.network_options)
    classes = (
        network,
        with_defaults(LayoutOptions, system.layout),
        with_defaults(TrainingOptions, system.training),
    )
    known = [list(cls.__dataclass_fields__) for cls in classes]
    everything = sorted({option for options in known for option in options} - {"mask"})
    for option in given:
        if option not in everything:
            raise InputError(
                f"{option}: {name} has no such option; expected {', '.join(everything)}."
                + suggestion(option, everything)
            )
    network_options, layout, training = (
        options_from(cls, {key: given[key] for key in given if key in options}, name)
        for cls, options in zip(classes, known, strict=True)
    )
    return network_options, layout, training


def assemble(name: str, data: Dataset, options: FitOptions) -> AnyModel:
    """A system's name, a data set, options -> a model with fresh weights drawn from the seed.

    Raises:
        InputError: data the system cannot take, or options that do not fit it.
    """
    model = _assembled(name, data, options)
    check_missing(model, data, name)
    return model


def _assembled(name: str, data: Dataset, options: FitOptions) -> AnyModel:
    system = find_system(name)
    network_options, layout, training = options
    kind = _kind(data)
    if kind not in system.data:
        raise InputError(
            f"data: {name} takes {' or '.join(system.data)} values, "
            f"but {data.name} holds {kind} ones"
        )
    _check_needs(name, system, data)
    if system.network in LATENTS:
        return _latent(name, data, options)
    ordering = _ordering(layout, data.schema)
    cls = find_class(NETWORKS, system.network, "network")
    # Tables look symbols up, and characters have no size: neither has any use for a number.
    apart = issubclass(cls, CountedNetwork) or bool(data.schema.symbols)
    if apart and layout.family == "logistics":
        asked = "a text, whose characters have no order" if data.schema.symbols else name
        raise InputError(f"family: expected auto or softmax for {asked}, got 'logistics'")
    if apart and layout.encoding == "auto":
        layout = replace(layout, encoding="one_hot")
    conditional = choose_conditional(data, layout)
    chained = system.layout.get("family") == "logistics"
    if chained and not isinstance(conditional, LogisticMixture):
        raise InputError(f"family: {name} needs logistics, got {layout.family}")
    spec = spec_for(ordering, conditional, _context_size(data, layout))
    # First weights come from torch's global generator: borrowed, seeded, and put back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        network = cls(spec, network_options)
        if isinstance(network, MADE) and network_options.masks > 1:
            members = network.members()
            model: AnyModel = Mixture(
                [AutoregressiveModel(ordering, m, conditional) for m in members]
            )
        else:
            model = AutoregressiveModel(ordering, network, conditional)
    note_classes(model, data.train)
    return model


def _latent(name: str, data: Dataset, options: FitOptions) -> LatentModel:
    """A system's name, a data set, options -> its model through hidden features."""
    latent_options, layout, training = options
    check_whole_rows(data)
    if layout.ordering != "raster" or layout.steps:
        raise InputError(
            f"ordering: {name} does not visit the variables one after the other; "
            "leave ordering and steps alone"
        )
    shape, conditional = tuple(data.schema.event_shape), choose_conditional(data, layout)
    cls = find_class(LATENTS, find_system(name).network, "latent")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        return cls(shape, conditional, _context_size(data, layout), latent_options)


def choose_conditional(data: Dataset, layout: LayoutOptions) -> Conditional:
    """A data set -> the family of its scalars: bits, symbols, reals, or another for every column.

    Real columns are standardised by the training rows; the density stays one per unit of the data.

    Raises:
        InputError: a family for symbols where there are none, or an encoding that it has not.
    """
    schema, train = data.schema, data.scale_rows()
    if layout.family != "auto" and _kind(data) == "real":
        raise InputError(
            f"family: expected auto for real values, which are mixtures of Gaussians, "
            f"got {layout.family!r}"
        )
    if layout.family == "logistics" and layout.encoding == "one_hot":
        raise InputError(
            "encoding: expected auto or scalar with a mixture of logistics, got 'one_hot'"
        )
    # Columns with levels of their own differ in more than how many they have.
    if schema.num_symbols is not None and not schema.by_column:
        return _discrete(schema.num_symbols, layout)
    if not schema.columns:
        return _real(_known(train), layout)
    families = tuple(
        _of_column(column, train, index, layout) for index, column in enumerate(schema.columns)
    )
    # One family for all is simpler, and what kernels and counted tables are made for.
    if schema.num_symbols is not None and len(set(families)) == 1:
        return families[0]
    return Mixed(families)


def _of_column(column: Column, train: Split, index: int, layout: LayoutOptions) -> Conditional:
    """A column, the training rows, its place -> its family, with their moments and heaps."""
    if column.num_symbols is None:
        return _real(_known(train, index), layout)
    if column.low is not None:
        values = _known(train, index).double()
        spikes = heaped_values(values)
        heaps = torch.tensor(spikes, dtype=values.dtype)
        rest = values[~torch.isin(values, heaps)]
        # Half a row more, so that what the spikes leave is never nothing.
        shares = (values[:, None] == heaps).sum(dim=0) / (len(values) + 0.5)
        shift, unit = _moments(rest if len(rest) else values)
        count = column.num_symbols
        return IntegerMixture(
            shift, unit, count, layout.components, spikes, tuple(shares.double().tolist())
        )
    if column.levels and not column.has_order and column.kind != "binary":
        # Words have no size: neither read as a number, nor neighbours.
        return Categorical(column.num_symbols, "one_hot")
    if column.num_symbols == 1:
        return Categorical(1)
    return _discrete(column.num_symbols, layout)


def _known(split: Split, index: int | None = None) -> Tensor:
    """Rows -> (M,): their known values, all of them or those of a column."""
    at = slice(None) if index is None else (slice(None), index)
    values = split.values[at]
    return values.flatten() if split.observed is None else values[split.observed[at]]


def _context_size(data: Dataset, layout: LayoutOptions) -> int:
    if layout.condition == "none":
        return 0
    if data.train.labels is None or not data.schema.class_names:
        raise InputError(f"condition: expected data with labels, but {data.name} has none")
    return len(data.schema.class_names)


def _kind(data: Dataset) -> str:
    levels = data.schema.levels
    if data.schema.num_symbols is not None:
        return "discrete"
    return "real" if all(level is None for level in levels) else "mixed"


def _discrete(num_symbols: int, layout: LayoutOptions) -> Conditional:
    if layout.family == "logistics":
        return LogisticMixture(num_symbols, layout.components)
    if num_symbols == 2:
        return Bernoulli()
    encoding: Encoding = "one_hot" if num_symbols <= _MOST_ONE_HOT else "scalar"
    if layout.encoding != "auto":
        encoding = layout.encoding
    return Categorical(num_symbols, encoding)


def _real(values: Tensor, layout: LayoutOptions) -> Conditional:
    shift, scale = _moments(values)
    step = recording_step(values)
    least, floor = layout.min_scale, layout.floor == "recording"

    def gaussians(narrowest: float) -> GaussianMixture:
        return GaussianMixture(layout.components, layout.mixture_weights, narrowest)

    if layout.scaling == "quantile":
        knots, images = quantile_knots(values, max(step, _LEAST_GAP * scale))
        # The floor is one of the data: where the map is steepest, it is widest.
        slope = QuantileMapped(gaussians(least), knots, images).steepest
        least = max(least, step / 2 * slope) if floor else least
        return QuantileMapped(gaussians(least), knots, images)
    if floor:  # nothing finer was measured; a finer spike is an artefact
        least = max(least, step / 2 / scale)
    return Standardised(gaussians(least), shift, scale)


def _moments(values: Tensor) -> tuple[float, float]:
    """(M,) -> their mean and standard deviation; 1 for the latter where they have no spread.

    A constant column has none to divide by, whatever its mean was rounded to; its density then
    rests on the scale's floor.
    """
    values = values.double()
    if not values.numel():
        return 0.0, 1.0
    _, exponent = math.frexp(values.abs().max().item())
    if exponent > _MOST_EXPONENT:
        raise InputError(
            f"data: expected real values below 2^{_MOST_EXPONENT} ≈ 1e301 in size, "
            f"got {values.abs().max().item():.3g}"
        )
    # In units of the largest one, a power of two, which rounds nothing: squares of huge numbers
    # would be infinite, those of tiny ones zero.
    unit = 2.0 ** max(exponent, -_MOST_EXPONENT)
    values = values / unit
    scale = values.std(correction=0).item()
    spread = scale > _ULPS * torch.finfo(torch.float64).eps  # of numbers up to one
    return values.mean().item() * unit, scale * unit if spread else 1.0


def _check_needs(name: str, system: System, data: Dataset) -> None:
    """What a system asks of its data besides the kind of values -> (); strings lack all of it."""
    # What gives no probability has no end to a string either: padding would be data to it.
    needs = system.needs or (() if "score" in system.verbs else ("fixed length",))
    if data.schema.kind == "strings" and needs:
        told = " and ".join(NEEDS[need] for need in needs)
        raise InputError(f"data: {name} needs {told}, but {data.name} holds strings")


def _ordering(layout: LayoutOptions, schema: Schema) -> Ordering:
    if schema.end is not None:
        if layout.ordering != "raster":
            raise InputError(
                "ordering: strings are read from the first symbol to the one that ends them; "
                f"expected raster, got {layout.ordering}"
            )
        return UntilEnd(schema.end)
    event_shape = tuple(schema.event_shape)
    cls = find_class(ORDERINGS, layout.ordering, "ordering")
    if layout.ordering == "shuffled":
        return cls(event_shape, layout.ordering_seed)
    if layout.ordering == "given":
        if len(layout.steps) != math.prod(event_shape):
            raise InputError(
                f"steps: expected the {math.prod(event_shape)} variables' numbers for a given "
                f"ordering, got {len(layout.steps)}"
            )
        return cls(event_shape, layout.steps)
    return cls(event_shape)
