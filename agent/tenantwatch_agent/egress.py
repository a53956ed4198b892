"""Whether this machine reaches anything: where it does not, a failing check says nothing of its target."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from tenantwatch_agent.checks import connecting
from tenantwatch_agent.clock import boottime
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.config.sections import Egress, host_and_port, is_loopback
from tenantwatch_agent.errors import CheckerFailed

FRESH_UP_SECONDS, FRESH_DOWN_SECONDS = 1.0, 5.0
"""Many checks that fail together ask once. That something was reached is soon no longer true."""
_LOCAL_KINDS = ("host_resources", "plugin_validation", "heartbeat")


class OwnEgress:
    """Asked only while a check fails; asks one address after the other by connecting to it."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self.reason = ""
        """What the newest answer was; empty where something was reached."""

    async def reason_down(self) -> str:
        """Why the fault is on our side; empty where it is not, or where no addresses are configured."""
        async with self._asking:
            fresh_seconds = FRESH_DOWN_SECONDS if self.reason else FRESH_UP_SECONDS
            if self._egress.addresses and boottime() - self._asked_at > fresh_seconds:
                self.reason = await self._ask()
                self._asked_at = boottime()
        return self.reason

    async def _ask(self) -> str:
        asked = [asyncio.create_task(self._reaches(address)) for address in self._egress.addresses]
        try:
            for answer in asyncio.as_completed(asked):
                if await answer:
                    return ""
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        return f"this agent reaches none of {', '.join(self._egress.addresses)}: its own network is down"

    async def _reaches(self, address: str) -> bool:
        host, port = host_and_port(address)
        try:
            async with asyncio.timeout(self._egress.timeout_seconds):
                places = await connecting.places_of(host, port, for_egress=True)
                (await connecting.open_socket(places)).close()
        except (OSError, TimeoutError, CheckerFailed):
            return False
        return True


def depends_on_egress(one: ConfiguredCheck) -> bool:
    """As configured; else so for every kind that looks elsewhere, unless its target is this machine."""
    if one.needs_egress is not None:
        return one.needs_egress
    if one.definition.kind in _LOCAL_KINDS:
        return False
    target = one.definition.target
    if one.definition.kind == "business_logic" and "://" not in target:
        # It works with what others saw, or with what a job says.
        return False
    try:
        host = urlsplit(target if "://" in target else f"//{target}").hostname
    except ValueError:
        return True
    # Without a host, or with a folder in its place, it is a socket of this machine.
    is_socket = "://" in target and (host or "%2F").upper().startswith("%2F")
    return not (is_socket or is_loopback(host or ""))
