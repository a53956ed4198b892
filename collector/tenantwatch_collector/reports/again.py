"""What a report says of one tenant, made again from exported facts, in the order in which it is compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.digests import fact_digests
from tenantwatch_collector.reports.document import Heading, content_of, document_of
from tenantwatch_collector.reports.exported import Export
from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.rounding import exact
from tenantwatch_collector.sla.steps import steps_of
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.written import terms_from_json

Document = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def told_again(
    document: Document, export: Export, versions: Sequence[Version], as_of: int
) -> tuple[dict[str, Any], Sequence[str]]:
    """``narrowed`` content made from the export, and the checks whose changes its results do not give."""
    terms, units = versions[-1].terms, export.units_per_second
    seconds = Period(*(instant_of(document["report_period"][name], 1) for name in ("start", "end")))
    period = seconds.in_units(units)
    zone = ZoneInfo(document["report_period"]["timezone"])
    facts = export.facts(terms, as_of)
    steps = [step.in_units(units) for step in steps_of(seconds, zone)]
    judged = judge(versions, facts, period, as_of, steps)
    metrics = _of_tenant(document["tenant_compliance"], export.tenant_id)
    subject = Subject(
        export.tenant_id,
        metrics["tenant_name"],
        metrics["tier"],
        judged,
        facts,
        export.windows_known(as_of),
        fact_digests(facts, judged),
    )
    tenant_id = None if "platform" in document["scope"] else export.tenant_id
    again = json.loads(json.dumps(document_of(_heading(document, seconds), [subject], tenant_id)))
    return narrowed(again, export), export.follows(terms, (period.start, min(period.end, as_of)), as_of)


def narrowed(document: Document, export: Export) -> dict[str, Any]:
    """What the document says of the export's tenant alone: the numbers first, then what stands around."""
    tenant_id, content = export.tenant_id, content_of(dict(document))
    detail, of_all = _of_tenant(content["tenants"], tenant_id), "platform" in content["scope"]
    told = {
        "scope": content["scope"],
        "report": detail["report"],
        "metrics": _of_tenant(content["tenant_compliance"], tenant_id),
        "violations": [v for v in content["violations"] if v["tenant_id"] == tenant_id],
        **{name: value for name, value in detail.items() if name not in ("report", "parts", "digests")},
        # Terms are compared by themselves.
        "parts": [{name: part[name] for name in part if name != "terms"} for part in detail["parts"]],
        # The trends and the compliance of a platform are of all its tenants.
        "trends": [] if of_all else content["trends"],
        "overall_compliance": {} if of_all else content["overall_compliance"],
        # Burn rates are of the moment, whose results an export without changes may not have.
        "burn": None
        if export.changes is None
        else _of_tenant(document["tenants"], tenant_id)["report"]["burn"],
    }
    return {**told, "digests": detail["digests"]}


def _of_tenant(entries: Sequence[Any], tenant_id: str) -> Any:
    """The entry of that tenant. Raises KeyError."""
    for entry in entries:
        if entry["tenant_id"] == tenant_id:
            return entry
    raise KeyError(f"nothing of tenant {tenant_id}")


def versions_told(detail: Document) -> list[Version]:
    """The terms in the report itself; none in a platform's."""
    versions = []
    for part in detail.get("parts", ()):
        terms: Terms = terms_from_json(part["terms"])
        start = exact(part["from"]) * terms.units_per_second
        versions.append(Version(int(start), terms))
    return versions


def instant_of(text: str, units: int) -> int:
    """An instant of a document in the facts' unit."""
    since = datetime.fromisoformat(text) - _EPOCH
    return since // timedelta(microseconds=1) * units // 1_000_000


def _heading(document: Document, period: Period) -> Heading:
    told = document["report_period"]
    as_of, made = (datetime.fromisoformat(document[name]) for name in ("as_of", "generated_at"))
    return Heading(told["type"], told["label"], told["timezone"], period, as_of, made)
