"""The audit: every check, on one model, into one report."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from arden.audit.caching import cached_steps_equal_one_pass, forked_walks_stay_apart
from arden.audit.chain import score_is_the_sum_of_its_terms
from arden.audit.enumeration import total_probability_is_one
from arden.audit.independence import evaluation_is_deterministic, row_is_independent_of_its_batch
from arden.audit.masks import masked_weights_are_zero
from arden.audit.mixing import mixture_averages_probabilities
from arden.audit.normalisation import conditionals_sum_to_one
from arden.audit.order_gap import gap_between_orders
from arden.audit.ordering import every_scalar_has_one_step
from arden.audit.persistence import fresh_process_gives_the_same_numbers
from arden.audit.precision import single_against_double_precision
from arden.audit.relevance import unknown_counts_for_nothing
from arden.audit.report import Check, Finding, Report
from arden.audit.sampling import samples_have_the_right_frequencies, samples_transform_to_uniforms
from arden.audit.structure import no_leak, structure_as_promised
from arden.audit.subject import BUDGETS, Subject
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError, suggestion
from arden.kernels import register
from arden.tasks.verbs import check_verb

__all__ = ["CHECKS", "verify"]

CHECKS: dict[str, Callable[[Subject], Finding]] = {
    "conditionals sum to one": conditionals_sum_to_one,
    "every scalar has one step": every_scalar_has_one_step,
    "no leak": no_leak,
    "structure as promised": structure_as_promised,
    "masked weights are zero": masked_weights_are_zero,
    "cached steps equal one pass": cached_steps_equal_one_pass,
    "forked walks stay apart": forked_walks_stay_apart,
    "score is the sum of its terms": score_is_the_sum_of_its_terms,
    "total probability is one": total_probability_is_one,
    "mixture averages probabilities": mixture_averages_probabilities,
    "unknown counts for nothing": unknown_counts_for_nothing,
    "sample frequencies": samples_have_the_right_frequencies,
    "sample transform": samples_transform_to_uniforms,
    "row independent of its batch": row_is_independent_of_its_batch,
    "evaluation is deterministic": evaluation_is_deterministic,
    "single against double precision": single_against_double_precision,
    "fresh process": fresh_process_gives_the_same_numbers,
    "gap between orders": gap_between_orders,
}
"""Name -> check, in the order of the report."""


def verify(
    model: AutoregressiveModel | Mixture,
    data: Tensor | None = None,
    context: Tensor | None = None,
    seed: int = 0,
    budget: str = "normal",
) -> Report:
    """model, (N, *event) real rows, (N, C) -> a report: are this model's numbers exact?

    The model is left alone: copies are audited, most of them in float64. Real rows are points to
    evaluate it at, besides random ones. Checks of chance have a fixed seed and all together raise
    a false alarm once in a million audits. ``budget`` is quick, normal or thorough. An error that
    a check meets in the model fails that check; it never stops the audit.

    Raises:
        InputError: something that is no model, data or a context of another shape.

    >>> from arden.conditionals.bernoulli import Bernoulli
    >>> from arden.core.network import NetworkSpec
    >>> from arden.networks.fvsbn import FVSBN, FVSBNOptions
    >>> from arden.orderings.raster import Raster
    >>> network = FVSBN(NetworkSpec(4, 1, 1, 2), FVSBNOptions())
    >>> verify(AutoregressiveModel(Raster((4,)), network, Bernoulli()), budget="quick").passed
    True
    """
    check_verb("verify", model)
    if not isinstance(model, (AutoregressiveModel, Mixture)):
        raise InputError(
            f"model: expected an AutoregressiveModel or a Mixture, got {type(model).__name__}"
        )
    if budget not in BUDGETS:
        raise InputError(
            f"budget: expected one of {', '.join(BUDGETS)}, got {budget!r}."
            + suggestion(budget, BUDGETS)
        )
    register()  # what is audited is what draws and scores for anyone
    subject = Subject.of(model, data, context, seed, BUDGETS[budget])
    checks = tuple(_checked(name, check, subject) for name, check in CHECKS.items())
    return Report(_description(model), seed, checks)


def _checked(name: str, check: Callable[[Subject], Finding], subject: Subject) -> Check:
    """A check's name -> its finding; whatever the model raises is a finding as well."""
    try:
        found = check(subject)
    except Exception as error:  # the audited code is not ours: any error is its failure
        message = (str(error) or "no message").splitlines()[0].rstrip(".")
        found = Finding(False, None, None, f"{type(error).__name__}: {message}.")
    return Check(found.passed, found.figure, found.tolerance, found.explanation, name)


def _description(model: AutoregressiveModel | Mixture) -> str:
    """model -> one line that says what it is."""
    if isinstance(model, Mixture):
        return f"a mixture of {len(model.models)}, the first {_description(model.models[0])}"
    parts = (type(model.network).__name__, model.conditional, model.ordering)
    return ", ".join(map(str, parts))
