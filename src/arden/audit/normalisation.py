"""Does every conditional sum, or integrate, to one?"""

from __future__ import annotations

import torch
from torch import Tensor

from arden.audit.families import log_masses, mass_below
from arden.audit.points import supports
from arden.audit.report import Finding, within
from arden.audit.subject import Subject, in_steps, one_pass, shaken

__all__ = ["conditionals_sum_to_one"]

_SUM_TOLERANCE = 1e-10  # float64 rounding over some hundred symbols
_INTEGRAL_TOLERANCE = 1e-6  # of the quadrature
_MOST_SYMBOL_STEPS = 2**11  # each symbol of each step is scored by itself
_MOST_INTEGRALS = 8


def conditionals_sum_to_one(subject: Subject) -> Finding:
    """Scores every symbol, or integrates the density, at real and random points.

    Both with the weights as they are and with noise on all of them: a zero weight hides a defect.
    Also that the masses a draw goes by are the masses a score goes by.
    """
    generator = subject.generator("normalisation")
    discrete = continuous = 0.0
    looked = 0
    kinds = supports(subject.parts()[0].conditional, subject.length)
    for part in subject.parts():
        order = subject.orders(part, generator)
        dims = part.dims(len(subject.values), subject.length, order)
        for model in (part, shaken(part, 0.5, generator)):
            steps = in_steps(subject.values, dims)
            params = one_pass(model, steps, dims, subject.context)
            symbol_steps, real_steps = _steps_to_look_at(dims, kinds, generator)
            looked += len(symbol_steps) + len(real_steps)
            for step in symbol_steps:
                scored, drawn = log_masses(
                    model.conditional, int(dims[step]), params[:, step].double()
                )
                unequal = (scored.exp() - drawn.exp()).abs()
                sums = torch.stack([scored, drawn]).exp().sum(dim=-1)
                errors = torch.cat([(sums - 1).abs().flatten(), unequal.flatten()])
                discrete = max(discrete, float(errors.nan_to_num(nan=torch.inf).max()))
            for step in real_steps:
                here = params[: min(len(params), 4), step]
                error = torch.inf
                for draws in (512, 2**14):  # again and finer, before it is called a failure
                    _, whole = mass_below(
                        model.conditional, int(dims[step]), here, None, generator, draws, 1e-10
                    )
                    error = float((whole - 1).abs().nan_to_num(nan=torch.inf).max())
                    if error <= _INTEGRAL_TOLERANCE:
                        break
                continuous = max(continuous, error)
    # The two kinds have tolerances of their own; the worse one of them, measured by its own.
    if continuous / _INTEGRAL_TOLERANCE > discrete / _SUM_TOLERANCE:
        figure, tolerance, verb = continuous, _INTEGRAL_TOLERANCE, "integrate"
    elif any(kind is not None for kind in kinds):
        figure, tolerance, verb = discrete, _SUM_TOLERANCE, "sum"
    else:
        figure, tolerance, verb = continuous, _INTEGRAL_TOLERANCE, "integrate"
    return within(
        figure,
        tolerance,
        f"The conditionals of {looked} steps {verb} to one, at {len(subject.values)} points.",
        f"Some conditional does not {verb} to one, or draws go by other masses than scores.",
    )


def _steps_to_look_at(
    dims: Tensor, kinds: list[Tensor | None], generator: torch.Generator
) -> tuple[list[int], list[int]]:
    """(T,), supports by event index -> the steps with symbols and with reals to look at."""
    shuffled = torch.randperm(len(dims), generator=generator).tolist()
    symbol_steps, real_steps, symbols = [], [], 0
    for step in shuffled:
        kind = kinds[int(dims[step])]
        if kind is None:
            real_steps.append(step)
        elif symbols < _MOST_SYMBOL_STEPS:
            symbols += len(kind)
            symbol_steps.append(step)
    return symbol_steps, real_steps[:_MOST_INTEGRALS]
