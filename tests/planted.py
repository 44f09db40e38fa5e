"""Defects planted in what is asked of a model, each with the fast test that must catch it.

    python tests/planted.py             # all of them: one process, the named tests only
    python tests/planted.py decompress  # those whose name holds a word

A defect takes the place of one function where that is called; the named test must then fail. The
exit code says whether all did.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

# As a script, this file finds its neighbours from the repository's root, as pytest does.
sys.path.insert(0, str(Path(__file__).parents[1]))

import pytest
import torch
from torch import Tensor

__all__ = ["PLANTED", "Planted", "is_caught", "place_of"]

Wrong = Callable[[Any], Any]
"""A function -> the defective one that takes its place."""


@dataclass(frozen=True)
class Planted:
    """Where ("module:name", or "module:Class.name"), what is wrong, and which test must fail."""

    where: str
    wrong: Wrong
    test: str


def _order_without_the_mask(order_of: Any) -> Any:
    return lambda model, known: order_of(model, torch.zeros_like(known))


def _first_without_the_mask(observed_first: Any) -> Any:
    return lambda known, order: observed_first(torch.zeros_like(known), order)


def _weights_forgotten(log_evidence: Any) -> Any:
    return lambda model, evidence: torch.zeros_like(log_evidence(model, evidence))


def _ranks_from_zero(rank_p_values: Any) -> Any:
    return lambda known, scores, noise=None: (
        rank_p_values(known, scores, noise) - 1 / (len(known) + 1)
    )


def _ties_for_the_row(rank_p_values: Any) -> Any:
    def wrong(known: Tensor, scores: Tensor, noise: Tensor | None = None) -> Tensor:
        below = torch.searchsorted(known.double().sort().values, scores.double())
        return (1.0 + below.double()) / (len(known) + 1)

    return wrong


def _windows_averaged(document_normality: Any) -> Any:
    def wrong(found: Tensor, scored: Tensor, document: Tensor, count: int) -> Tensor:
        return document_normality(found, torch.ones_like(scored), document, count)

    return wrong


def _sum_of_windows(normality: Any) -> Any:
    def wrong(*args: Any, scored: Tensor | None = None, **more: Any) -> Tensor:
        found = normality(*args, scored=scored, **more)
        return found if scored is None else found * scored.flatten(1).sum(dim=1)

    return wrong


def _last_place_of_all(pooled: Any) -> Any:
    return lambda units, count, length, way: pooled(
        units, torch.full_like(count, length), length, way
    )


def _levels_one_off(cell: Any) -> Any:
    return lambda column, number: cell(column, number) if column.levels else number + 0.0


def _missing_is_zero(split_of: Any) -> Any:
    return lambda values, observed, schema, rows=slice(None): replace(
        split_of(values, observed, schema, rows), observed=None
    )


def _without_the_highest(within: Any) -> Any:
    def wrong(region: Any, family: Any, params: Tensor, noise: Tensor) -> Any:
        if region.levels is not None and len(region.levels) > 1:
            region = replace(region, levels=region.levels[:-1])
        return within(region, family, params, noise)

    return wrong


def _all_of_it_observed(observed: Any) -> Any:
    return lambda values, seen, event: None


def _chunks_in_reverse(read_chunks: Any) -> Any:
    def wrong(*args: Any) -> Any:
        chunks = list(read_chunks(*args))
        return iter([*chunks[-2::-1], chunks[-1]])

    return wrong


def _own_cells_drawn_again(filled_cells: Any) -> Any:
    return lambda table, values, hidden, schema, **more: filled_cells(
        table, values, torch.ones_like(hidden), schema, **more
    )


def _blocks_without_their_mass(log_block_mass: Any) -> Any:
    def wrong(family: Any, params: Tensor, width: int) -> Tensor:
        found = log_block_mass(family, params, width)
        return torch.zeros_like(found).log_softmax(dim=-1)

    return wrong


def _levels_by_number(level_names: Any) -> Any:
    return property(lambda column: [str(level) for level in range(column.num_symbols or 0)])


_TASKS = "tests/tasks"
PLANTED: dict[str, Planted] = {
    "complete: the order ignores the mask": Planted(
        "arden.tasks.complete:order_of",
        _order_without_the_mask,
        f"{_TASKS}/test_complete.py::test_draws_follow_the_conditional_of_each_row",
    ),
    "complete: listed fillings are not weighed": Planted(
        "arden.tasks.candidates:log_evidence",
        _weights_forgotten,
        f"{_TASKS}/test_complete.py::test_few_missing_values_are_listed_and_so_exact",
    ),
    "complete: what a cell held is drawn again": Planted(
        "arden.cli.complete_files:filled_cells",
        _own_cells_drawn_again,
        "tests/cli/test_tables.py::test_words_without_a_level_stay_where_they_were_observed",
    ),
    "detect: ranks are counted from zero": Planted(
        "arden.tasks.calibration:rank_p_values",
        _ranks_from_zero,
        f"{_TASKS}/test_detect.py::test_false_alarms_stay_below_the_rate",
    ),
    "detect: ties count for a row": Planted(
        "arden.tasks.calibration:rank_p_values",
        _ties_for_the_row,
        f"{_TASKS}/test_detect.py::test_false_alarms_stay_below_the_rate",
    ),
    "detect: windows are judged by their sum": Planted(
        "tests.tasks.test_detect:normality",
        _sum_of_windows,
        f"{_TASKS}/test_detect.py::test_windows_are_judged_by_the_symbol",
    ),
    "detect: a document is the mean of its windows": Planted(
        "arden.cli.detect_documents:document_normality",
        _windows_averaged,
        "tests/cli/test_detect.py::test_documents_are_judged_as_a_whole",
    ),
    "represent: pooling takes what is not observed": Planted(
        "arden.tasks.represent:_pooled",
        _last_place_of_all,
        f"{_TASKS}/test_represent.py::test_what_is_not_observed_changes_nothing",
    ),
    "tables: whole numbers lose where they begin": Planted(
        "arden.data.column:Column.cell",
        _levels_one_off,
        "tests/data/test_tables.py::test_cells_are_given_back_as_they_were_written",
    ),
    "tables: a missing cell is a zero": Planted(
        "arden.data.tables:split_of",
        _missing_is_zero,
        "tests/data/test_tables.py::test_missing_cells_are_unobserved_and_never_a_value",
    ),
    "query: a region lacks its highest level": Planted(
        "arden.tasks.regions:Region.restricted",
        _without_the_highest,
        f"{_TASKS}/test_query.py::test_rows_that_fulfil_conditions",
    ),
    "marginal: the order ignores the mask": Planted(
        "arden.tasks.marginal:observed_first",
        _first_without_the_mask,
        f"{_TASKS}/test_marginal.py::test_any_order_networks_are_exact_for_the_joint_of_their_named_order",
    ),
    "compress: blocks of a long range have no mass": Planted(
        "arden.conditionals.integer_mixture:IntegerMixture.log_block_mass",
        _blocks_without_their_mass,
        f"{_TASKS}/test_compress.py::test_an_event_takes_as_many_bits_as_the_model_says",
    ),
    "decompress: missing values come back as known": Planted(
        "arden.tasks.decompress:_observed",
        _all_of_it_observed,
        f"{_TASKS}/test_compress.py::test_missing_values_cost_a_mask_and_come_back_as_missing",
    ),
    "decompress: chunks come in reverse": Planted(
        "arden.tasks.decompress:read_chunks",
        _chunks_in_reverse,
        f"{_TASKS}/test_compress.py::test_chunks_of_any_size_make_one_file",
    ),
    "classify: classes of a column are numbers": Planted(
        "arden.data.column:Column.level_names",
        _levels_by_number,
        "tests/cli/test_classify.py::test_classes_of_a_column_have_the_names_that_its_file_gives_them",
    ),
}


def place_of(planted: Planted) -> tuple[Any, str]:
    """A defect -> what holds the function it takes the place of, and its name there."""
    module_name, _, name = planted.where.partition(":")
    holder: Any = import_module(module_name)
    *owners, last = name.split(".")
    for owner in owners:
        holder = getattr(holder, owner)
    return holder, last


def is_caught(planted: Planted) -> bool:
    """A defect -> whether its test fails while it is there."""
    holder, last = place_of(planted)
    right = holder.__dict__[last]
    words = [planted.test, "-x", "-q", "--no-header", "-p", "no:cacheprovider"]
    with (
        patch.object(holder, last, planted.wrong(right)),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        return pytest.main(words) == pytest.ExitCode.TESTS_FAILED


def main(word: str = "") -> int:
    """A word in the names of the defects to plant -> the exit code: 0 when each was caught."""
    torch.set_num_threads(1)
    chosen = {name: planted for name, planted in PLANTED.items() if word in name}
    escaped = 0
    for name, planted in chosen.items():
        caught = is_caught(planted)
        escaped += not caught
        test = planted.test.rpartition("::")[2]
        print(f"{'caught ' if caught else 'ESCAPED'}  {name}  by {test}", flush=True)
    print(f"{len(chosen) - escaped} of {len(chosen)} planted defects caught")
    return int(bool(escaped) or not chosen)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
