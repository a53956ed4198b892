"""What is wrong is said in words of ours, in a line, with its place and without the value."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    ValidationError,
    field_validator,
)
from tenantwatch_collector.sla.contract import Contract
from tenantwatch_collector.wording import MAX_PROBLEMS, bracketed, dotted, told


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: Annotated[int, Field(ge=1, le=9)] = 1
    amount: Annotated[Decimal, Field(gt=0, lt=10, decimal_places=2, allow_inf_nan=False)] = Decimal(1)
    text: Annotated[str, Field(min_length=2, max_length=4)] = "abc"
    words: Annotated[list[str], Field(min_length=1, max_length=2)] = ["a"]
    kind: Literal["one", "two"] = "one"
    colour: Colour = Colour.RED
    local: NaiveDatetime | None = None
    instant: AwareDatetime | None = None
    when: datetime | None = None
    day: date | None = None
    flag: bool = False

    @field_validator("text")
    @classmethod
    def _no_zeros(cls, text: str) -> str:
        if "0" in text:
            raise ValueError("must have no zeros")
        return text


class Outer(BaseModel):
    inner: list[Inner]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"number": 0}, "number: must be 1 or more"),
        ({"number": 10}, "number: must be 9 or less"),
        ({"number": "many"}, "number: must be a whole number"),
        ({"number": 1.5}, "number: must be a whole number"),
        ({"amount": 0}, "amount: must be more than 0"),
        ({"amount": 10}, "amount: must be less than 10"),
        ({"amount": "1.005"}, "amount: must have at most 2 decimals"),
        ({"amount": "much"}, "amount: must be a number, or a text that holds one"),
        ({"amount": "NaN"}, "amount: must be a finite number"),
        ({"text": "a"}, "text: must have at least 2 characters"),
        ({"text": "abcde"}, "text: must have at most 4 characters"),
        ({"text": 5}, "text: must be a text"),
        ({"text": "a0"}, "text: must have no zeros"),
        ({"words": []}, "words: must have at least 1 entry"),
        ({"words": ["a"] * 3}, "words: must have at most 2 entries"),
        ({"words": "a"}, "words: must be a list"),
        ({"kind": "three"}, "kind: must be 'one' or 'two'"),
        ({"colour": "green"}, "colour: must be 'red' or 'blue'"),
        ({"local": "2026-01-01T00:00:00Z"}, "local: must be a local time, without an offset"),
        ({"instant": "2026-01-01T00:00:00"}, "instant: must have its offset from UTC"),
        ({"when": "soon"}, "when: must be an instant such as 2027-05-01T00:00:00Z"),
        ({"day": "2026-13-01"}, "day: must be a date such as 2027-05-01"),
        ({"day": "2026-02-30"}, "day: must be a date such as 2027-05-01"),
        ({"day": 5}, "day: must be a date such as 2027-05-01"),
        ({"day": "2026-02-03T04:05:06"}, "day: must be a date such as 2027-05-01"),
        ({"flag": "perhaps"}, "flag: must be true or false"),
        ({"flog": True}, "flog: is not known here"),
        (5, "must be an object"),
    ],
)
def test_every_kind_of_problem_has_words(value: Any, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"inner": [{}, value]})
    separator = "." if isinstance(value, dict) else ": "
    assert told(caught.value.errors(), bracketed).startswith(f"inner[1]{separator}{words}")
    assert told(caught.value.errors(), dotted).startswith(f"inner.1{separator}{words}")


def test_what_is_missing_and_what_is_of_the_whole() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({})
    assert told(caught.value.errors(), dotted) == "inner: is missing"
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(5)
    assert told(caught.value.errors(), dotted) == "must be an object"


def test_a_list_is_not_too_short_where_its_entries_are_wrong() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"inner": [{"words": [5]}, {"words": []}]})
    assert told(caught.value.errors(), dotted) == (
        "inner.0.words.0: must be a text; inner.1.words: must have at least 1 entry"
    )


def test_entries_that_are_wrong_leave_no_tuple_too_short() -> None:
    with pytest.raises(ValidationError) as caught:
        Contract.model_validate({"service_hours": [{"weekday": 0, "from": 0, "to_minute": 1440}]})
    assert told(caught.value.errors(), dotted) == (
        "service_hours.0.from_minute: is missing; service_hours.0.from: is not known here"
    )


def test_of_very_many_the_first_are_told() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"inner": [5] * (MAX_PROBLEMS + 3)})
    line = told(caught.value.errors(), dotted)
    assert (line.count("must be an object"), line[-12:]) == (MAX_PROBLEMS, "; and 3 more")
