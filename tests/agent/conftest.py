"""What tests of the agent share."""

from __future__ import annotations

import pytest
from tenantwatch_agent import lag, look


@pytest.fixture
def a_busy_machine_spoils_no_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests run beside these: what the agent would rightly mark as late is not the matter here."""
    monkeypatch.setattr(lag, "LAGGED_SECONDS", 60.0)
    monkeypatch.setattr(look, "_OWN_PART", 100.0)
