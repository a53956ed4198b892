"""The document holds what clients were promised, and its parts agree with one another."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tenantwatch_collector.reports.canonical import canonical, digest
from tenantwatch_collector.reports.document import content_of, document_of
from tenantwatch_collector.reports.spreadsheet import to_csv
from tenantwatch_collector.reports.subject import AnnouncedWindow
from tenantwatch_collector.reports.view import view_of
from tenantwatch_collector.sla import Maintenance
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.parts import Version

from tests.collector.reports import examples
from tests.collector.reports.examples import at

METRICS = {
    "tenant_id",
    "period",
    "availability",
    "avg_response_time",
    "error_rate",
    "sla_compliance",
    "violations",
    "health_score",
}


@pytest.fixture(scope="module")
def bad() -> dict[str, Any]:
    return examples.tenant_document(examples.with_incidents())


@pytest.fixture(scope="module")
def platform() -> dict[str, Any]:
    return examples.platform_document(6)


def test_a_tenants_report_holds_everything_that_was_promised(bad: dict[str, Any]) -> None:
    assert bad["report_period"] == {
        "type": "monthly",
        "label": "2026-03",
        "timezone": "Europe/Berlin",
        "start": "2026-02-28T23:00:00Z",
        "end": "2026-03-31T22:00:00Z",
    }
    assert bad["as_of"] == "2026-04-04T22:00:00Z"
    assert set(bad["overall_compliance"]) >= {
        "total_tenants",
        "compliant_tenants",
        "compliance_percentage",
        "average_availability",
        "average_response_time",
        "average_error_rate",
    }
    (metrics,) = bad["tenant_compliance"]
    assert set(metrics) >= METRICS
    assert (metrics["availability"], metrics["sla_compliance"]) == (99.853, False)
    assert bad["violations"] == [
        {
            "tenant_id": "example-isp-001",
            "violation": "availability",
            "target": 99.9,
            "measured": 99.853,
            "unit": "percent",
        },
        {
            "tenant_id": "example-isp-001",
            "violation": "recovery_time",
            "target": 15.0,
            "measured": 45.0,
            "unit": "minutes",
        },
    ]
    assert json.loads(json.dumps(bad, allow_nan=False)) == bad


def test_the_trend_adds_up_to_the_period(bad: dict[str, Any]) -> None:
    """A month of days, one of 23 hours."""
    told = bad["tenants"][0]["report"]
    assert len(bad["trends"]) == 31
    minutes = sum(point["downtime_minutes"] for point in bad["trends"])
    assert minutes * 60 == told["downtime_s"]
    assert [p["from"] for p in bad["trends"][28:30]] == ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]


def test_the_timeline_adds_up_to_the_seconds(bad: dict[str, Any]) -> None:
    detail = bad["tenants"][0]
    for name, seconds in detail["report"]["seconds"].items():
        if name != "total":
            assert sum(end - start for start, end, what in detail["timeline"] if what == name) == seconds


def test_everything_left_out_is_listed_with_its_reason(bad: dict[str, Any]) -> None:
    listed = [(e["kind"], e["seconds"], e["reason"]) for e in bad["tenants"][0]["exclusions"]]
    assert listed == [
        ("maintenance", 7200, "database upgrade to version 18"),
        ("no_data", 14000, "the state was not measured"),
        ("maintenance", 3600, "order queue moved"),
        ("correction", 1800, "the probe's own network was down"),
    ]
    assert bad["tenants"][0]["as_issued"]["availability_pct"] == "99.8078"


def test_only_windows_that_excused_something_are_listed_and_each_second_once() -> None:
    """Announced at six for the same night: in time, in part the same time, too late, and cancelled before."""
    contract = examples.CONTRACT.model_copy(update={"maintenance_min_notice_s": 3600})
    windows = [
        AnnouncedWindow(Maintenance(at(15, 2), at(15, 4), None, at(14, 18)), "upgrade"),
        AnnouncedWindow(Maintenance(at(15, 3), at(15, 5), None, at(14, 18)), "network"),
        AnnouncedWindow(Maintenance(at(15, 6), at(15, 7), None, at(15, 5, 30)), "short notice"),
        AnnouncedWindow(Maintenance(at(15, 6), at(15, 7), None, at(15, 6, 30)), "late"),
        AnnouncedWindow(Maintenance(at(16, 2), at(16, 3), None, at(14, 18), at(15, 12)), "given up"),
    ]
    document = examples.tenant_document(
        examples.subject("acme", examples.RESULTS, windows, contract=contract)
    )
    (tenant,) = document["tenants"]
    listed = [(e["reason"], e["seconds"]) for e in tenant["exclusions"] if e["kind"] == "maintenance"]
    assert listed == [("upgrade", 7200), ("network", 3600)]
    assert tenant["report"]["seconds"]["maintenance"] == 10_800


def test_a_silent_tenant_has_nulls_and_no_verdict() -> None:
    document = examples.tenant_document(examples.silent())
    (metrics,) = document["tenant_compliance"]
    assert [
        metrics[name] for name in ("availability", "avg_response_time", "error_rate", "health_score")
    ] == [None] * 4
    assert (metrics["sla_compliance"], metrics["verdict"], metrics["violations"]) == (
        None,
        "cannot_be_proved",
        [],
    )
    assert document["overall_compliance"]["compliance_percentage"] is None


def test_the_platform_counts_tenants_with_data(platform: dict[str, Any]) -> None:
    overall = platform["overall_compliance"]
    assert (overall["total_tenants"], overall["tenants_with_data"], overall["compliant_tenants"]) == (6, 4, 2)
    assert overall["compliance_percentage"] == 50
    assert overall["verdicts"] == {"met": 2, "not_met_so_far": 0, "breached": 2, "cannot_be_proved": 2}
    assert [tenant["tenant_id"] for tenant in platform["tenants"]] == [f"tenant-{n:03}" for n in range(6)]
    bad = platform["tenants"][0]
    assert (bad["report"]["availability_pct"], bad["as_issued"]["availability_pct"]) == ("99.8530", "99.8078")
    assert bad["proved"]["targets"]["recovery_time"] == "breached"
    assert set(bad["digests"]) == {"changes", "measurements", "windows", "corrections", "terms", "checks"}
    assert sum(p["downtime_minutes"] for p in platform["trends"]) == 2 * 65


def test_a_running_month_is_not_breached_by_what_its_rest_can_mend() -> None:
    """Document, spreadsheet and paper say the same; 20 minutes down are not half of what a March allows."""
    outage = [(examples.at(4, 10, 5), examples.at(4, 10, 18))]
    one = examples.subject("acme", examples.month_of(1, outage))
    as_of = examples.at(5, 0)
    judged = judge([Version(0, one.judged.whole.terms)], one.facts, examples.MONTH, as_of)
    running = replace(one, judged=judged)
    known = datetime.fromtimestamp(as_of, UTC)
    document = document_of(replace(examples.heading(), as_of=known), [running], "acme")
    (metrics,), (detail,) = document["tenant_compliance"], document["tenants"]
    assert "availability" in metrics["violations"]
    assert detail["proved"]["targets"]["availability"] == metrics["verdict"] == "not_met_so_far"
    assert document["overall_compliance"]["verdicts"]["not_met_so_far"] == 1
    assert b",not_met_so_far," in to_csv(document)
    shown = view_of(document)
    assert (shown["verdict"], shown["tone"]) == ("Not met so far", "open")
    assert shown["sentence"].startswith("Up to now the agreed level is missed: availability")
    assert [row[4] for row in shown["targets"] if row[0] == "Response time"] == ["Met so far"]
    assert digest(content_of(document)) == document["content_digest"]


def test_of_a_period_that_is_over_nothing_is_to_be_mended(bad: dict[str, Any]) -> None:
    """So its digest is that of before such a verdict was known."""
    overall = bad["overall_compliance"]
    verdicts = {word: n for word, n in overall["verdicts"].items() if word != "not_met_so_far"}
    before = bad | {"overall_compliance": overall | {"verdicts": verdicts}}
    assert digest(content_of(before)) == bad["content_digest"]


def test_the_digest_means_the_content(bad: dict[str, Any]) -> None:
    assert digest(content_of(bad)) == bad["content_digest"]
    assert bad["report_id"] == f"sla-2026-03-{bad['content_digest'][7:19]}"
    again = examples.tenant_document(examples.with_incidents())
    assert again["content_digest"] == bad["content_digest"]


def test_the_canonical_form_is_one() -> None:
    assert canonical({"b": 1.0, "a": [True, None, "ü", 0.5]}) == '{"a":[true,null,"ü",0.5],"b":1}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


def test_csv_has_a_row_per_tenant(platform: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(platform).decode())))
    assert [row["tenant_id"] for row in rows] == [f"tenant-{n:03}" for n in range(6)]
    assert rows[0]["violations"] == "availability;recovery_time"
    assert (rows[0]["sla_compliance"], rows[1]["sla_compliance"], rows[2]["sla_compliance"]) == (
        "no",
        "yes",
        "",
    )
    assert (rows[1]["violations"], rows[0]["reason"], rows[0]["availability_as_issued"]) == (
        "",
        "",
        "99.8078",
    )
    assert (rows[0]["period_start"], rows[2]["availability"]) == ("2026-02-28T23:00:00Z", "")


def test_a_name_is_no_formula(platform: dict[str, Any]) -> None:
    tenants = [dict(platform["tenant_compliance"][0], tenant_name="=cmd|'/c calc'!A1")]
    rows = list(csv.DictReader(io.StringIO(to_csv(platform | {"tenant_compliance": tenants}).decode())))
    assert rows[0]["tenant_name"] == "'=cmd|'/c calc'!A1"
