"""Conditions over JSON and headers: what they accept, and what they say when they do not."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_agent.checks.conditions import HeaderConditions, JsonConditions
from tenantwatch_agent.checks.json_path import MISSING, JsonPath, parse_json
from tenantwatch_agent.errors import ConfigurationError

DOCUMENT: dict[str, Any] = {
    "state": "ready",
    "count": 3,
    "age": "12.5",
    "on": True,
    "none": None,
    "nodes": [{"name": "a"}, {"name": "b", "odd key": 1}],
    "tags": ["x", 1, True],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DOCUMENT),
        ("$.state", "ready"),
        ("$.nodes[0].name", "a"),
        ("$.nodes[-1].name", "b"),
        ('$.nodes[1]["odd key"]', 1),
        ("$.nodes[2]", MISSING),
        ("$.nodes.name", MISSING),
        ("$.state[0]", MISSING),
        ("$[0]", MISSING),
        ("$.none", None),
        ("$.none.more", MISSING),
        ("$.count.more", MISSING),
    ],
)
def test_a_path_finds_one_value_or_none(path: str, value: Any) -> None:
    assert JsonPath(path).find(DOCUMENT) == value


@pytest.mark.parametrize(
    "path", ["", "state", "$state", "$.", "$..a", "$[a]", "$.a[*]", "$.a[", "$" + ".a" * 300]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        JsonPath(path)


@pytest.mark.parametrize(
    "condition",
    [
        '$.state == "ready"',
        '$.state != "gone"',
        "$.count == 3",
        "$.count >= 3",
        "$.count < 4",
        "$.age > 12",
        "$.on == true",
        "$.none == null",
        "$.none exists",
        '$.state contains "ead"',
        '$.tags contains "x"',
        "$.tags contains 1",
        '$.state >= "re"',
        '  $.nodes[1]["odd key"]   ==   1  ',
    ],
)
def test_conditions_that_hold(condition: str) -> None:
    assert JsonConditions([condition], "expect_json").problem(DOCUMENT) == ""


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ('$.state == "gone"', '$.state == "gone": it is "ready"'),
        ("$.count == true", "it is 3"),
        ("$.on == 1", "it is true"),
        ("$.on > 0", "it is true"),
        ("$.state > 1", 'it is "ready"'),
        ("$.count > 3", "$.count > 3: it is 3"),
        ("$.missing == null", "there is no $.missing"),
        ('$.missing != "x"', "there is no $.missing"),
        ("$.missing exists", "there is no $.missing"),
        ("$.count contains 3", "it is 3"),
        ("$.state contains 1", 'it is "ready"'),
        ('$.tags contains "y"', 'it is ["x", 1, true]'),
    ],
)
def test_conditions_that_do_not_hold_say_what_is_there(condition: str, problem: str) -> None:
    assert problem in JsonConditions(["$.state exists", condition], "expect_json").problem(DOCUMENT)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("$.a", "is no condition"),
        ("$.a = 1", "is no condition"),
        ("$.a == ready", "'ready' in '$.a == ready' is not a JSON value"),
        ("a == 1", "'a' is no path"),
        ("$.a == " + "1" * 2000, "is no condition"),
    ],
)
def test_what_is_no_condition_is_refused(condition: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^expect_json: ") as refused:
        JsonConditions([condition], "expect_json")
    assert message in str(refused.value)


def test_headers_are_compared_without_regard_to_the_case_of_their_names() -> None:
    headers = [("content-type", "application/json; charset=utf-8"), ("age", "70"), ("via", "a"), ("via", "b")]

    def problem(text: str) -> str:
        return HeaderConditions([text], "expect_headers").problem(headers)

    for holds in ('Content-Type contains "json"', "Age < 100", 'via == "b"', "via exists"):
        assert problem(holds) == ""
    assert problem("age > 100") == 'header age > 100: it is "70"'
    assert problem("x-cache exists") == "header x-cache exists: there is no x-cache"
    headers += [("via", "c")] * 98 + [("via", "d")]
    assert problem('via == "c"') == ""
    assert problem('via == "d"') == 'header via == "d": it is "a"'
    with pytest.raises(ConfigurationError, match="not the name of a header"):
        HeaderConditions(["a:b exists"], "expect_headers")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\xfd", b"[" * 200_000, b'{"a": ' * 100_000, b"nul"])
def test_what_is_no_json_is_named(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_json(body)


@given(st.text(max_size=40), st.binary(max_size=60))
def test_no_text_and_no_body_breaks_them(text: str, body: bytes) -> None:
    with contextlib.suppress(ConfigurationError, ValueError):
        JsonConditions([f"${text} == 1", text], "expect_json").problem(parse_json(body))
