"""The checks that one stream's agent is given, and what it says of them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from tenantwatch_wire import limits
from tenantwatch_wire.v1 import agent_pb2

from tenantwatch_collector.store.base import AssignedCheck, Store

MAX_REFUSALS = 50

log = logging.getLogger(__name__)


class Assigning:
    """``bring`` sends what is assigned now, unless the agent was told so on this stream already."""

    def __init__(
        self,
        tenant_key: int,
        agent_id: str,
        store: Store,
        send: Callable[[agent_pb2.ConnectResponse], Awaitable[None]],
    ) -> None:
        self._tenant_key = tenant_key
        self._agent_id = agent_id
        self._store = store
        self._send = send
        self._told = 0
        self._turn = asyncio.Lock()
        self._is_one_waiting = False

    @property
    def told(self) -> int:
        """The version that the agent was sent last on this stream; 0 where none was."""
        return self._told

    async def bring(self) -> None:
        if self._is_one_waiting:
            # It will know what is newest when its turn comes.
            return
        self._is_one_waiting = True
        try:
            await self._turn.acquire()
        finally:
            self._is_one_waiting = False
        try:
            await self._bring_newest()
        finally:
            self._turn.release()

    async def _bring_newest(self) -> None:
        now = await self._store.assignment(self._tenant_key)
        if now.version == self._told:
            return
        mine = [check for check in now.checks if check.agent_id in (None, self._agent_id)]
        given = agent_pb2.Configuration(version=now.version, checks_toml=checks_toml(mine))
        await self._send(agent_pb2.ConnectResponse(configuration=given))
        self._told = now.version

    async def answered(self, applied: agent_pb2.ConfigurationApplied) -> None:
        """Keep what the agent says; give it ours where it holds what we never assigned."""
        version = min(applied.version, 2**62)
        if applied.error:
            refusals = _refusals(applied)
            log.warning("agent %s refuses version %d of its checks: %s", self._agent_id, version, refusals)
            await self._store.assignment_refused(self._tenant_key, self._agent_id, version, refusals)
        else:
            await self._store.assignment_applied(self._tenant_key, self._agent_id, version)
        if version > self._told:
            # From another collector, or from before this one's store was restored.
            self._told = -1
            await self.bring()


def checks_toml(checks: Iterable[AssignedCheck]) -> str:
    """As in an agent's own file: a section of [[checks]] for each."""
    return "\n".join(_section(check) for check in checks)


def _section(check: AssignedCheck) -> str:
    table = {"id": check.check_id, **json.loads(check.definition)}
    return "[[checks]]\n" + "".join(f"{_quoted(key)} = {_inline(value)}\n" for key, value in table.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)} = {_inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value, allow_nan=False)


def _quoted(text: str) -> str:
    """TOML reads what JSON writes, but for one control character and lone halves of surrogate pairs."""
    written = json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
    return written.replace("\x7f", "\\u007f")


def _refusals(applied: agent_pb2.ConfigurationApplied) -> str:
    """JSON of (check_id, reason); where no check is named, the one reason for all of them."""
    named = [(one.check_id, one.reason) for one in applied.refused[:MAX_REFUSALS]]
    said = named or [("", applied.error)]
    return json.dumps([(_short(check_id, limits.MAX_ID_LENGTH), _short(reason)) for check_id, reason in said])


def _short(text: str, length: int = limits.MAX_TEXT_LENGTH) -> str:
    return text[:length].replace("\0", " ")
