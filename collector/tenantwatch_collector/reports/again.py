"""A report of one tenant made again from exported facts, as the collector makes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tenantwatch_collector.reports.digests import AGREED, fact_digests
from tenantwatch_collector.reports.document import COMPUTATION, Heading, document_of
from tenantwatch_collector.reports.exported import Export
from tenantwatch_collector.reports.naming import NamedPeriod
from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.steps import steps_of

Document = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OF_TENANTS = ("tenants", "tenant_compliance", "violations")
_OF_ALL = ("report_id", "content_digest", "trends", "overall_compliance")


def made_again(
    document: Document, export: Export, versions: Sequence[Version], named: NamedPeriod, as_of: int
) -> dict[str, Any]:
    """The document that the export gives, in the order in which it is compared."""
    terms, units = versions[-1].terms, export.units_per_second
    facts = export.facts(terms, as_of)
    steps = [step.in_units(units) for step in steps_of(named.period, named.zone)]
    judged = judge(versions, facts, named.period.in_units(units), as_of, steps)
    told = of_tenant(document["tenant_compliance"], export.tenant_id)
    subject = Subject(
        export.tenant_id,
        told["tenant_name"],
        told["tier"],
        judged,
        facts,
        export.windows_known(as_of),
        fact_digests(facts, judged),
    )
    tenant_id = None if "platform" in document["scope"] else export.tenant_id
    again = document_of(heading_of(document, named), [subject], tenant_id)
    again["computation"] = document["computation"]
    return narrowed(json.loads(json.dumps(again)), export)


def narrowed(document: Document, export: Export) -> dict[str, Any]:
    """The document less what an export of one tenant cannot tell: of a platform's that tenant's part."""
    told = {name: value for name, value in document.items() if name != "signature"}
    if "platform" in document["scope"]:
        told = {name: value for name, value in told.items() if name not in _OF_ALL}
        for name in _OF_TENANTS:
            told[name] = [each for each in told[name] if each["tenant_id"] == export.tenant_id]
    told["tenants"] = [_detail(each, with_burn=export.changes is not None) for each in told["tenants"]]
    if document["computation"] != COMPUTATION:
        # Other builds put other words of the terms, which are told in full, under these digests.
        told["tenants"] = [_without_agreed(each) for each in told["tenants"]]
    return in_order(told)


def in_order(document: Document) -> dict[str, Any]:
    """The numbers first, and last the digests, which differ wherever anything does."""
    details = [_in_order(each, ("report",), ("digests",)) for each in document["tenants"]]
    first, last = ("scope", "report_period", "tenants"), ("content_digest", "report_id")
    return _in_order({**document, "tenants": details}, first, last)


def _in_order(values: Document, first: Sequence[str], last: Sequence[str]) -> dict[str, Any]:
    names = [n for n in first if n in values] + [n for n in values if n not in (*first, *last)]
    return {name: values[name] for name in [*names, *(n for n in last if n in values)]}


def _detail(detail: Document, with_burn: bool) -> dict[str, Any]:
    """Less the way to the numbers, which is another one, and burn rates where nothing tells them."""
    told = {**detail}
    if "rests_on" in told:
        told["rests_on"] = {n: v for n, v in told["rests_on"].items() if n not in ("buckets", "results")}
    if not with_burn:
        told["report"] = {name: value for name, value in told["report"].items() if name != "burn"}
    return told


def _without_agreed(detail: Document) -> dict[str, Any]:
    return {**detail, "digests": {n: v for n, v in detail["digests"].items() if n not in AGREED}}


def of_tenant(entries: Sequence[Any], tenant_id: str) -> Any:
    """The entry of that tenant. Raises KeyError."""
    for entry in entries:
        if entry["tenant_id"] == tenant_id:
            return entry
    raise KeyError(f"nothing of tenant {tenant_id}")


def instant_of(text: str, units: int) -> int:
    """An instant of a document in the facts' unit."""
    since = datetime.fromisoformat(text) - _EPOCH
    return since // timedelta(microseconds=1) * units // 1_000_000


def heading_of(document: Document, named: NamedPeriod) -> Heading:
    """The document's, with the period that it is of."""
    as_of, made = (datetime.fromisoformat(document[name]) for name in ("as_of", "generated_at"))
    stage, revision, reason = (document[name] for name in ("stage", "revision", "reason"))
    return Heading(
        named.period_type,
        named.label,
        str(named.zone),
        named.period,
        as_of,
        made,
        stage,
        revision,
        reason,
    )
