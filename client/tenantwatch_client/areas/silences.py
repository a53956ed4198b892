"""Silences: times in which nobody is told."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from tenantwatch_client.connection import Connection


class SilenceView(TypedDict):
    silence_id: int
    tenant_id: str | None
    alert_type: str | None
    start: str
    end: str
    who: str
    notes: str


class Silences:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> list[SilenceView]:
        found: list[SilenceView] = [*self._connection.pages("silences", key="silences")]
        return found

    def create(
        self,
        end: datetime,
        start: datetime | None = None,
        tenant_id: str | None = None,
        alert_type: str | None = None,
        notes: str = "",
    ) -> SilenceView:
        """Both times with their zone; without a tenant or type it is for all of them."""
        body = {
            "end": end.isoformat(),
            "start": None if start is None else start.isoformat(),
            "tenant_id": tenant_id,
            "alert_type": alert_type,
            "notes": notes,
        }
        made: SilenceView = self._connection.post("silences", body=body)
        return made

    def end(self, silence_id: int) -> None:
        self._connection.delete("silences", str(silence_id))
