"""What is assigned travels as TOML and arrives as it was; several who bring it bring the newest."""

from __future__ import annotations

import asyncio
import json
import tomllib
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.ingest.assigning import Assigning, checks_toml
from tenantwatch_collector.store.base import AssignedCheck, Assignment, Store
from tenantwatch_wire.v1 import agent_pb2

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    TEXTS | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


def check(check_id: str, agent_id: str | None = None, **table: Any) -> AssignedCheck:
    return AssignedCheck(1, check_id, agent_id, json.dumps(table), 0, "ann")


@given(st.dictionaries(TEXTS.filter(lambda key: key != "id"), VALUES, max_size=5))
def test_every_table_arrives_as_it_was(table: dict[str, Any]) -> None:
    one = AssignedCheck(1, 'we"b', None, json.dumps(table), 0, "ann")
    read = tomllib.loads(checks_toml([one, check("b")]))
    assert read == {"checks": [{"id": 'we"b', **table}, {"id": "b"}]}


class Assigned:
    """A store's assignment that changes while it is read."""

    def __init__(self) -> None:
        self.now = Assignment(0, [])

    async def assignment(self, tenant_key: int) -> Assignment:
        assert tenant_key == 1
        read = self.now
        await asyncio.sleep(0)
        return read


async def test_an_agent_is_told_each_version_once_and_only_its_checks() -> None:
    sent: list[agent_pb2.Configuration] = []
    kept = Assigned()

    async def send(answer: agent_pb2.ConnectResponse) -> None:
        sent.append(answer.configuration)

    assigning = Assigning(1, "a1", cast(Store, kept), send)
    await assigning.bring()
    assert sent == []
    kept.now = Assignment(1, [check("all"), check("mine", "a1"), check("theirs", "a2")])
    bringing = [asyncio.create_task(assigning.bring()) for _ in range(3)]
    await asyncio.sleep(0)
    kept.now = Assignment(2, [])
    await asyncio.gather(*bringing)
    assert [one.version for one in sent] == [1, 2]
    assert [one["id"] for one in tomllib.loads(sent[0].checks_toml)["checks"]] == ["all", "mine"]
