"""Tables become dataclasses; what does not fit is refused by its place and never quotes a whole table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_agent.settings import read_table


@dataclass(frozen=True, slots=True)
class Step:
    url: str
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Everything:
    steps: tuple[Step, ...] = ()
    one: Step | None = None
    family: Literal["any", "4", "6"] = "any"
    files: dict[str, Path] = field(default_factory=dict)
    numbers: tuple[int, ...] = ()


def test_tables_within_tables() -> None:
    table = {
        "steps": [{"url": "a"}, {"url": "b", "limit": 3}],
        "one": {"url": "c"},
        "family": "6",
        "files": {"key": "/etc/key"},
        "numbers": [1, 2],
    }
    assert read_table(Everything, table, "here") == Everything(
        (Step("a"), Step("b", 3.0)), Step("c"), "6", {"key": Path("/etc/key")}, (1, 2)
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"steps": [{"url": "a"}, {"urk": "b"}]},
            "here: steps number 2: unknown key 'urk'; did you mean 'url'?",
        ),
        ({"steps": [{"url": "a"}, {}]}, "here: steps number 2: url is missing"),
        ({"steps": {"url": "secret"}}, "here: steps must be a list, not a table"),
        ({"steps": ["a"]}, "here: steps number 1 must be a table, not 'a'"),
        ({"one": ["secret"]}, "here: one must be a table, not a list"),
        ({"one": {"url": "a", "limit": "b"}}, "here: one: limit must be a number, not 'b'"),
        ({"family": "5"}, 'here: family must be one of "any", "4", "6", not \'5\''),
        ({"family": ["4"]}, 'here: family must be one of "any", "4", "6", not a list'),
        ({"files": {"key": 1}}, "here: files.key must be a path, not 1"),
        ({"files": "x"}, "here: files must be a table, not 'x'"),
        ({"numbers": [1, "x"]}, "here: numbers number 2 must be a whole number, not 'x'"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_table(Everything, table, "here")
    assert message in str(refused.value)
    assert "secret" not in str(refused.value)
