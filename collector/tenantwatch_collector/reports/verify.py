"""Checks a report with no server: its signature, its digest, its arithmetic, its numbers from the facts.

Stops at the first difference and names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any

from tenantwatch_collector.reports.again import instant_of, narrowed, told_again, versions_told
from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.reports.document import SCHEMA, content_of, report_id_of
from tenantwatch_collector.reports.exported import Export
from tenantwatch_collector.reports.signing import verify_signature
from tenantwatch_collector.reports.subject import MAX_TIMELINE, terms_told
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.parts import Version, split_period
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.rounding import exact, floor_text
from tenantwatch_collector.sla.written import terms_to_json

Document = Mapping[str, Any]
_MALFORMED = (KeyError, TypeError, IndexError, AttributeError, ValueError, ArithmeticError, RecursionError)


DEFINITIONS_SINCE = 3
"""From this computation on it is known how each check was confirmed at the time."""


class Difference(ValueError):
    """The first thing in a report that does not hold."""


class Note(str):
    """A line that says what was not proved, and why that is no contradiction."""

    __slots__ = ()


def verify(
    document: Document, export: Export | None, trusted: Collection[str] | None = None
) -> Iterator[str]:
    """One line per thing that holds. Raises Difference or SignatureError at the first that does not."""
    if document.get("schema") != SCHEMA:
        raise Difference(f'not a report: "schema" must be "{SCHEMA}"')
    key_id = verify_signature(dict(document), trusted)
    yield f"the report is as key {key_id} signed it"
    if trusted is None:
        yield Note(
            f"key {key_id} is the one that the report itself names: nobody changed the report since, but who"
            " made it is not proved; ask for its operator's published keys and give them as --keys"
        )
    try:
        yield from _content(document, export)
    except Difference:
        raise
    except _MALFORMED as error:
        raise Difference(f"the report or its facts are not complete: {error}") from error


def _content(document: Document, export: Export | None) -> Iterator[str]:
    if digest(content_of(dict(document))) != document["content_digest"]:
        raise Difference("content_digest: the content has another digest")
    yield f"its content has the digest {document['content_digest']}"
    for detail in document["tenants"]:
        _own_arithmetic(detail)
    yield "the timelines give the seconds, and the seconds the availability"
    report_id = report_id_of(document["report_period"]["label"], document["content_digest"])
    if document["report_id"] != report_id:
        raise Difference(f"report_id: the report says {document['report_id']}, {report_id} follows")
    if export is not None:
        yield from _against(document, export)


def _own_arithmetic(detail: Document) -> None:
    told = detail["report"]
    if len(detail.get("timeline", ())) < MAX_TIMELINE:
        counted = dict.fromkeys((c.value for c in TimeClass), Fraction(0))
        for start, end, name in detail.get("timeline", ()):
            counted[name] += exact(end) - exact(start)
        for name, seconds in counted.items() if "timeline" in detail else ():
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
    tenant_id = export.tenant_id
    detail = next((d for d in document["tenants"] if d["tenant_id"] == tenant_id), None)
    if detail is None:
        raise Difference(f"the export is of {tenant_id!r}, of whom the report tells no detail")
    as_of, versions = _versions(document, detail, export)
    if export.terms and detail.get("parts"):
        _same_terms(document, detail, export.versions(as_of), as_of)
        yield f"{tenant_id}: the exported terms are those in force"
    found, left_alone = told_again(document, export, versions, as_of)
    told = narrowed(document, export)
    difference = next(filter(None, (first_difference(told[name], found[name], name) for name in found)), "")
    if difference:
        raise Difference(difference)
    yield f"{tenant_id}: the exported {_kinds(export)} give every number of the report"
    yield f"{tenant_id}: the exported {_kinds(export)} have the digests of the report's facts"
    for check_id in left_alone:
        yield Note(
            f"{tenant_id}: the results that are left give other changes of {check_id} than were confirmed"
            " at the time: some of its results are gone, or its settings changed before they were kept"
        )


def _kinds(export: Export) -> str:
    return "results" if export.changes is None else "facts"


def _versions(document: Document, detail: Document, export: Export) -> tuple[int, list[Version]]:
    """The terms to judge by: those of the report, and the exported ones for the time before it, in which its
    outages may have begun; else the exported ones."""
    units = export.units_per_second
    as_of = instant_of(document["as_of"], units)
    told, exported = versions_told(detail), export.versions(as_of)
    since = told[0].in_force_from if told else 0
    versions = [each for each in exported if not told or each.in_force_from < since] + told
    if not versions:
        raise Difference("neither the report nor the export tells terms: export the facts, not results alone")
    if versions[0].terms.units_per_second != units:
        raise Difference("the export counts in another unit than the report")
    return as_of, versions


def _same_terms(document: Document, detail: Document, exported: list[Version], as_of: int) -> None:
    """Raise Difference where the report's terms are not the exported ones, as far as numbers rest on them."""
    units = exported[0].terms.units_per_second
    period = Period(*(instant_of(document["report_period"][name], units) for name in ("start", "end")))
    until = min(period.end, as_of)
    parts = split_period(period, exported)
    for number, (part, (terms, span)) in enumerate(zip(detail["parts"], parts, strict=False)):
        name = f"parts[{number}]"
        if exact(part["from"]) * units != span.start:
            raise Difference(f"{name}.from: the report and the exported terms differ")
        told: Document = part["terms"]
        found: Document = terms_to_json(terms_told(terms, until))
        if document.get("computation", 0) < DEFINITIONS_SINCE:
            told, found = _judged_by(told), _judged_by(found)
        difference = first_difference(told, found, f"{name}.terms")
        if difference:
            raise Difference(difference)
    if len(parts) != len(detail["parts"]):
        raise Difference(
            f"parts: the report has {len(detail['parts'])}, the exported terms give {len(parts)}"
        )


def _judged_by(terms: Document) -> Document:
    """Terms less the settings by which changes were confirmed: later ones took their place."""
    checks = [
        {name: check[name] for name in ("check_id", "group", "active_from", "active_to")}
        for check in terms["checks"]
    ]
    return {**terms, "checks": checks}


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
    # To Python 1 is true, and to nobody else.
    same = told == found and isinstance(told, bool) == isinstance(found, bool)
    return "" if same else f"{name}: the report says {told}, {found} follows"
