"""What a configuration says and hardly means: allowed, and told by `check-config` and in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from tenantwatch_agent.checks.base import AsksOthers, Doubtful, HearsJobs
from tenantwatch_agent.config.checks import ConfiguredCheck
from tenantwatch_agent.config.load import AgentConfig

MAX_LOGGED = 20

log = logging.getLogger(__name__)


def doubts(config: AgentConfig) -> Iterator[str]:
    """Each a sentence that says where, what will come of it, and what to write."""
    if not config.checks:
        yield f"{config.path}: no check is configured: nothing is looked at; write [[checks]]"
    known = {one.definition.check_id for one in config.checks}
    for one in config.checks:
        for doubt in (*_of_timing(one), *_of_others(one, known), *_of_itself(one, config)):
            yield f"check {one.definition.check_id}: {doubt}"


def warn(config: AgentConfig) -> None:
    """Into the log, the first of them."""
    found = list(doubts(config))
    for doubt in found[:MAX_LOGGED]:
        log.warning("%s", doubt)
    if len(found) > MAX_LOGGED:
        log.warning("and %d more, see `tenantwatch-agent check-config`", len(found) - MAX_LOGGED)


def _of_timing(one: ConfiguredCheck) -> Iterator[str]:
    interval_ms, longest_ms = one.definition.interval_ms, one.definition.timeout_ms
    if longest_ms > interval_ms:
        attempts = f", {one.retries + 1} attempts and the pauses between them" if one.retries else ""
        yield (
            f"a look may take {longest_ms / 1000:g} s (timeout_seconds{attempts}), more than its interval of"
            f" {interval_ms / 1000:g} s: runs are missed then; set timeout_seconds or retries to less"
        )


def _of_others(one: ConfiguredCheck, known: set[str]) -> Iterator[str]:
    asked = one.check.asks if isinstance(one.check, AsksOthers) else frozenset()
    for check_id in sorted(asked - known):
        yield f"asks for the results of a check {check_id!r}, and there is none: it will be unknown"


def _of_itself(one: ConfiguredCheck, config: AgentConfig) -> Iterator[str]:
    if isinstance(one.check, HearsJobs) and one.check.hears and not config.metrics.listen:
        yield (
            f"waits for the job {one.check.hears!r}, which can call nobody; write"
            ' [metrics] listen = "127.0.0.1:9469" or another port of loopback'
        )
    if isinstance(one.check, Doubtful):
        yield from one.check.doubts()
