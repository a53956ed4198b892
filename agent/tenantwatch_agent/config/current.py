"""The configuration in force: it changes as a whole or not at all, by its files or by the collector."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tenantwatch_agent.checks.heartbeats import Heartbeats
from tenantwatch_agent.checks.surroundings import Surroundings
from tenantwatch_agent.clock import boottime
from tenantwatch_agent.config.assignment import (
    Assigned,
    AssignmentAnswer,
    AssignmentRefused,
    keep_assignment,
    kept_assignment,
    read_assigned,
)
from tenantwatch_agent.config.doubts import warn
from tenantwatch_agent.config.load import AgentConfig, load_config
from tenantwatch_agent.errors import AgentError, ConfigurationError
from tenantwatch_agent.words import counted, shown

POLL_SECONDS = 2.0
_FIXED = ("agent_id", "labels", "data_folder", "metrics")

Apply = Callable[[AgentConfig], Awaitable[None]]

log = logging.getLogger(__name__)


class Configuration:
    """``config`` is in force; ``error`` is why a newer one is not, empty while there is none."""

    def __init__(self, path: Path | str) -> None:
        """Read the files and what was assigned. Raises ConfigurationError for wrong files alone."""
        self._surroundings: Surroundings | None = None
        self._local = load_config(path, self._around)
        self.config = self._local
        self.assigned: Assigned | None = None
        self._refused: AssignmentAnswer | None = None
        self._deferred: Assigned | None = None
        self._is_behind = False
        self.error = ""
        self.changes = 0
        self.failures = 0
        self._seen = self._local.snapshot()
        self._changing = asyncio.Lock()
        try:
            self.assigned = kept_assignment(self._local.data_folder)
            self.config = self._whole(self._local, self.assigned)
        except ConfigurationError as error:
            self._refuse(0 if self.assigned is None else self.assigned.version, error)

    @property
    def assignment_error(self) -> str:
        """Why the newest of the collector's checks are not in force; empty while they are."""
        return "" if self._refused is None else self._refused.error

    def answers(self) -> Sequence[AssignmentAnswer]:
        """Of the collector's checks: the version in force, and one that is refused."""
        refused = self._refused
        if self.assigned is None or (refused and refused.version == self.assigned.version):
            return [refused] if refused else []
        return [AssignmentAnswer(self.assigned.version), *([refused] if refused else [])]

    @property
    def surroundings(self) -> Surroundings:
        """What checks may know of one another; outlives every change."""
        return self._around(self._local.data_folder)

    def _around(self, folder: Path) -> Surroundings:
        if self._surroundings is None:
            self._surroundings = Surroundings(heartbeats=Heartbeats(folder / "heartbeats", boottime))
        return self._surroundings

    @property
    def has_deferred(self) -> bool:
        """Something is not in force for a fault that may pass, such as a full disk: try it again later."""
        return self._is_behind or self._deferred is not None

    async def try_again(self, reload: Callable[[], Awaitable[object]], apply: Apply) -> None:
        """What was deferred, files and the collector's checks, unless something newer came meanwhile."""
        if self._is_behind:
            await reload()
        async with self._changing:
            if self._deferred is not None:
                await self._assign(self._deferred, apply)

    async def reload(self, apply: Apply) -> bool:
        """Read the files anew and apply them if they are right; else go on as before and say so."""
        async with self._changing:
            try:
                # Not on the loop: a thousand checks take long enough to disturb those under way.
                local = await asyncio.to_thread(load_config, self._local.path, self._around)
                self._seen = local.snapshot()
                self._refuse_fixed(local)
                self._refuse_lost(local)
                await self._take(local, self.assigned, apply)
            except AgentError as error:
                return self._failed(str(error), is_wrong=isinstance(error, ConfigurationError))
            except Exception as error:
                log.exception("the configuration could not be read by a fault of our own")
                return self._failed(f"a fault of our own: {type(error).__name__}")
            self.error, self._is_behind = "", False
            self.changes += 1
            log.info("configuration reloaded: %s", counted(len(self.config.checks), "check"))
            warn(self.config)
            return True

    async def assign(self, assigned: Assigned, apply: Apply) -> AssignmentAnswer:
        """Apply what the collector assigns, or nothing of it."""
        async with self._changing:
            return await self._assign(assigned, apply)

    async def _assign(self, assigned: Assigned, apply: Apply) -> AssignmentAnswer:
        self._deferred = None
        if assigned == self.assigned and self._refused is None:
            return AssignmentAnswer(assigned.version)
        try:
            # Not on the loop: many checks take long enough to disturb those under way.
            whole = await asyncio.to_thread(self._whole, self._local, assigned)
            keep_assignment(self._local.data_folder, assigned)
            if whole.digest != self.config.digest:
                await apply(whole)
                self.config = whole
        except AgentError as error:
            return self._decline(assigned, error)
        except Exception as error:
            # Whatever was sent, the collector is told that it is not in force.
            log.exception("the collector's checks could not be read by a fault of our own")
            fault = f"it cannot be read by a fault of the agent's own: {type(error).__name__}"
            return self._decline(assigned, AgentError(fault))
        self.assigned, self._refused = assigned, None
        log.info("version %d of the collector's checks is in force", assigned.version)
        return AssignmentAnswer(assigned.version)

    def _decline(self, assigned: Assigned, error: AgentError) -> AssignmentAnswer:
        # What is wrong with the checks themselves no second attempt makes right.
        self._deferred = None if isinstance(error, ConfigurationError) else assigned
        later = "; tried again until it can be" if self._deferred else ""
        before = self._refused
        # Of what is tried again and again nobody needs to be told each time.
        if not later or before is None or (before.version, before.error) != (assigned.version, str(error)):
            log.error(
                "version %d of the collector's checks is refused: %s%s",
                assigned.version,
                shown(str(error), 2_000),
                later,
            )
        with contextlib.suppress(AgentError):
            keep_assignment(self._local.data_folder, self.assigned)
        return self._refuse(assigned.version, error)

    async def watch(self, reload: Callable[[], Awaitable[object]]) -> None:
        """Call it whenever the files have changed and then stood still for a moment, until cancelled."""
        before = self._seen
        while True:
            await asyncio.sleep(POLL_SECONDS)
            now = self._local.snapshot()
            # Twice the same: nobody is in the middle of writing.
            if now != self._seen and now == before:
                self._seen = now
                await reload()
            before = now

    async def _take(self, local: AgentConfig, assigned: Assigned | None, apply: Apply) -> None:
        try:
            whole = self._whole(local, assigned)
            if self._refused and assigned and self._refused.version == assigned.version:
                self._refused = None
        except ConfigurationError as error:
            # The operator's own file goes before what the collector wants.
            log.error("the collector's checks are left out: %s", error)
            whole = local
            self._refuse(0 if assigned is None else assigned.version, error)
        await apply(whole)
        self._local, self.config = local, whole

    def _whole(self, local: AgentConfig, assigned: Assigned | None) -> AgentConfig:
        if assigned is None:
            return local
        known = {one.definition.check_id: one for one in local.checks}
        more = read_assigned(assigned, local.assignment, known, self._around(local.data_folder))
        digest = hashlib.sha256(f"{local.digest}\n{assigned.checks_toml}".encode()).hexdigest()
        return replace(local, checks=(*local.checks, *more.values()), digest=digest)

    def _refuse(self, version: int, error: AgentError) -> AssignmentAnswer:
        refused = error.refused if isinstance(error, AssignmentRefused) else ()
        self._refused = AssignmentAnswer(version, str(error), refused)
        return self._refused

    def _refuse_fixed(self, local: AgentConfig) -> None:
        changed = [name for name in _FIXED if getattr(local, name) != getattr(self._local, name)]
        if changed:
            raise ConfigurationError(f"{local.path}: restart the agent to change {', '.join(changed)}")

    def _refuse_lost(self, local: AgentConfig) -> None:
        """A folder without a name in the file may be absent, but not with checks of ours in it."""
        lost = self._local.parts
        if lost and local.conf_d == self._local.conf_d and not local.conf_d.is_dir():
            raise ConfigurationError(
                f"{local.conf_d}: the folder is gone, with {counted(len(lost), 'file')} of checks:"
                " put it back, or an empty one in its place if they are to end"
            )

    def _failed(self, reason: str, *, is_wrong: bool = False) -> bool:
        self.error, self._is_behind = reason, not is_wrong
        self.failures += 1
        log.error("the configuration in force stays as it is: %s", reason)
        return False
