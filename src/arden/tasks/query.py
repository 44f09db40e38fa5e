"""Query: the probability that some scalars lie in sets or intervals, and rows for which they do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks._question import Question
from arden.tasks.evidence import components_of, joint_in_words
from arden.tasks.regions import Allowed, regions_of
from arden.tasks.verbs import check_verb, exact

__all__ = ["Answer", "ConditionedRows", "query", "sample_where"]


@dataclass(frozen=True)
class Answer:
    """``probability`` of what was asked, and ``standard_error`` of it: 0 where ``exact``.

    Of the joint that ``joint`` names in words. An estimate is worth ``effective_sample_size``
    independent walks (∞ where exact); of a conditional probability it is the lesser of two.
    """

    probability: float
    log_probability: float
    standard_error: float
    exact: bool
    effective_sample_size: float
    joint: str


@dataclass(frozen=True, eq=False)
class ConditionedRows:
    """``values`` (n, *event), drawn from p(x | the conditions), of the joint named by ``joint``.

    Independent draws of exactly that where ``exact``; else drawn by weight from walks that are
    worth ``effective_sample_size`` independent ones. ``log_probability`` is ln P(the conditions).
    """

    values: Tensor
    exact: bool
    effective_sample_size: float
    log_probability: float
    joint: str


@torch.no_grad()
def query(
    model: AutoregressiveModel | Mixture,
    asked: Mapping[int, Allowed],
    given: Mapping[int, Allowed] | None = None,
    context: Tensor | None = None,
    *,
    candidates: int = 4096,
    seed: int = 0,
) -> Answer:
    """What scalars are allowed to be, by flat event index -> `Answer`: P(asked | given).

    A set of levels, or a tuple (low, high) with both ends in it. Exact where only one scalar is
    concerned and it is visited first (an any-order network visits those of the question first, what
    is given before what is asked), and where whatever comes before the last of them can be listed.
    Otherwise ``candidates`` walks, drawn by ``seed``, are held within what is allowed at every step
    and weighed by the mass of it: unbiased, with a standard error. P(asked | given) is the ratio of
    two such numbers. ``context`` is (1, C). (Yang et al., "Deep unsupervised cardinality
    estimation", 2019: progressive sampling.)

    Raises:
        InputError: a model without a density, strings, unknown scalars or levels, levels of a real
            scalar, a condition of probability 0.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("independent", data, progress=False)
    >>> answer = query(model, {2: {1}, 3: {1}})
    >>> round(answer.probability, 4), answer.exact
    (0.2671, True)
    """
    check_verb("query", model)
    model = exact("query", model)
    first = regions_of("given", model, given or {})
    second = regions_of("asked", model, asked)
    both = {**first, **second}
    both |= {dim: first[dim].within(second[dim]) for dim in first.keys() & second.keys()}
    _check_candidates(candidates)
    joint = Question(model, both, list(first), context, candidates, seed).solve()
    before = None
    if first:
        before = Question(model, first, list(first), context, candidates, seed + 1).solve()
        if before.log_probability == -math.inf:
            raise InputError(
                "given: it has probability 0 under this model as far as its walks tell, and "
                "nothing has a probability given it"
            )
    log_probability = joint.log_probability - (before.log_probability if before else 0.0)
    probability = math.exp(log_probability)
    relative = math.hypot(joint.relative_error, before.relative_error if before else 0.0)
    return Answer(
        probability=probability,
        log_probability=log_probability,
        standard_error=probability * relative,
        exact=joint.exact and (before is None or before.exact),
        effective_sample_size=min(joint.size, before.size if before else math.inf),
        joint=_in_words(model),
    )


@torch.no_grad()
def sample_where(
    model: AutoregressiveModel | Mixture,
    num_samples: int,
    conditions: Mapping[int, Allowed],
    context: Tensor | None = None,
    *,
    candidates: int = 4096,
    seed: int | None = None,
) -> ConditionedRows:
    """n, what scalars are allowed to be -> `ConditionedRows`: n draws from p(x | the conditions).

    Exact where `query` is; else drawn by weight from as many walks as ``candidates`` says, at least
    n. ``context`` is (1, C).

    Raises:
        InputError: as `query`; n < 1.
    """
    check_verb("query", model)
    model = exact("query", model)
    regions = regions_of("conditions", model, conditions)
    _check_candidates(candidates)
    if num_samples < 1:
        raise InputError(f"num_samples: expected at least 1, got {num_samples}")
    if seed is None:
        seed = Generator().seed() % 2**62
    walks = max(candidates, num_samples)
    found = Question(model, regions, [], context, walks, seed).solve(num_samples)
    if found.rows is None:
        raise InputError(
            "conditions: they have probability 0 under this model as far as its walks tell"
        )
    first = components_of(model)[0][0]
    values = found.rows.reshape(num_samples, *first.event_shape).cpu()
    return ConditionedRows(values, found.exact, found.size, found.log_probability, _in_words(model))


def _check_candidates(candidates: int) -> None:
    if candidates < 2:
        raise InputError(f"candidates: expected at least 2, got {candidates}")


def _in_words(model: AutoregressiveModel | Mixture) -> str:
    return joint_in_words(model).replace("the observed first", "the scalars of the question first")
