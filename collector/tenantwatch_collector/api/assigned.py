"""What callers send and are told about checks assigned to agents, and about the agents."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from tenantwatch_wire.limits import MAX_ID_LENGTH
from tenantwatch_wire.records import CHECK_KINDS

from tenantwatch_collector.api.check_keys import problems

MAX_CHECK_BYTES = 16 * 1024
MAX_DEPTH = 8
_SECRET = re.compile(r"authorization|cookie|passw|secret|token|api[-_]?key", re.IGNORECASE)
_NAMES_A_SECRET = re.compile(r"_(env|file)$")


def _definition(check: dict[str, Any]) -> dict[str, Any]:
    """As an agent's file would have it; raises ValueError saying what to write instead."""
    if "id" in check:
        raise ValueError("leave out id: it stands in the path")
    if check.get("kind") not in CHECK_KINDS:
        raise ValueError(f"kind must be one of {', '.join(CHECK_KINDS)}")
    plain: dict[str, Any] = _plain(check, 0)
    if len(json.dumps(plain).encode()) > MAX_CHECK_BYTES:
        raise ValueError(f"a check may have {MAX_CHECK_BYTES} bytes")
    for key in _secrets(plain):
        raise ValueError(
            f"{key} holds a secret, which would be kept in clear: write {key}_env or {key}_file, which name"
            " a variable or a file of the agent's machine, and allow that key in its [assignment] local_keys"
        )
    wrong = problems(plain["kind"], {key: value for key, value in plain.items() if key != "kind"})
    if wrong:
        raise ValueError("; ".join(wrong))
    return plain


Definition = Annotated[dict[str, Any], AfterValidator(_definition)]


def _plain(value: Any, depth: int) -> Any:
    """With whole numbers as such, whichever door they came through."""
    if depth > MAX_DEPTH:
        raise ValueError(f"tables and lists may be nested {MAX_DEPTH} deep")
    if isinstance(value, dict):
        return {key: _plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, depth + 1) for one in value]
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("null and endless numbers are not allowed: leave the key out")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and abs(value) >= 2**53:
        raise ValueError("a number is too large")
    return value


def _secrets(value: Any, key: str = "") -> Iterator[str]:
    """The keys behind which a secret itself stands, instead of the name of its file or variable."""
    if isinstance(value, dict):
        for name, one in value.items():
            if not _NAMES_A_SECRET.search(name):
                yield from _secrets(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _secrets(one, key)
    elif isinstance(value, str) and value and (_SECRET.search(key) or _has_password(value)):
        yield key


def _has_password(text: str) -> bool:
    try:
        return "://" in text and bool(urlsplit(text.strip()).password)
    except ValueError:
        return False


def _id(check_id: str) -> str:
    if not check_id.isprintable() or "/" in check_id:
        raise ValueError("write printable characters without /")
    return check_id


Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH), AfterValidator(_id)]


class NewAssignedCheck(BaseModel):
    """``check``: the keys of [[checks]] in an agent's file, without id. No ``agent_id`` means every agent."""

    model_config = ConfigDict(extra="forbid")

    agent_id: Id | None = None
    check: Definition


class AssignedCheckView(BaseModel):
    check_id: str
    agent_id: str | None
    check: dict[str, Any]
    changed_at: datetime
    changed_by: str


class AssignedChecks(BaseModel):
    """``version`` rises with every change; 0 before the first."""

    tenant_id: str
    version: int
    checks: list[AssignedCheckView]


class AssignmentChange(BaseModel):
    version: int
    check: AssignedCheckView


class AssignmentVersion(BaseModel):
    version: int


class Refusal(BaseModel):
    """``check_id`` is empty where the reason is about all of them."""

    check_id: str
    reason: str


class AgentView(BaseModel):
    """``applied_version`` is what it looks with; ``refused_version`` it does not take, for ``refusals``."""

    agent_id: str
    version: str
    hostname: str
    first_seen: datetime
    last_seen: datetime = Field(description="when it connected last")
    connected: bool
    applied_version: int | None
    refused_version: int | None
    refusals: list[Refusal]
    answered_at: datetime | None


class AgentList(BaseModel):
    tenant_id: str
    assigned_version: int
    agents: list[AgentView]
    next_cursor: str | None = Field(description="give it as ?cursor= for the next page; null on the last")
