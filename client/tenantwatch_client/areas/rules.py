"""Custom alert rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from tenantwatch_client.connection import Connection


class RuleView(TypedDict):
    rule_id: str
    tenant_id: str | None
    tier: str | None
    metric: str
    condition: str
    threshold: float | None
    severity: str
    for_seconds: int
    keep_firing_seconds: int
    failure_threshold: int
    success_threshold: int
    window_seconds: int
    aggregation: str | None
    enabled: bool
    built_in: bool
    created_at: str | None
    created_by: str


class Rules:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> list[RuleView]:
        found: list[RuleView] = [*self._connection.pages("alert-rules", key="rules")]
        return found

    def get(self, rule_id: str) -> RuleView:
        found: RuleView = self._connection.get("alert-rules", rule_id)
        return found

    def create(self, rule: Mapping[str, Any]) -> RuleView:
        """``rule`` has at least metric, condition, threshold and severity (docs/api.md)."""
        made: RuleView = self._connection.post("alert-rules", body=rule)
        return made

    def replace(self, rule_id: str, rule: Mapping[str, Any]) -> RuleView:
        made: RuleView = self._connection.put("alert-rules", rule_id, body=rule)
        return made

    def delete(self, rule_id: str) -> None:
        """Its alerts end."""
        self._connection.delete("alert-rules", rule_id)
