"""How a tenant's checks make groups by its contract: the role and the rule of each, where they are agreed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from tenantwatch_wire import limits

from tenantwatch_collector.health import Group, Role, Rule, default_group

MAX_GROUPS = 100


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("a group's name has printable characters only")
    return name


GroupName = Annotated[str, Field(min_length=1, max_length=limits.MAX_ID_LENGTH), AfterValidator(_printable)]


class GroupChoice(BaseModel):
    """What is left out is as without terms: the role follows from the checks' kinds, and the rule is any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role | None = None
    rule: Rule | None = None


Chosen = Mapping[str, GroupChoice]
"""By the groups' names."""
NOTHING_CHOSEN: Chosen = {}
_BY_KINDS = GroupChoice()


def group_of(chosen: Chosen, name: str, kinds: Iterable[str]) -> Group:
    """The group as it was agreed, its members being of these kinds."""
    choice = chosen.get(name, _BY_KINDS)
    return Group(name, choice.role or default_group(name, kinds).role, choice.rule or "any")
