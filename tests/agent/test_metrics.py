"""The page for Prometheus, read by Prometheus' own parser."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families
from tenantwatch_agent.metrics import Gauge, exposition
from tenantwatch_agent.vitals import Vitals
from tenantwatch_wire.records import Result, Status


def test_prometheus_reads_it() -> None:
    latest = {
        'a"\\\n': Result('a"\\\n', 1, Status.DEGRADED, 1500),
        "b": Result("b", 1, Status.UNKNOWN),
    }
    page = exposition(Vitals(looks=12, missed_runs=3), [Gauge("spool_bytes", "Bytes.", 1e6)], latest)
    families = {one.name: one for one in text_string_to_metric_families(page)}
    values = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert values["tenantwatch_agent_looks_total", ()] == 12
    assert values["tenantwatch_agent_missed_runs_total", ()] == 3
    assert values["tenantwatch_agent_spool_bytes", ()] == 1e6
    assert values["tenantwatch_agent_check_status", ('a"\\\n',)] == 1
    assert values["tenantwatch_agent_check_status", ("b",)] == 3
    assert values["tenantwatch_agent_check_latency_seconds", ('a"\\\n',)] == 0.0015
    assert all(family.documentation for name, family in families.items() if not name.endswith("_info"))
    assert {family.type for family in families.values()} == {"counter", "gauge"}
