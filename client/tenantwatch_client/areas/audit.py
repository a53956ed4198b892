"""The audit log: every command, by whom, from where, what it changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, TypedDict

from tenantwatch_client.connection import Connection, Query

_PAGE = 100


class AuditView(TypedDict):
    entry_id: int
    time: str
    tenant_id: str | None
    subject: str
    roles: list[str]
    address: str
    request_id: str
    action: str
    target: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Audit:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self,
        tenant_id: str | None = None,
        subject: str | None = None,
        action: str | None = None,
        limit: int = 100,
    ) -> Iterator[AuditView]:
        """At most ``limit`` entries, newest first."""
        query: Query = {
            "tenant_id": tenant_id,
            "subject": subject,
            "action": action,
            "limit": min(limit, _PAGE),
        }
        yield from islice(self._connection.pages("audit", key="entries", query=query), limit)
