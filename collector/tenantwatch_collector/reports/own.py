"""What a report itself determines: its document made again, by what wrote it, out of what it tells."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain, zip_longest
from typing import Any

from tenantwatch_collector.reports.again import heading_of, in_order, instant_of
from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.reports.difference import Difference, first_difference
from tenantwatch_collector.reports.document import content_of, document_of, report_id_of
from tenantwatch_collector.reports.named_again import UTC_DAYS, local_time_of, same_period
from tenantwatch_collector.reports.naming import NamedPeriod
from tenantwatch_collector.reports.subject import MAX_TIMELINE, Subject, utc
from tenantwatch_collector.reports.terms_again import versions_told
from tenantwatch_collector.reports.told import COUNTED, subject_told
from tenantwatch_collector.reports.told_numbers import UNITS, numbers_told
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.rounding import exact
from tenantwatch_collector.sla.steps import steps_of

Document = Mapping[str, Any]
_FACTS = ("as_issued", "digests", "exclusions", "rests_on")
"""Of a tenant: told, and nothing else in the report tells them."""
_COUNTED = ("avg_response_time", "p95_response_time", "error_rate")
_STEP = ("availability", "coverage", "downtime_minutes", *_COUNTED)


def own_difference(document: Document) -> str:
    """Where the report contradicts itself; an empty text if nowhere."""
    named = _named(document)
    first = ""
    # A mean is told rounded: what it was may have missed a target that it seems to meet.
    for shift in (0, -1, 1):
        found = _made(document, named, shift)
        told = {name: value for name, value in document.items() if name != "signature"}
        difference = first_difference(in_order(told), in_order(found), "")
        first = first or difference
        if not difference:
            return ""
    return first


def _named(document: Document) -> NamedPeriod:
    """The period by the time zones that the report tells."""
    as_of = instant_of(document["as_of"], 1)
    if "platform" in document["scope"]:
        return same_period(document, UTC_DAYS, as_of)
    (detail,) = _details(document)
    try:
        return same_period(document, local_time_of(versions_told(detail)), as_of)
    except Difference as difference:
        raise Difference(
            f"{difference} (by the zones that the report tells; if another was agreed before or after it, the"
            " export says so)"
        ) from difference


def _details(document: Document) -> Sequence[Document]:
    """Each tenant's, who stands there once, and in a tenant's own report alone."""
    details: Sequence[Document] = document["tenants"]
    names = [detail["tenant_id"] for detail in details]
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        raise Difference(f"tenants: {twice} stands there more than once")
    if "platform" not in document["scope"] and names != [document["scope"]["tenant_id"]]:
        raise Difference(f"tenants: the report is of {document['scope']['tenant_id']}, and tells {names}")
    return details


def _made(document: Document, named: NamedPeriod, shift: int) -> dict[str, Any]:
    details, of_all = _details(document), "platform" in document["scope"]
    as_of_us = instant_of(document["as_of"], UNITS)
    steps = steps_of(named.period, named.zone)
    in_full = not of_all and all(len(detail["timeline"]) < MAX_TIMELINE for detail in details)
    if in_full:
        subjects = [subject_told(detail, named.period, as_of_us, steps, shift) for detail in details]
    else:
        subjects = [numbers_told(each, document["violations"], named.period, as_of_us) for each in details]
    made = document_of(heading_of(document, named), subjects, document["scope"].get("tenant_id"))
    again: dict[str, Any] = json.loads(json.dumps(made))
    again["tenants"] = [_with_facts(*pair, in_full) for pair in _pairs(again["tenants"], details)]
    missed = again["violations"], document["violations"]
    if in_full:
        again["violations"] = _missed(*missed)
        steps_made = _pairs(again["trends"], document["trends"])
        again["trends"] = [_with(found, told, _COUNTED) for found, told in steps_made]
    else:
        again["violations"] = _missed_of_all(*missed)
        again["trends"] = _trends(document["trends"], subjects, steps, -(-as_of_us // UNITS))
        again["overall_compliance"] |= _mean_response(again, document)
    content_digest = digest(content_of(again))
    report_id = report_id_of(named.label, content_digest)
    own = {"content_digest": content_digest, "report_id": report_id, "computation": document["computation"]}
    return again | own


def _with_facts(found: dict[str, Any], told: Document, in_full: bool) -> dict[str, Any]:
    """With what only facts tell as the report tells it."""
    names = _FACTS if in_full else (*_FACTS, "parts", "timeline")
    report, response = found["report"], told["report"]["response"]
    report = report | {
        "response": _with(report["response"], response, set(response) - {"count"}),
        "burn": told["report"]["burn"],
    }
    return _with(found, told, names) | {"report": report}


def _with(found: dict[str, Any], told: Document, names: Collection[str]) -> dict[str, Any]:
    return found | {name: told[name] for name in names if name in found and name in told}


def _pairs(found: Sequence[Any], told: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Each with its counterpart; without one it stays as it is, and is a difference."""
    yield from zip_longest(found, told[: len(found)], fillvalue={})


def _missed(found: Sequence[Any], told: Sequence[Any]) -> list[Any]:
    """What was counted in each part of a period whose terms changed is not told."""
    return [
        _with(each, its, ("measured",)) if each["violation"] in COUNTED and "from" in each else each
        for each, its in _pairs(found, told)
    ]


def _missed_of_all(found: Sequence[Any], told: Sequence[Any]) -> list[Any]:
    """Of such a period a platform's report tells no more than that a target was missed."""
    by_parts: defaultdict[tuple[Any, Any], list[Any]] = defaultdict(list)
    for each in told:
        if "from" in each:
            by_parts[each["tenant_id"], each["violation"]].append(each)
    made = [by_parts.get((each["tenant_id"], each["violation"]), [each]) for each in found]
    return list(chain.from_iterable(made))


def _trends(
    told: Sequence[Any], subjects: Sequence[Subject], steps: Sequence[Period], as_of: int
) -> list[dict[str, Any]]:
    """Each step with what is told of it; their downtime adds up to that of all, as far as two digits tell."""
    begun = [step for step in steps if step.start < as_of] if subjects else []
    down = sum((Fraction(each.judged.whole.counted.down, 60 * UNITS) for each in subjects), Fraction(0))
    said = sum((exact(each["downtime_minutes"]) for each in told), Fraction(0))
    if len(told) == len(begun) and not 0 <= said - down <= Fraction(len(begun), 100):
        raise Difference(
            f"trends: their downtime is {float(said):.2f} minutes, that of all {float(down):.2f}"
        )
    made: list[dict[str, Any]] = [{"from": utc(step.start), "to": utc(step.end)} for step in begun]
    return [{**dict.fromkeys(_STEP), **each, **_with_step(its)} for each, its in _pairs(made, told)]


def _with_step(told: Document) -> Document:
    return {name: told[name] for name in _STEP if name in told}


def _mean_response(again: Document, document: Document) -> dict[str, Any]:
    """The mean of means, each of which is told rounded."""
    name = "average_response_time"
    found, told = again["overall_compliance"][name], document["overall_compliance"][name]
    if found is None or told is None or abs(exact(found) - exact(told)) > Fraction(1, 1000):
        return {}
    return {name: told}
