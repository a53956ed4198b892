"""What the collector may assign is what the agent's own operator allows."""

from __future__ import annotations

import pytest
from tenantwatch_agent.config.allowed import demand_allowed
from tenantwatch_agent.config.sections import AssignmentLimits
from tenantwatch_agent.errors import ConfigurationError

PADDING = "&".join(["application_name=a"] * 110)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql:///db?host=/run/postgresql&{PADDING}",
        f"postgresql://u@db.example/d?passfile=/etc/secret&{PADDING}",
        f"postgresql://u@db.example/d?{PADDING}",
        "postgresql://[::1/d?passfile=/etc/secret",
    ],
)
def test_an_address_that_cannot_be_judged_is_not_allowed(url: str) -> None:
    limits = AssignmentLimits(enabled=True)
    with pytest.raises(ConfigurationError):
        demand_allowed({"kind": "database_connectivity", "url": url}, limits)
    demand_allowed({"kind": "database_connectivity", "url": "postgresql://u@db.example/d"}, limits)
