"""What tests of the agent share."""

from __future__ import annotations

import pytest
from tenantwatch_agent import lag, look


@pytest.fixture
def a_busy_machine_spoils_no_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests run beside these: what the agent would rightly mark as late is not the matter here."""
    for bound in ("LAGGED_SECONDS", "STOOD_STILL_SECONDS", "SLEPT_SECONDS"):
        monkeypatch.setattr(lag, bound, 60.0)
    monkeypatch.setattr(look, "_OWN_PART", 100.0)
