"""What a check may know of the agent around it: nothing but two registers, which outlive a reload."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenantwatch_agent.checks.heartbeats import Heartbeats
from tenantwatch_agent.checks.latest import LatestResults


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Made once by the application and handed to ``build_check`` with every check."""

    latest: LatestResults = field(default_factory=LatestResults)
    heartbeats: Heartbeats = field(default_factory=Heartbeats)
