"""Checks a report with no server: its signature, its digest, its arithmetic, its numbers from results.

Stops at the first difference and names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.reports.digests import fact_digests
from tenantwatch_collector.reports.document import SCHEMA, content_of
from tenantwatch_collector.reports.export import Export
from tenantwatch_collector.reports.signing import verify_signature
from tenantwatch_collector.reports.subject import MAX_TIMELINE
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.corrections import corrections_known
from tenantwatch_collector.sla.evaluate import known_facts
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.report import report
from tenantwatch_collector.sla.rounding import exact, floor_text
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.written import terms_from_json

Document = Mapping[str, Any]


class Difference(ValueError):
    """The first thing in a report that does not hold."""


def verify(document: Document, export: Export | None, expected_key_id: str | None = None) -> Iterator[str]:
    """One line per thing that holds. Raises Difference or SignatureError at the first that does not."""
    if document.get("schema") != SCHEMA:
        raise Difference(f'not a report: "schema" must be "{SCHEMA}"')
    key_id = verify_signature(dict(document), expected_key_id)
    yield f"the report is as key {key_id} signed it"
    try:
        yield from _content(document, export)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise Difference(f"the report is not complete: {error}") from error


def _content(document: Document, export: Export | None) -> Iterator[str]:
    if digest(content_of(dict(document))) != document["content_digest"]:
        raise Difference("content_digest: the content has another digest")
    yield f"its content has the digest {document['content_digest']}"
    for detail in document["tenants"]:
        _own_arithmetic(detail)
        yield f"{detail['tenant_id']}: the timeline gives the seconds, and the seconds the availability"
    if export is not None:
        yield from _against(document, export)


def _own_arithmetic(detail: Document) -> None:
    if len(detail["timeline"]) >= MAX_TIMELINE:
        return
    told, counted = detail["report"], dict.fromkeys((c.value for c in TimeClass), Fraction(0))
    for start, end, name in detail["timeline"]:
        counted[name] += exact(end) - exact(start)
    for name, seconds in counted.items():
        _same(f"{detail['tenant_id']}: report.seconds.{name}", told["seconds"][name], seconds)
    eligible, available = exact(told["eligible_s"]), exact(told["available_s"])
    ratio = None if not eligible else floor_text(100 * available / eligible, 4)
    if ratio != told["availability_pct"]:
        raise Difference(
            f"report.availability_pct: the report says {told['availability_pct']}, {ratio} follows"
        )


def _same(name: str, told: Any, found: Fraction) -> None:
    if exact(told) != found:
        raise Difference(f"{name}: the report says {told}, {float(found):g} follows")


def _against(document: Document, export: Export) -> Iterator[str]:
    detail = next((d for d in document["tenants"] if d["tenant_id"] == export.tenant_id), None)
    if detail is None:
        raise Difference(f"the export is of {export.tenant_id!r}, of whom the report tells no detail")
    versions = _versions(detail)
    terms, units = versions[-1].terms, versions[-1].terms.units_per_second
    if units != export.units_per_second:
        raise Difference("the export counts in another unit than the report")
    as_of = _instant(document["as_of"], units)
    period = Period(*(_instant(document["report_period"][name], units) for name in ("start", "end")))
    facts = known_facts(terms, export.results, as_of, export.windows, export.requests)
    facts = replace(facts, corrections=corrections_known(export.corrections, as_of))
    judged = judge(versions, facts, period, as_of)
    found = report(judged.whole)
    # Burn rates are of the moment of asking and need results from after the period.
    told = {name: value for name, value in detail["report"].items() if name != "burn"}
    found.pop("burn")
    difference = first_difference(told, found, "report")
    if difference:
        raise Difference(difference)
    yield f"{export.tenant_id}: the exported results give every number of the report"
    for name, value in fact_digests(facts, judged.whole).items():
        told = detail["digests"].get(name)
        if told is not None and told != value:
            raise Difference(f"digests.{name}: the report says {told}, the exported results give {value}")
    yield f"{export.tenant_id}: the exported results have the digests of the report's facts"


def _versions(detail: Document) -> list[Version]:
    versions = []
    for part in detail["parts"]:
        terms: Terms = terms_from_json(part["terms"])
        start = exact(part["from"]) * terms.units_per_second
        versions.append(Version(int(start), terms))
    return versions


def _instant(text: str, units: int) -> int:
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1) * units // 1_000_000


def first_difference(told: Any, found: Any, name: str) -> str:
    """Where two JSON values part, with both; an empty text if nowhere."""
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys([*told, *found]):
            if key not in told or key not in found:
                return f"{name}.{key}: only in the {'report' if key in told else 'recomputed report'}"
            difference = first_difference(told[key], found[key], f"{name}.{key}")
            if difference:
                return difference
        return ""
    if isinstance(told, list) and isinstance(found, list):
        if len(told) != len(found):
            return f"{name}: the report has {len(told)} entries, {len(found)} follow"
        pairs = enumerate(zip(told, found, strict=True))
        return next(filter(None, (first_difference(a, b, f"{name}[{n}]") for n, (a, b) in pairs)), "")
    return "" if told == found else f"{name}: the report says {told}, {found} follows"
