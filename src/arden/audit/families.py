"""One step's family, asked about many values at once: its masses and its density."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from arden.audit.quadrature import integrate, line_pieces
from arden.core.conditional import Conditional, Discrete
from arden.core.draw import uniform_noise

__all__ = ["log_masses", "mass_below"]

_MOST_SCORED = 2**18


def log_masses(conditional: Conditional, dim: int, params: Tensor) -> tuple[Tensor, Tensor]:
    """event index, (B, P) -> ln mass of every symbol by `log_prob`, and by `log_pmf`, (B, K) each.

    Symbols outside the support have none. A family that is not `Discrete` has only the first.
    """
    rows = params.shape[0]
    family = conditional.at(torch.full((rows,), dim, device=params.device))
    assert family.num_symbols is not None
    count = family.num_symbols
    scored = []
    # Many symbols at once, but not all of a long range: every one is scored by itself.
    for symbols in torch.arange(count, device=params.device).split(max(1, _MOST_SCORED // rows)):
        value = symbols.repeat(rows)
        here = conditional.at(torch.full_like(value, dim))
        inside = here.contains(value)
        each = params.repeat_interleave(len(symbols), dim=0)
        terms = here.log_prob(each, torch.where(inside, value, 0))
        scored.append(torch.where(inside, terms, -torch.inf).reshape(rows, -1))
    by_score = torch.cat(scored, dim=-1)
    return by_score, family.log_pmf(params) if isinstance(family, Discrete) else by_score


def mass_below(
    conditional: Conditional,
    dim: int,
    params: Tensor,
    value: Tensor | None,
    generator: Generator,
    draws: int,
    error_per_piece: float,
) -> tuple[Tensor, Tensor]:
    """event index, (B, P), (B,) or None -> (B,) ∫ below the value, (B,) ∫ over all, of a density.

    The integral of exp(log_prob), never the family's own word for it. Without a value the first is
    the second.
    """
    rows = params.shape[0]
    params = params.double()
    dims = torch.full((rows * draws,), dim, device=params.device)
    # The first uniform often chooses a component: spread evenly, no component is overlooked.
    width = conditional.at(dims[:1]).num_noise
    noise = uniform_noise(generator, (rows, draws, width))
    noise[..., 0] = (torch.arange(draws) + noise[..., 0]) / draws
    flat_params = params.repeat_interleave(draws, 0)
    flat_noise = noise.flatten(0, 1).to(params.device)
    drawn = conditional.at(dims).draw(flat_params, flat_noise).double().reshape(rows, draws)

    def density(which: Tensor, points: Tensor) -> Tensor:
        at = torch.full((points.numel(),), dim, device=points.device)
        family, flat = conditional.at(at), points.flatten()
        inside = family.contains(flat)
        safe = torch.where(inside, flat, drawn[which, 0].repeat_interleave(points.shape[1]))
        terms = family.log_prob(params[which].repeat_interleave(points.shape[1], 0), safe).exp()
        return torch.where(inside, terms, 0.0).reshape(points.shape)

    edges = line_pieces(drawn)
    if value is None:
        whole = integrate(density, edges, error_per_piece)
        return whole, whole
    cut = value.double()[:, None]
    ends = torch.cat([edges, cut], dim=1).sort(dim=1).values
    low = integrate(density, torch.minimum(ends, cut), error_per_piece)
    high = integrate(density, torch.maximum(ends, cut), error_per_piece)
    return low, low + high
