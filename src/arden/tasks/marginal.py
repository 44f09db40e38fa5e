"""Marginal and conditional probabilities as numbers: ln p(x_A) and ln p(x_A | x_B)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork
from arden.errors import InputError
from arden.kernels import register
from arden.orderings.observed_first import observed_first
from arden.tasks.candidates import WEIGHED, kinds_of, propose
from arden.tasks.evidence import Evidence, components_of, evidence_of, joint_in_words
from arden.tasks.orders import in_orders
from arden.tasks.verbs import exact

__all__ = ["Marginal", "log_conditional", "log_marginal"]

_GROUPS = 8
"""Estimates that share nothing: their spread is the error of their mean."""
_MOST_WALKS = 4096
_MOST_ROWS = 256


@dataclass(frozen=True, eq=False)
class Marginal:
    """``log_prob`` (N,) float64, in nats, of the joint that ``joint`` names in words.

    Where ``exact_rows`` (N,) says so it is that number up to rounding, else an estimate with
    ``standard_error`` (N,), in nats (0 where exact). ``spread`` (N,) is the standard deviation of
    ln p between the orders that were averaged, 0 for one order: the joints of an any-order network
    are several, and agree only approximately.
    """

    log_prob: Tensor
    standard_error: Tensor
    exact: bool
    exact_rows: Tensor
    spread: Tensor
    joint: str


def log_marginal(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    observed: Tensor,
    context: Tensor | None = None,
    *,
    orders: int = 1,
    candidates: int = 512,
    max_steps: int | None = None,
    seed: int = 0,
) -> Marginal:
    """(N, *event), (N, *event) bool, (N, C) -> a `Marginal`: ln p(observed), the rest summed out.

    As `log_conditional` given nothing; what is not observed is never looked at.

    >>> import arden, torch
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("independent", data, progress=False)
    >>> x, upper = data.test.values[:1], torch.zeros(1, 8, 8, dtype=torch.bool)
    >>> upper[:, :4] = True
    >>> log_marginal(model, x, upper).log_prob
    tensor([-14.0684], dtype=torch.float64)
    """
    nothing = torch.zeros_like(observed, dtype=torch.bool)
    return log_conditional(
        model,
        x,
        observed,
        nothing,
        context,
        orders=orders,
        candidates=candidates,
        max_steps=max_steps,
        seed=seed,
    )


@torch.no_grad()
def log_conditional(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    asked: Tensor,
    given: Tensor,
    context: Tensor | None = None,
    *,
    orders: int = 1,
    candidates: int = 512,
    max_steps: int | None = None,
    seed: int = 0,
) -> Marginal:
    """(N, *event), two masks (N, *event), (N, C) -> a `Marginal`: ln p(x_asked | x_given).

    One pair of masks per row. An any-order network visits what is given first, then what is asked:
    exact, of that joint. With ``orders`` M it does so in its own order and in M − 1 shuffled ones
    named by ``seed``, and the probabilities (never their logarithms) are averaged:
    Σ_m p_m(asked, given) / Σ_m p_m(given), with the spread between the M. Any other model has one
    joint, and p(asked, given) / p(given) is exact where both come first in its order, where it
    promises not to read what is missing, or where what is missing can be listed; else each is
    estimated from ``candidates`` weighed walks, drawn by ``seed``, with a standard error.

    Raises:
        InputError: as `complete`; a scalar both asked and given, several orders of a model that has
            one, evidence that no candidate can have.
    """
    model = exact("marginal", model)
    if asked.shape != given.shape or asked.dtype != torch.bool or given.dtype != torch.bool:
        raise InputError(
            "asked, given: expected booleans of one shape, got "
            f"{asked.dtype} {tuple(asked.shape)} and {given.dtype} {tuple(given.shape)}"
        )
    if bool((asked & given).any()):
        raise InputError("asked, given: expected no scalar in both, but one is")
    if candidates < 2 * _GROUPS:
        raise InputError(f"candidates: expected at least {2 * _GROUPS}, got {candidates}")
    if orders == 1:
        members = components_of(model)
    else:
        members = [(member, -math.log(orders)) for member in in_orders(model, orders, seed)]
    register()
    training = model.training
    model.eval()
    generator = Generator().manual_seed(seed)
    try:
        evidence = evidence_of("marginal", model, x, asked | given, context, max_steps)
        whole, first = evidence.known, given.to(evidence.known.device).flatten(1)
        first = torch.nn.functional.pad(first, (0, whole.shape[1] - first.shape[1])) & whole
        parts = [
            _of_rows(members, evidence.rows(rows), first[rows], candidates, generator, rows.start)
            for rows in torch.arange(len(x)).split(_MOST_ROWS)
            for rows in [slice(int(rows[0]), int(rows[-1]) + 1)]
        ]
    finally:
        model.train(training)
    log_prob, error, exact_rows, spread = (
        torch.cat(part).cpu() for part in zip(*parts, strict=True)
    )
    told = joint_in_words(model if orders == 1 else Mixture([member for member, _ in members]))
    return Marginal(log_prob, error, bool(exact_rows.all()), exact_rows, spread, told)


def _of_rows(
    members: list[tuple[AutoregressiveModel, float]],
    evidence: Evidence,
    given: Tensor,
    candidates: int,
    generator: Generator,
    first_row: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """R rows, (R, D) what of the evidence is given -> (R,) ln p, its error, exactness, spread."""
    numbers = [_of_member(member, evidence, given, candidates, generator) for member, _ in members]
    weights = torch.tensor([w for _, w in members], dtype=torch.float64, device=given.device)
    both, before, both_error, before_error, exact_rows = (
        torch.stack(part) for part in zip(*numbers, strict=True)
    )
    log_both = (both + weights[:, None]).logsumexp(dim=0)
    log_before = (before + weights[:, None]).logsumexp(dim=0)
    impossible = log_before.isneginf() | (log_both.isneginf() & ~exact_rows.all(dim=0))
    if bool(impossible.any()):
        raise InputError(
            f"given: in row {int(impossible.nonzero()[0]) + first_row} it has probability 0 under "
            "this model as far as its candidates tell, and nothing has a probability given it"
        )

    def relative(log_prob: Tensor, error: Tensor, total: Tensor) -> Tensor:
        """(M, R) of the members, (R,) of their average -> (R,): the error of the average."""
        share = (log_prob + weights[:, None] - total).exp()
        return (torch.where(error > 0, share * error, 0.0) ** 2).sum(dim=0)

    error = relative(both, both_error, log_both) + relative(before, before_error, log_before)
    each = both - before
    spread = each.std(dim=0) if len(members) > 1 else torch.zeros_like(log_both)
    return log_both - log_before, error.sqrt(), exact_rows.all(dim=0), spread


def _of_member(
    model: AutoregressiveModel,
    evidence: Evidence,
    given: Tensor,
    candidates: int,
    generator: Generator,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """-> (R,) each: ln p(asked, given), ln p(given), their relative errors, whether exact."""
    rows = len(evidence)
    if isinstance(model.network, AnyOrderNetwork):
        own = model.dims(*given.shape)
        order = observed_first(given, observed_first(evidence.known, own))
        x = evidence.values.reshape(rows, *model.event_shape)
        terms = model.log_conditionals(x, evidence.context, order).flatten(1).double()
        none, certain = torch.zeros_like(terms[:, 0]), torch.ones_like(given[:, 0])
        both = torch.where(evidence.known, terms, 0.0).sum(dim=1)
        return both, torch.where(given, terms, 0.0).sum(dim=1), none, none, certain
    filler = torch.zeros_like(evidence.values)
    if model.ordering.end is not None:
        filler += (model.ordering.end + 1) % (model.conditional.num_symbols or 1)
    before = Evidence(torch.where(given, evidence.values, filler), given, evidence.context)
    both, both_error, both_exact = _estimated(model, evidence, candidates, generator)
    first, first_error, first_exact = _estimated(model, before, candidates, generator)
    return both, first, both_error, first_error, both_exact & first_exact


def _estimated(
    model: AutoregressiveModel, evidence: Evidence, candidates: int, generator: Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """R rows -> (R,) ln p(known), its relative error, whether it is exact."""
    kinds = kinds_of(model, evidence)
    log_prob = torch.empty(len(evidence), dtype=torch.float64, device=evidence.values.device)
    error = torch.zeros_like(log_prob)
    for kind in kinds.unique().tolist():
        here = (kinds == kind).nonzero()[:, 0]
        if kind != WEIGHED:
            pool = propose(model, evidence.rows(here), kind, 0, generator)
            log_prob[here] = pool.log_weight.logsumexp(dim=1)
            continue
        for some in here.split(max(1, _MOST_WALKS // candidates)):
            repeated = evidence.rows(some.repeat_interleave(_GROUPS))
            pool = propose(model, repeated, kind, candidates // _GROUPS, generator)
            each = pool.log_weight.logsumexp(dim=1).reshape(len(some), _GROUPS)
            mean = each.logsumexp(dim=1) - math.log(_GROUPS)
            log_prob[some] = mean
            relative = (each - mean[:, None]).exp().nan_to_num(0.0)
            error[some] = relative.std(dim=1) / math.sqrt(_GROUPS)
    return log_prob, error, kinds != WEIGHED
