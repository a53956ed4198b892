"""The terms that a report is made again by: the exported ones, if those that it tells are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenantwatch_collector.reports.again import instant_of, versions_told
from tenantwatch_collector.reports.difference import Difference, first_difference
from tenantwatch_collector.reports.exported import Export
from tenantwatch_collector.reports.subject import terms_told
from tenantwatch_collector.sla.parts import Version, split_period
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.rounding import exact
from tenantwatch_collector.sla.written import terms_to_json

Document = Mapping[str, Any]
DEFINITIONS_SINCE = 3
"""From this computation on it is known how each check was confirmed at the time."""
_NAMES_SINCE = 4
"""Before it a group got another name when its role changed, whenever that was."""


def versions_of(detail: Document, export: Export, as_of: int) -> list[Version]:
    """The terms by which all time up to ``as_of`` is laid out, as by the collector: the exported ones. Those
    that a report tells are of its period, not of the time of its burn rates or of outages from before it."""
    versions = export.versions(as_of) or versions_told(detail)
    if not versions:
        raise Difference("neither the report nor the export tells terms: export the facts, not results alone")
    if versions[0].terms.units_per_second != export.units_per_second:
        raise Difference("the export counts in another unit than the report")
    return versions


def same_terms(document: Document, detail: Document, export: Export, as_of: int) -> None:
    """Raise Difference where the report's terms are not the exported ones, as far as numbers rest on them."""
    exported, units = export.versions(as_of), export.units_per_second
    period = Period(*(instant_of(document["report_period"][name], units) for name in ("start", "end")))
    until = min(period.end, as_of)
    parts = split_period(period, exported)
    for number, (part, (terms, span)) in enumerate(zip(detail["parts"], parts, strict=False)):
        name = f"parts[{number}]"
        if exact(part["from"]) * units != span.start:
            raise Difference(f"{name}.from: the report and the exported terms differ")
        pair = _comparable(document, export, part["terms"], terms_to_json(terms_told(terms, until)))
        difference = first_difference(*pair, f"{name}.terms")
        if difference:
            raise Difference(difference)
    if len(parts) != len(detail["parts"]):
        raise Difference(
            f"parts: the report has {len(detail['parts'])}, the exported terms give {len(parts)}"
        )


def _comparable(
    document: Document, export: Export, told: Document, found: Document
) -> tuple[Document, Document]:
    """Both less what builds of another time told in another way."""
    computation = document.get("computation", 0)
    if computation < DEFINITIONS_SINCE:
        told, found = _judged_by(told), _judged_by(found)
    if computation < _NAMES_SINCE or export.as_of is None:
        told, found = _named_by_role(told), _named_by_role(found)
    return told, found


def _judged_by(terms: Document) -> Document:
    """Terms less the settings by which changes were confirmed: later ones took their place."""
    checks = [
        {name: check[name] for name in ("check_id", "group", "active_from", "active_to")}
        for check in terms["checks"]
    ]
    return {**terms, "checks": checks}


def _named_by_role(terms: Document) -> Document:
    """Terms in which the role stands in every group's name."""
    names = {each["name"]: _with_role(each["name"], f" ({each['role']})") for each in terms["groups"]}
    checks = [{**check, "group": names[check["group"]]} for check in terms["checks"]]
    groups = [{**each, "name": names[each["name"]]} for each in terms["groups"]]
    return {**terms, "checks": checks, "groups": groups}


def _with_role(name: str, role: str) -> str:
    return name.removesuffix(role) + role
