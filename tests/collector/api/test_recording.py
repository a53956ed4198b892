"""What the audit log is told of a command holds no secrets."""

from __future__ import annotations

from tenantwatch_collector.api.recording import without_secrets


def test_secrets_are_hidden_by_their_names() -> None:
    told = {
        "agent_token": "tw_x",
        "channels": [{"Password": "p", "name": "n"}],
        "webhook_secret": None,
        "notes": "token",
    }
    assert without_secrets(told) == {
        "agent_token": "***",
        "channels": [{"Password": "***", "name": "n"}],
        "webhook_secret": None,
        "notes": "token",
    }
