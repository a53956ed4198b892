"""Checks a report with no server: its signature, its digest, its arithmetic, its numbers from the facts.

Stops at the first difference and names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any

from tenantwatch_collector.reports.again import instant_of, narrowed, told_again
from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.reports.difference import Difference, first_difference
from tenantwatch_collector.reports.document import SCHEMA, content_of, report_id_of
from tenantwatch_collector.reports.exported import Export
from tenantwatch_collector.reports.signing import verify_signature
from tenantwatch_collector.reports.subject import MAX_TIMELINE
from tenantwatch_collector.reports.terms_again import DEFINITIONS_SINCE, same_terms, versions_of
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.life import is_final
from tenantwatch_collector.sla.rounding import exact, floor_text

Document = Mapping[str, Any]
_MALFORMED = (KeyError, TypeError, IndexError, AttributeError, ValueError, ArithmeticError, RecursionError)


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
    _own_life(document)
    if export is None:
        return
    try:
        yield from _against(document, export)
    except Difference as difference:
        raise Difference(f"{difference}{_of_another_instant(document, export)}") from difference


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


def _own_life(document: Document) -> None:
    """Raise Difference where no report is of that stage at that instant, by that reason."""
    stage, revision, reason = (document[name] for name in ("stage", "revision", "reason"))
    if stage not in ("provisional", "final", "revised"):
        raise Difference(f"stage: the report says {stage}, which is none")
    if (stage == "revised") != (type(revision) is int and revision > 0):
        raise Difference(f"revision: the report says {revision}, and is {stage}")
    if (stage == "revised") != bool(reason):
        raise Difference(f"reason: the report says {reason!r}, and is {stage}")
    end, as_of = (instant_of(text, 1) for text in (document["report_period"]["end"], document["as_of"]))
    if stage != "provisional" and not is_final(end, as_of, ()):
        raise Difference(f"as_of: the report is {stage} at {document['as_of']}, before 72 hours had passed")


def _same(name: str, told: Any, found: Fraction) -> None:
    if exact(told) != found:
        raise Difference(f"{name}: the report says {told}, {float(found):g} follows")


def _against(document: Document, export: Export) -> Iterator[str]:
    tenant_id = export.tenant_id
    detail = next((d for d in document["tenants"] if d["tenant_id"] == tenant_id), None)
    if detail is None:
        raise Difference(f"the export is of {tenant_id!r}, of whom the report tells no detail")
    as_of = instant_of(document["as_of"], export.units_per_second)
    versions = versions_of(detail, export, as_of)
    if export.terms and detail.get("parts"):
        same_terms(document, detail, export, as_of)
        yield f"{tenant_id}: the exported terms are those in force"
    found, left_alone = told_again(document, export, versions, as_of)
    told, unproved = narrowed(document, export), _burn_is_unproved(document, export, as_of)
    names = [name for name in found if name != "burn" or not unproved]
    difference = next(filter(None, (first_difference(told[name], found[name], name) for name in names)), "")
    if difference:
        raise Difference(difference)
    if unproved:
        yield Note(f"{tenant_id}: burn rates are not made again: {unproved}")
    yield f"{tenant_id}: the exported {_kinds(export)} give every number of the report"
    yield f"{tenant_id}: the exported {_kinds(export)} have the digests of the report's facts"
    for check_id in left_alone:
        yield Note(
            f"{tenant_id}: the results that are left give other changes of {check_id} than were confirmed"
            " at the time: some of its results are gone, or its settings changed before they were kept"
        )


def _kinds(export: Export) -> str:
    return "results" if export.changes is None else "facts"


def _burn_is_unproved(document: Document, export: Export, as_of: int) -> str:
    """Why the export cannot give burn rates, which are of the report's instant; empty if it can."""
    if export.changes is None:
        return "results alone do not tell them"
    if export.as_of is None or document.get("computation", 0) < DEFINITIONS_SINCE:
        return "the report or the export is of an earlier build, which did not keep what each check was when"
    if as_of > export.as_of:
        return f"the export was made before {document['as_of']}, of which the report says it is"
    return ""


def _of_another_instant(document: Document, export: Export) -> str:
    """What to ask for where what became known between the two may be why they differ."""
    if export.as_of is None or export.as_of == instant_of(document["as_of"], export.units_per_second):
        return ""
    return f" (the export was not made as of {document['as_of']}, as the report was; such a one settles it)"
