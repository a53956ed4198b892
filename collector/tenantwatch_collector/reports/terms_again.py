"""The terms that a report is made again by: the exported ones, if those that it tells are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenantwatch_collector.reports.difference import Difference, first_difference
from tenantwatch_collector.reports.exported import Export
from tenantwatch_collector.reports.subject import terms_told
from tenantwatch_collector.sla.parts import Version, split_period
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.rounding import exact
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.written import terms_from_json, terms_to_json

Document = Mapping[str, Any]


def versions_told(detail: Document) -> list[Version]:
    """The terms in the report itself; none in a platform's."""
    versions = []
    for part in detail.get("parts", ()):
        terms: Terms = terms_from_json(part["terms"])
        start = exact(part["from"]) * terms.units_per_second
        versions.append(Version(int(start), terms))
    return versions


def versions_of(detail: Document, export: Export, as_of: int) -> list[Version]:
    """The terms by which all time up to ``as_of`` is laid out, as by the collector: the exported ones. Those
    that a report tells are of its period, not of the time of its burn rates or of outages from before it."""
    versions = export.versions(as_of) or versions_told(detail)
    if not versions:
        raise Difference("neither the report nor the export tells terms: export the facts, not results alone")
    if versions[0].terms.units_per_second != export.units_per_second:
        raise Difference("the export counts in another unit than the report")
    return versions


def same_terms(detail: Document, versions: Sequence[Version], period: Period, as_of: int) -> None:
    """Raise Difference where the report's terms are not the exported ones. Instants are in their unit."""
    until = min(period.end, as_of)
    parts = split_period(period, versions) or [(versions[-1].terms, period)]
    for number, (part, (terms, span)) in enumerate(zip(detail["parts"], parts, strict=False)):
        name = f"parts[{number}]"
        if exact(part["from"]) * terms.units_per_second != span.start:
            raise Difference(f"{name}.from: the report and the exported terms differ")
        found = terms_to_json(terms_told(terms, until))
        difference = first_difference(part["terms"], found, f"{name}.terms")
        if difference:
            raise Difference(difference)
    if len(parts) != len(detail["parts"]):
        raise Difference(
            f"parts: the report has {len(detail['parts'])}, the exported terms give {len(parts)}"
        )
