"""Conditions in words: what they come to, and the sentences that refuse what is none."""

from __future__ import annotations

import math

import pytest

from arden.data.conditions import parse_conditions
from arden.data.schema import Column, Schema
from arden.errors import InputError

TABLE = Schema(
    "table",
    (4,),
    None,
    (
        Column("age", "real"),
        Column("legs", "integer", 5),
        Column("capital gain", "real"),
        Column("in-out", "binary", 2),
    ),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("legs = 2", {1: {2}}),
        ("legs == 2", {1: {2}}),
        ("legs != 2", {1: {0, 1, 3, 4}}),
        ("legs<2", {1: {0, 1}}),
        ("legs <= 2.5", {1: {0, 1, 2}}),
        ("legs > 9", {1: set()}),
        ("legs in {4, 2}", {1: {2, 4}}),
        ("legs in {2} AND legs >= 1", {1: {2}}),
        ("age >= 30 and age < 40", {0: (30.0, 40.0)}),
        ("age > 40 and age < 30", {0: (40.0, 40.0)}),
        ("age > -1e2", {0: (-100.0, math.inf)}),
        ("'capital gain' < 5 and \"in-out\" = 1", {2: (-math.inf, 5.0), 3: {1}}),
        ("in-out=1 and legs=0", {3: {1}, 1: {0}}),
        ("legs = '2'", {1: {2}}),
    ],
)
def test_conditions(text: str, expected: dict[int, object]) -> None:
    assert parse_conditions(text, TABLE) == expected


def test_values_without_columns_are_named_by_place() -> None:
    assert parse_conditions("x3 = 1 and x0 != 1", Schema("image", (2, 2), 2)) == {3: {1}, 0: {0}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected a column's name at the end of ''"),
        ("age", "expected one of = != < <= > >= in at the end of 'age'"),
        ("age >", "expected a value at the end"),
        ("age > x", "expected a number for age, got 'x'"),
        ("age > nan", "expected a number for age, got 'nan'"),
        ("age = 3", "age is real: a single number has probability 0"),
        ("age in {3}", "age is real"),
        ("agee > 3", "there is no column 'agee'. Did you mean \"age\""),
        ("legs = 7", "expected a level 0 … 4 of legs, got '7'"),
        ("legs = 1.5", "expected a level 0 … 4 of legs, got '1.5'"),
        ("legs in 2", "expected { after legs in, got '2'"),
        ("legs in {2", "expected , or } at the end"),
        ("legs in {2 3}", "expected , or } in"),
        ("legs = 2 or age > 3", "expected \"and\" before 'or'"),
        ("legs 2", "expected one of = != < <= > >= in after legs, got '2'"),
        ('legs = "2', "cannot read"),
        ("__import__('os')", "there is no column '__import__('"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, told: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_conditions(text, TABLE, "given")
    assert str(refused.value).startswith("given: ")
    assert told in str(refused.value)
