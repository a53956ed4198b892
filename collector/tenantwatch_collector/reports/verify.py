"""Checks a report with no server: its signature, its digest, its arithmetic, its numbers from the facts.

Stops at the first difference and names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tenantwatch_collector.reports.again import instant_of, made_again, narrowed
from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.reports.difference import Difference, first_difference
from tenantwatch_collector.reports.document import COMPUTATION, SCHEMA, content_of
from tenantwatch_collector.reports.exported import LEAD_SECONDS, Export
from tenantwatch_collector.reports.follows import changes_again, sums_are_of_what_is_gone
from tenantwatch_collector.reports.named_again import UTC_DAYS, local_time_of, same_period
from tenantwatch_collector.reports.own import own_difference
from tenantwatch_collector.reports.signing import verify_signature
from tenantwatch_collector.reports.terms_again import same_terms, versions_of
from tenantwatch_collector.sla.life import is_final

Document = Mapping[str, Any]
_MALFORMED = (KeyError, TypeError, IndexError, AttributeError, ValueError, ArithmeticError, RecursionError)
_ON_TRUST = (
    "stage, revision and reason, when it was generated, tenants' names and tiers, and how many sums and"
    " results were read for it are what the collector says: no fact tells them"
)

_NO_FACTS = (
    "without an export nothing shows that its timelines, counts, terms, exclusions, burn rates and digests"
    " are those of the facts"
)


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
    except Difference as difference:
        raise Difference(f"{difference}{_of_another_build(document)}") from difference
    except _MALFORMED as error:
        raise Difference(f"the report or its facts are not complete: {error}") from error


def _content(document: Document, export: Export | None) -> Iterator[str]:
    if digest(content_of(dict(document))) != document["content_digest"]:
        raise Difference("content_digest: the content has another digest")
    yield f"its content has the digest {document['content_digest']}"
    _own_life(document)
    yield from _own(document)
    told = document["computation"]
    if told != COMPUTATION:
        yield Note(f"it says that it is of computation {told}; this build checks it by {COMPUTATION}")
    if export is None:
        yield Note(_NO_FACTS)
    else:
        try:
            yield from _against(document, export)
        except Difference as difference:
            raise Difference(f"{difference}{_of_another_instant(document, export)}") from difference
    yield Note(_ON_TRUST)


def _own(document: Document) -> Iterator[str]:
    difference = own_difference(document)
    if difference:
        raise Difference(difference)
    yield "its timelines and counts give its numbers, and its numbers all that it says of them"


def _own_life(document: Document) -> None:
    """Raise Difference where no report is of that stage at that instant, by that reason."""
    stage, revision, reason = (document[name] for name in ("stage", "revision", "reason"))
    if stage not in ("provisional", "final", "revised"):
        raise Difference(f"stage: the report says {stage}, which is none")
    if type(revision) is not int or (revision > 0) != (stage == "revised") or revision < 0:
        raise Difference(f"revision: the report says {revision}, and is {stage}")
    if type(reason) is not str or (stage == "revised") != bool(reason):
        raise Difference(f"reason: the report says {reason!r}, and is {stage}")
    if type(document["computation"]) is not int or document["computation"] < 1:
        raise Difference(f"computation: the report says {document['computation']!r}, which is none")
    end, as_of = (instant_of(text, 1) for text in (document["report_period"]["end"], document["as_of"]))
    if stage != "provisional" and not is_final(end, as_of, ()):
        raise Difference(f"as_of: the report is {stage} at {document['as_of']}, before 72 hours had passed")
    if instant_of(document["generated_at"], 1) < as_of:
        raise Difference(f"generated_at: {document['generated_at']} lies before as_of, {document['as_of']}")


def _against(document: Document, export: Export) -> Iterator[str]:
    tenant_id, units = export.tenant_id, export.units_per_second
    detail = next((d for d in document["tenants"] if d["tenant_id"] == tenant_id), None)
    if detail is None:
        raise Difference(f"the export is of {tenant_id!r}, of whom the report tells no detail")
    as_of = instant_of(document["as_of"], units)
    yield from _is_of_that_time(document, export, as_of)
    versions = versions_of(detail, export, as_of)
    local = UTC_DAYS if "platform" in document["scope"] else local_time_of(versions)
    named = same_period(document, local, as_of // units)
    period = named.period.in_units(units)
    if export.terms and detail.get("parts"):
        same_terms(detail, versions, period, as_of)
        yield f"{tenant_id}: the exported terms are those in force"
    difference = first_difference(
        narrowed(document, export), made_again(document, export, versions, named, as_of), ""
    )
    if difference:
        raise Difference(difference)
    yield f"{tenant_id}: the exported {_kinds(export)} give every number of the report"
    yield f"{tenant_id}: the exported {_kinds(export)} have the digests of the report's facts"
    sums_are_of_what_is_gone(export)
    inside = period.start, max(period.start, min(period.end, as_of))
    since = period.start - LEAD_SECONDS * units
    for gone in changes_again(export, versions[-1].terms, since, inside, as_of):
        yield Note(f"{tenant_id}: {gone}")
    if export.changes is not None:
        yield f"{tenant_id}: the exported changes are those that the exported results give"


def _is_of_that_time(document: Document, export: Export, as_of: int) -> Iterator[Note]:
    """Raise Difference where the export cannot have all that was known at the report's instant."""
    if export.changes is None and export.as_of is None:
        yield Note(
            f"{export.tenant_id}: results alone do not tell burn rates, nor as of when they were exported:"
            " one that arrived later than they were is not in them"
        )
    elif export.as_of is None:
        raise Difference("as_of: the export does not say of when it is: make another with `sla export`")
    elif export.as_of < as_of:
        raise Difference(
            f"as_of: the report says {document['as_of']}, and the export was made before that: what became"
            " known in between is not in it"
        )


def _kinds(export: Export) -> str:
    return "results" if export.changes is None else "facts"


def _of_another_instant(document: Document, export: Export) -> str:
    """What to ask for where what became known between the two may be why they differ."""
    if export.as_of is None or export.as_of <= instant_of(document["as_of"], export.units_per_second):
        return ""
    return f" (the export was not made as of {document['as_of']}, as the report was; such a one settles it)"


def _of_another_build(document: Document) -> str:
    """That nobody can say whether it is a lie where another build's rules may be why they differ."""
    told = document.get("computation")
    if told == COMPUTATION:
        return ""
    return (
        f" (cannot be checked: the report is of computation {told}, this build knows the rules of"
        f" {COMPUTATION} alone)"
    )
