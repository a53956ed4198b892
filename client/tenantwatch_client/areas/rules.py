"""Custom alert rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenantwatch_client.answers import RuleView
from tenantwatch_client.connection import Connection


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
