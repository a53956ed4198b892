"""The section [api]: what callers may expect of the doors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tenantwatch_collector.settings import Section


class ApiSection(Section):
    """``requests_per_minute`` are each caller's; as many may come at once."""

    requests_per_minute: Annotated[int, Field(ge=60, le=1_000_000)] = 6_000
