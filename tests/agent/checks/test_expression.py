"""Our expression language: what it works out, and what it refuses when it is read."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_agent.checks.expression import Expression, Name, NoNumber, condition, number
from tenantwatch_agent.errors import ConfigurationError

FIGURES: dict[Name, float] = {
    ("orders", "rows"): 12,
    ("orders-database", "query_ms"): 5,
    ("host", "disk_percent:/var"): 81,
    ("zero",): 0,
}


def value(text: str) -> float:
    return Expression(text, "expression").work_out(FIGURES.__getitem__)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 - 4 / 2", 5),
        ("(1 + 2) * -3", -9),
        ("10 - 4 - 3", 3),
        ("2e3 * 0.5", 1000),
        ("orders.rows > 0", 1),
        ("'orders-database'.query_ms", 5),
        ("host.'disk_percent:/var' >= 90", 0),
        ("not orders.rows == 0 and zero != 1", 1),
        ("zero > 1 or zero < 1", 1),
        ("not (zero < 1 and orders.rows < 1)", 1),
        ("1 < 2 or 1 / zero > 1", 1),
        ("- -3", 3),
    ],
)
def test_worked_out(text: str, expected: float) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected a number or a name, found the end"),
        ("1 +", "expected a number or a name, found the end"),
        ("(1", "a closing parenthesis"),
        ("1 2", "expected an end or an operator, found '2'"),
        ("1 < 2 < 3", "expected an end or an operator"),
        ("a and b > 1", "'and' needs a condition"),
        ("(a > 1) + 1", "'+' needs a number"),
        ("not 1", "'not' needs a condition"),
        ("__import__('os')", "expected an end or an operator"),
        ("a ** 2", "expected a number or a name, found '* 2'"),
        ("a; b", "'; b' is not understood"),
        ("a.", "'.' is not understood"),
        ("(" * 60 + "1" + ")" * 60, "nested more than 50 deep"),
        ("-" * 60 + "1", "nested more than 50 deep"),
        ("1" * 2001, "at most 2000 characters"),
        ("a > " + "9" * 400, "a number of 400 characters is too large"),
        ("a > 1e999", "a number of 5 characters is too large"),
        ("and > 1", "expected a number or a name"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Expression(text, "expression")
    assert str(caught.value).startswith("expression: ")
    assert reason in str(caught.value)


def test_long_chains_are_no_depth() -> None:
    assert value("+".join(["1"] * 250)) == 250
    with pytest.raises(ConfigurationError, match="at most 500 words"):
        value("+".join(["1"] * 300))


@pytest.mark.parametrize(
    ("text", "reason"), [("1 / zero", "1 / zero: division by zero"), ("9e200 * 9e200", "too large")]
)
def test_what_has_no_number(text: str, reason: str) -> None:
    with pytest.raises(NoNumber, match=reason):
        value(text)


def test_its_names_are_known_before_any_value() -> None:
    found = Expression("b.x > 1 and (a > 2 or b.x < 3)", "expression")
    assert found.names == (("b", "x"), ("a",))


def test_a_condition_is_no_number_and_a_number_no_condition() -> None:
    assert condition("a > 1", "expression").is_truth
    with pytest.raises(ConfigurationError, match="compare it, as in a > 0"):
        condition("a", "expression")
    with pytest.raises(ConfigurationError, match=r"kpis\.x: .* is true or false"):
        number("a > 1", "kpis.x")


SIGNS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
}


@given(st.lists(st.tuples(st.sampled_from("+-*"), st.integers(0, 99)), max_size=8), st.integers(0, 99))
def test_arithmetic_is_that_of_python(rest: list[tuple[str, int]], first: int) -> None:
    text = str(first) + "".join(f" {sign} {operand}" for sign, operand in rest)
    assert value(text) == eval(text, {"__builtins__": {}})


@given(st.text(alphabet="ab.'0 1+-*/<>=!()andornt", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ConfigurationError):
        found = Expression(text, "expression")
        with suppress(NoNumber):
            assert math.isfinite(found.work_out(lambda name: 0.0))
