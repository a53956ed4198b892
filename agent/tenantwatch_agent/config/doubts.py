"""What a configuration says and hardly means: allowed, and told by `check-config` and in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from tenantwatch_agent.checks.base import Doubtful, HearsJobs, asked_by
from tenantwatch_agent.config.checks import ConfiguredCheck
from tenantwatch_agent.config.load import AgentConfig
from tenantwatch_agent.config.sections import SYSTEM_TRUST

MAX_LOGGED = 20

log = logging.getLogger(__name__)


def doubts(config: AgentConfig) -> Iterator[str]:
    """Each a sentence that says where, what will come of it, and what to write."""
    if not config.checks:
        yield f"{config.path}: no check is configured: nothing is looked at; write [[checks]]"
    for key, path in _paths_of(config):
        if not path.is_absolute():
            yield (
                f"{config.path}: {key} {str(path)!r} counts from the folder that a command is started in:"
                " write a whole path"
            )
    known = {one.definition.check_id for one in config.checks}
    for one in config.checks:
        for doubt in (*_of_timing(one), *_of_others(one, known), *_of_itself(one, config)):
            yield f"check {one.definition.check_id}: {doubt}"


def _paths_of(config: AgentConfig) -> Iterator[tuple[str, Path]]:
    yield "data_folder", config.data_folder
    if config.collector.token_file is not None:
        yield "collector.token_file", config.collector.token_file
    if config.collector.ca_file is not None and str(config.collector.ca_file) != SYSTEM_TRUST:
        yield "collector.ca_file", config.collector.ca_file


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
    for check_id in sorted(asked_by(one.check) - known):
        yield f"asks for the results of a check {check_id!r}, and there is none: it will be unknown"


def _of_itself(one: ConfiguredCheck, config: AgentConfig) -> Iterator[str]:
    if isinstance(one.check, HearsJobs) and one.check.hears and not config.metrics.listen:
        yield (
            f"waits for the job {one.check.hears!r}, which can call nobody; write"
            ' [metrics] listen = "127.0.0.1:9469" or another port of loopback'
        )
    if isinstance(one.check, Doubtful):
        yield from one.check.doubts()
