"""What the collector may assign is what the agent's own operator allows."""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize(
    ("hosts", "table", "refused"),
    [
        ((), {"url": "http://169.254.169.254/latest/meta-data/"}, "url: "),
        ((), {"url": "http://user@LOCALHOST:80/"}, "url: "),
        ((), {"url": "redis://[::1]:6379/0"}, "url: "),
        ((), {"address": "127.0.0.1:22"}, "address: "),
        ((), {"address": "[::1]:22"}, "address: "),
        ((), {"host": "::1"}, "host: "),
        ((), {"resolver": "127.0.0.53"}, "resolver: "),
        ((), {"proxy_url": "http://127.0.0.1:3128"}, "proxy_url: "),
        ((), {"steps": [{"url": "http://shop.example/"}, {"url": "http://127.0.0.1/"}]}, "url: "),
        ((), {"source": {"url": "http://[::ffff:127.0.0.1]/"}}, "url: "),
        ((), {"url": "http://{host}/", "body": "http://127.0.0.1/"}, ""),
        ((), {"url": "http://shop.example/"}, ""),
        ((), {"url": "http://10.0.0.1/"}, ""),
        (("localhost",), {"url": "http://127.0.0.1/"}, ""),
        (("localhost",), {"url": "http://10.0.0.1/"}, "url: "),
        (("*.example",), {"url": "http://shop.example/"}, ""),
        (("*.example",), {"url": "http://shop.test/"}, "url: "),
        (("*.example",), {"url": "http://{host}/"}, ""),
        # What it resolves to may be within the network: that is judged when it is dialled.
        (("10.0.0.0/8",), {"url": "http://shop.test/"}, ""),
    ],
)
def test_where_it_may_look_is_told_before_it_looks(
    hosts: tuple[str, ...], table: dict[str, Any], refused: str
) -> None:
    limits = AssignmentLimits(enabled=True, hosts=hosts)
    whole = {"kind": "http_endpoint", **table}
    if not refused:
        return demand_allowed(whole, limits)
    with pytest.raises(ConfigurationError, match=rf"{refused}.*\[assignment\] hosts of this agent"):
        demand_allowed(whole, limits)
    return None
