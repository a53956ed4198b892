"""One look of a check by itself, as the schedule makes it."""

from __future__ import annotations

from tenantwatch_agent.checks.base import Check
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.look import Looker
from tenantwatch_agent.vitals import Vitals
from tenantwatch_wire.records import CheckDefinition, Result


async def look(definition: CheckDefinition, check: Check) -> Result:
    """Within the definition's timeout; whatever happens is a result."""
    one = ConfiguredCheck(definition, check, definition.timeout_ms / 1000)
    return await Looker(Vitals()).look(one)
