"""Pings of loopback, of an address that nobody has, and of a system that does not let us."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from tenantwatch_agent.checks.icmp_ping import IcmpPing, Settings
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import Status

from tests.agent.checks.web import checked
from tests.pingable import may_ping, pingable

ON_UVLOOP = True


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_loopback_answers(host: str) -> None:
    with pingable():
        result = await checked("icmp_ping", host=host, count=2)
    assert (result.status, result.text) == (Status.HEALTHY, "answers 2 of 2")
    assert result.metrics["loss_percent"] == 0
    assert result.latency_us == round(result.metrics["rtt_avg_ms"] * 1000)
    assert result.metrics["rtt_min_ms"] <= result.metrics["rtt_avg_ms"] <= result.metrics["rtt_max_ms"]


async def test_slow_answers_are_degraded() -> None:
    with pingable():
        result = await checked("icmp_ping", host="127.0.0.1", degraded_after_ms=0.000_1)
    assert result.status is Status.DEGRADED


async def test_no_way_and_no_answer_are_unhealthy() -> None:
    with pingable():
        assert may_ping()
        # An address for documentation: nobody answers there, or there is no way to it at all.
        result = await checked("icmp_ping", host="192.0.2.1", count=2, packet_timeout_ms=20)
    assert result.status is Status.UNHEALTHY
    assert result.text == "no answer to 2 packets" or result.text.startswith("ping failed: ")


def test_lost_packets_are_judged() -> None:
    check = IcmpPing(Settings("127.0.0.1", count=4))
    assert check._judge([100, 100, 100]).status is Status.DEGRADED
    assert check._judge([100, 100]).status is Status.DEGRADED
    assert check._judge([100]).status is Status.UNHEALTHY
    assert check._judge([100]).text == "lost 75 %, more than 50 %"
    assert check._judge([]).text == "no answer to 4 packets"


async def test_a_system_that_does_not_let_us_makes_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    if may_ping():
        real = socket.socket

        def refuse(family: int = -1, kind: int = -1, *args: Any, **kwargs: Any) -> socket.socket:
            if kind == socket.SOCK_DGRAM:
                raise PermissionError(1, "Operation not permitted")
            return real(family, kind, *args, **kwargs)

        monkeypatch.setattr("tenantwatch_agent.checks.icmp_ping.socket.socket", refuse)
    result = await checked("icmp_ping", host="127.0.0.1")
    assert result.status is Status.UNKNOWN
    assert "net.ipv4.ping_group_range" in result.text


@pytest.mark.usefixtures("no_names")
async def test_a_name_that_is_not_known_is_unhealthy() -> None:
    result = await checked("icmp_ping", host="no-such-host.invalid")
    assert (result.status, "is not known" in result.text) == (Status.UNHEALTHY, True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"host": "a/b"}, "host 'a/b': write a name or an address"),
        ({"count": 0}, "count must be 1 to 20"),
        ({"packet_timeout_ms": 0}, "packet_timeout_ms must be 1 to 60000"),
        ({"loss_unhealthy_percent": 101}, "loss_unhealthy_percent must be 0 to 100"),
    ],
)
async def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        await checked("icmp_ping", **{"host": "a", **settings})
