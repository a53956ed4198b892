"""Prometheus' text format, version 0.0.4, written by hand: a page of plain numbers needs no library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from tenantwatch_wire import __version__
from tenantwatch_wire.records import Result

from tenantwatch_agent.vitals import Vitals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "tenantwatch_agent"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure of just now."""

    name: str
    help: str
    value: float


def exposition(vitals: Vitals, gauges: Iterable[Gauge], latest: Mapping[str, Result]) -> str:
    """The page: counters, figures of just now, and what each check saw last."""
    lines = [f'# TYPE {_PREFIX}_info gauge\n{_PREFIX}_info{{version="{__version__}"}} 1']
    for one in fields(vitals):
        name = f"{_PREFIX}_{one.name}_total"
        lines.append(
            f"# HELP {name} {one.metadata['help']}\n# TYPE {name} counter\n{name} {getattr(vitals, one.name)}"
        )
    for gauge in gauges:
        name = f"{_PREFIX}_{gauge.name}"
        lines.append(f"# HELP {name} {gauge.help}\n# TYPE {name} gauge\n{name} {gauge.value:.10g}")
    lines += _checks(latest)
    return "\n".join(lines) + "\n"


def _checks(latest: Mapping[str, Result]) -> Iterable[str]:
    status = f"{_PREFIX}_check_status"
    yield f"# HELP {status} 0 healthy, 1 degraded, 2 unhealthy, 3 unknown.\n# TYPE {status} gauge"
    for check_id, result in latest.items():
        yield f'{status}{{check="{_escaped(check_id)}"}} {int(result.status)}'
    latency = f"{_PREFIX}_check_latency_seconds"
    yield f"# HELP {latency} Of the newest look that measured one.\n# TYPE {latency} gauge"
    for check_id, result in latest.items():
        if result.latency_us is not None:
            yield f'{latency}{{check="{_escaped(check_id)}"}} {result.latency_us / 1e6:.6f}'


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
