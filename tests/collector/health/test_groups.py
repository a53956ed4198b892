"""Groups and the tenant's state out of their members."""

from __future__ import annotations

from itertools import product

import pytest
from tenantwatch_collector.health import (
    Group,
    GroupState,
    Role,
    Rule,
    default_group,
    group_level,
    tenant_level,
    tenant_state,
)
from tenantwatch_wire.records import Status

GOOD, SLOW, BAD, UNKNOWN = Status.HEALTHY, Status.DEGRADED, Status.UNHEALTHY, Status.UNKNOWN


@pytest.mark.parametrize(
    ("rule", "levels", "expected"),
    [
        ("any", [BAD, GOOD, GOOD], BAD),
        ("any", [SLOW, UNKNOWN], SLOW),
        ("all", [BAD, GOOD], SLOW),
        ("all", [BAD, UNKNOWN], BAD),
        ("quorum", [BAD, GOOD, GOOD], SLOW),
        ("quorum", [BAD, BAD, GOOD], BAD),
        ("quorum", [BAD, GOOD, UNKNOWN], SLOW),
        ("quorum", [GOOD, GOOD], GOOD),
        ("any", [UNKNOWN, UNKNOWN], UNKNOWN),
        ("any", [], UNKNOWN),
    ],
)
def test_a_group_judges_its_known_members(rule: Rule, levels: list[Status], expected: Status) -> None:
    assert group_level(levels, rule) is expected


def state(role: Role, level: Status, name: str = "g") -> GroupState:
    return GroupState(Group(name, role), level)


@pytest.mark.parametrize(
    ("critical", "degrading", "expected"),
    [
        ([BAD, UNKNOWN], [], BAD),
        ([GOOD, UNKNOWN], [BAD], UNKNOWN),
        ([GOOD, SLOW], [], SLOW),
        ([GOOD], [BAD], SLOW),
        ([GOOD], [SLOW], SLOW),
        ([GOOD], [UNKNOWN], GOOD),
        ([], [GOOD], UNKNOWN),
    ],
)
def test_the_tenant_is_judged_by_roles(
    critical: list[Status], degrading: list[Status], expected: Status
) -> None:
    groups = [state("critical", level) for level in critical] + [
        state("degrading", level) for level in degrading
    ]
    assert tenant_level(groups) is expected


def test_informational_groups_never_count() -> None:
    for critical, informational in product(Status, Status):
        alone = tenant_level([state("critical", critical)])
        both = [state("critical", critical), state("informational", informational)]
        assert tenant_level(both) is alone


def test_the_state_says_why() -> None:
    judged = tenant_state([state("critical", GOOD, "web"), state("critical", BAD, "db")])
    assert (judged.word, judged.level.word) == ("down", "unhealthy")
    assert judged.explain() == "critical group db is unhealthy"
    assert tenant_state([]).explain() == "no critical check"
    assert tenant_state([state("critical", GOOD)]).explain() == "every group is healthy"


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("http_endpoint", "critical"),
        ("database_connectivity", "critical"),
        ("redis_connectivity", "critical"),
        ("business_logic", "critical"),
        ("kubernetes_metrics", "degrading"),
        ("external_apis", "degrading"),
        ("plugin_validation", "degrading"),
        ("host_resources", "informational"),
    ],
)
def test_groups_by_default(kind: str, role: Role) -> None:
    assert default_group(kind, [kind]) == Group(kind, role, "any")
