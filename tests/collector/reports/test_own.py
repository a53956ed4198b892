"""A report is made again from what it says itself, without facts: each lie that contradicts it is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date
from typing import Any

import pytest
from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.reports.difference import Difference
from tenantwatch_collector.reports.digests import fact_digests
from tenantwatch_collector.reports.document import content_of, document_of, report_id_of
from tenantwatch_collector.reports.signing import Signer, load_signer
from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.reports.verify import Note, verify
from tenantwatch_collector.sla import Period, calendar_period
from tenantwatch_collector.sla.contract import Contract
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.steps import steps_of

from tests.collector.reports import examples

Document = dict[str, Any]
Lie = Callable[[Document], Any]
OWN = "its timelines and counts give its numbers, and its numbers all that it says of them"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return load_signer(tmp_path_factory.mktemp("key") / "report-key.pem")


@pytest.fixture(scope="module")
def bad_month() -> Document:
    return written(examples.tenant_document(examples.with_incidents()))


@pytest.fixture(scope="module")
def platform() -> Document:
    """Three tenants over a month of UTC days: one has a bad one, one a quiet one, one is silent."""
    month = calendar_period("monthly", date(2026, 3, 1), UTC)
    subjects = [over(month, each()) for each in (examples.with_incidents, examples.quiet, examples.silent)]
    return written(document_of(replace(examples.heading(month), timezone="UTC"), subjects, None))


def over(period: Period, one: Subject) -> Subject:
    terms, as_of = one.judged.whole.terms, examples.AS_OF
    judged = judge([Version(0, terms)], one.facts, period, as_of, steps_of(period, UTC))
    return replace(one, judged=judged, digests=fact_digests(one.facts, judged))


def written(document: Document) -> Document:
    told: Document = json.loads(json.dumps(document))
    return told


def said(signer: Signer, document: Document) -> list[str]:
    """By verify, of the report as it is signed by whoever holds the key."""
    document["content_digest"] = digest(content_of(document))
    document["report_id"] = report_id_of(document["report_period"]["label"], document["content_digest"])
    return list(verify(written(signer.sign(document)), None, {signer.key_id}))


def report(document: Document) -> Document:
    told: Document = document["tenants"][0]["report"]
    return told


def again(document: Document, name: str, **more: Any) -> None:
    entry = copy.deepcopy(document[name][0])
    document[name].append(entry | more)


LIES: list[tuple[str, Lie]] = [
    (r"report\.eligible_s", lambda d: report(d).update(eligible_s=100, available_s=100)),
    (r"report\.downtime_s", lambda d: report(d).update(downtime_s=0, downtime_minutes="0.00")),
    (r"report\.incidents", lambda d: report(d).update(incidents=[], incident_count=0)),
    (r"report\.incidents\[0\]\.end", lambda d: report(d)["incidents"][0].update(end=examples.at(4, 10, 20))),
    (r"report\.incidents", lambda d: report(d)["incidents"][0].update(end=None, resolved=False)),
    (r"incidents\[0\]\.over_target", lambda d: report(d)["incidents"][0].update(over_target=False)),
    (r"report\.violations", lambda d: report(d).update(violations=[], compliant=True)),
    (r"report\.errors\.pct", lambda d: report(d)["errors"].update(pct="0.0000")),
    (r"report\.coverage_pct", lambda d: report(d).update(coverage_pct="100.0000")),
    (r"report\.credit", lambda d: report(d).update(credit={"pct": "0", "amount": "0.00"})),
    (r"report\.budget", lambda d: report(d)["budget"].update(remaining_s="999999")),
    (r"report\.mttr_s", lambda d: report(d).update(mttr_s="1.000")),
    (r"report\.health_score", lambda d: report(d).update(health_score="100.0")),
    (r"proved\.overall", lambda d: d["tenants"][0]["proved"].update(overall="met")),
    (r"proved\.worst_pct", lambda d: d["tenants"][0]["proved"].update(worst_pct="100.0000")),
    ("timeline", lambda d: d["tenants"][0]["timeline"].pop(3)),
    (r"parts\[0\]\.compliant", lambda d: d["tenants"][0]["parts"][0].update(compliant=True)),
    (r"tenants\[0\]\.summary", lambda d: d["tenants"][0].update(summary="all is well")),
    ("summary: only in the report", lambda d: d.update(summary="all is well")),
    (r"tenant_compliance\[0\]\.tenant_name", lambda d: d["tenant_compliance"][0].update(tenant_name="Other")),
    (r"tenant_compliance\[0\]\.tier", lambda d: d["tenants"][0].update(tier="basic")),
    (r"tenant_compliance\[0\]\.availability", lambda d: d["tenant_compliance"][0].update(availability=100.0)),
    ("tenant_compliance: the report has 2", lambda d: again(d, "tenant_compliance")),
    ("stands there more than once", lambda d: again(d, "tenants")),
    ("and tells", lambda d: again(d, "tenants", tenant_id="zz")),
    (r"violations\[0\]\.measured", lambda d: d["violations"][0].update(measured=99.9)),
    (r"trends\[3\]\.availability", lambda d: d["trends"][3].update(availability=100.0)),
    ("trends: the report has 0", lambda d: d["trends"].clear()),
    (
        r"overall_compliance\.compliant_tenants",
        lambda d: d["overall_compliance"].update(compliant_tenants=1, compliance_percentage=100.0),
    ),
    (r"report_period\.label", lambda d: d["report_period"].update(label="2026-3")),
    (r"report_period\.start", lambda d: d["report_period"].update(label="2026-02")),
    ("generated_at", lambda d: d.update(generated_at="2026-04-01T00:00:00Z")),
    ("computation", lambda d: d.update(computation=0)),
    ("revision", lambda d: d.update(revision=2)),
]


def test_what_is_true_of_itself_holds_and_what_nothing_proves_is_said(
    signer: Signer, bad_month: Document, platform: Document
) -> None:
    for document in (bad_month, platform, written(examples.tenant_document(examples.silent()))):
        lines = said(signer, copy.deepcopy(document))
        assert OWN in lines
        first, second = [line for line in lines if isinstance(line, Note)]
        assert first.startswith("without an export nothing shows")
        assert second.startswith("stage, revision and reason")


@pytest.mark.parametrize("degraded", ["up", "down"])
@pytest.mark.parametrize("maintenance", ["exclude", "up", "ignore"])
@pytest.mark.parametrize("unknown", ["exclude", "up", "down"])
def test_whatever_was_agreed_and_changed_holds(
    signer: Signer, maintenance: str, unknown: str, degraded: str
) -> None:
    """From the middle of the month on other terms are in force, with hours in which alone they count."""
    one, hours = examples.with_incidents(), {"from_minute": 480, "to_minute": 1200}
    policies = {"maintenance": maintenance, "unknown": unknown, "degraded": degraded}
    later = Contract.model_validate(
        {
            "tier": "basic",
            "timezone": "Europe/Berlin",
            "policies": policies,
            "service_hours": [{"weekday": day, **hours} for day in range(7)],
            "credits": {"fee": "100", "table": [{"below": "99.9", "credit_pct": "5"}]},
        }
    )
    terms = later.to_terms(examples.CHECKS, examples.GROUPS, None)
    versions = [Version(0, one.judged.whole.terms), Version(examples.at(15, 2, 30), terms)]
    steps = steps_of(examples.MONTH, examples.ZONE)
    judged = judge(versions, one.facts, examples.MONTH, examples.AS_OF, steps)
    assert len(judged.parts) == 2
    assert OWN in said(signer, written(examples.tenant_document(replace(one, judged=judged))))


@pytest.mark.parametrize(("named", "lie"), LIES)
def test_what_contradicts_the_rest_is_named(
    signer: Signer, bad_month: Document, named: str, lie: Lie
) -> None:
    document = copy.deepcopy(bad_month)
    lie(document)
    with pytest.raises(Difference, match=named):
        said(signer, document)


def of_another(document: Document, **told: Any) -> None:
    document["tenant_compliance"][1].update(told)


PLATFORM_LIES: list[tuple[str, Lie]] = [
    (
        r"overall_compliance\.compliance_percentage",
        lambda d: d["overall_compliance"].update(compliance_percentage=99.0),
    ),
    (
        r"overall_compliance\.average_response_time",
        lambda d: d["overall_compliance"].update(average_response_time=1.0),
    ),
    (r"overall_compliance\.verdicts", lambda d: d["overall_compliance"]["verdicts"].update(breached=0)),
    (r"tenant_compliance\[1\]\.availability", lambda d: of_another(d, availability=12.0)),
    (r"tenant_compliance\[1\]\.verdict", lambda d: of_another(d, verdict="breached")),
    (r"tenant_compliance\[0\]\.violations", lambda d: d["tenant_compliance"][0].update(violations=[])),
    ("trends: their downtime", lambda d: d["tenants"].pop(0)),
    ("trends: their downtime", lambda d: [each.update(downtime_minutes=0.0) for each in d["trends"]]),
    ("trends: the report has 0", lambda d: d["trends"].clear()),
    (r"trends\[0\]\.from", lambda d: d["trends"][0].update({"from": "2026-02-01T00:00:00Z"})),
    ("violations: the report has 0", lambda d: d["violations"].clear()),
    (r"violations\[0\]\.measured", lambda d: d["violations"][0].update(measured=99.9)),
    (r"report\.availability_pct", lambda d: report(d).update(availability_pct="100.0000")),
    (r"report\.downtime_s: contradicts", lambda d: report(d).update(downtime_s=0)),
    (r"report\.incidents: contradicts", lambda d: report(d)["incidents"].pop(0)),
    (
        r"report\.seconds: contradicts",
        lambda d: report(d)["seconds"].update(up=report(d)["seconds"]["up"] + 1),
    ),
    (r"report\.violations: contradicts", lambda d: report(d).update(violations=["error_rate"])),
    (r"report_period\.timezone", lambda d: d["report_period"].update(timezone="Europe/Berlin")),
]


@pytest.mark.parametrize(("named", "lie"), PLATFORM_LIES)
def test_what_contradicts_the_rest_of_a_platforms_report_is_named(
    signer: Signer, platform: Document, named: str, lie: Lie
) -> None:
    document = copy.deepcopy(platform)
    lie(document)
    with pytest.raises(Difference, match=named):
        said(signer, document)
