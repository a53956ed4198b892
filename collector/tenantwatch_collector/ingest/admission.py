"""What may come in: the opening Hello and the check dictionary, held against the wire's limits."""

from __future__ import annotations

import re

from tenantwatch_wire import limits
from tenantwatch_wire.records import CHECK_KINDS, CheckDefinition
from tenantwatch_wire.v1 import agent_pb2

from tenantwatch_collector.errors import RefusedForEver

MAX_CONFIRMATIONS = 100
MAX_INTERVAL_MS = 7 * 24 * 3_600_000


def check_hello(hello: agent_pb2.Hello) -> None:
    """Raise RefusedForEver with what to do if the stream cannot be opened."""
    if hello.protocol_version != limits.PROTOCOL_VERSION:
        raise RefusedForEver(
            f"the agent speaks protocol version {hello.protocol_version}, this collector"
            f" {limits.PROTOCOL_VERSION}: install matching versions of tenantwatch"
        )
    check_name("agent_id", hello.agent_id)
    check_name("spool_generation", hello.spool_generation)
    for name in ("agent_version", "configuration_digest", "hostname"):
        if len(getattr(hello, name)) > 2 * limits.MAX_ID_LENGTH:
            raise RefusedForEver(f"{name} is longer than {2 * limits.MAX_ID_LENGTH} characters")
        if "\0" in getattr(hello, name):
            raise RefusedForEver(f"{name} holds a NUL character")
    if len(hello.labels) > limits.MAX_LABELS:
        raise RefusedForEver(f"more than {limits.MAX_LABELS} labels")
    for name, value in hello.labels.items():
        if not re.fullmatch(limits.LABEL_NAME, name) or not re.fullmatch(limits.LABEL_VALUE, value):
            raise RefusedForEver(
                f"the label {name[:64]!r} = {value[:64]!r} is none: see the agent's [labels]"
            )


def check_name(what: str, name: str, max_length: int = limits.MAX_ID_LENGTH) -> None:
    if not 0 < len(name) <= max_length or not name.isprintable():
        raise RefusedForEver(f"{what} must be 1 to {max_length} printable characters")


def definition(entry: agent_pb2.CheckEntry) -> CheckDefinition:
    """The entry as a definition; raises RefusedForEver naming the check and what is allowed."""
    check_name("check_id", entry.check_id)
    where = f"check {entry.check_id!r}"
    if entry.kind not in CHECK_KINDS:
        raise RefusedForEver(f"{where}: kind {entry.kind!r} is none of {', '.join(CHECK_KINDS)}")
    if entry.group:
        check_name(f"{where}: group", entry.group)
    if entry.target:
        check_name(f"{where}: target", entry.target, limits.MAX_TARGET_LENGTH)
    for name in ("interval_ms", "timeout_ms"):
        if not 0 < getattr(entry, name) <= MAX_INTERVAL_MS:
            raise RefusedForEver(f"{where}: {name} must be 1 to {MAX_INTERVAL_MS}")
    for name in ("confirm_failures", "confirm_successes"):
        if not 0 < getattr(entry, name) <= MAX_CONFIRMATIONS:
            raise RefusedForEver(f"{where}: {name} must be 1 to {MAX_CONFIRMATIONS}")
    return CheckDefinition(
        check_id=entry.check_id,
        kind=entry.kind,
        interval_ms=entry.interval_ms,
        timeout_ms=entry.timeout_ms,
        group=entry.group,
        confirm_failures=entry.confirm_failures,
        confirm_successes=entry.confirm_successes,
        target=entry.target,
    )
