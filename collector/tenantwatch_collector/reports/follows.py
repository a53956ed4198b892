"""Whether exported changes are those that the exported results give: who writes both may lie in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tenantwatch_wire.records import Status

from tenantwatch_collector.health import Change, Measurement, known_history
from tenantwatch_collector.reports.difference import Difference
from tenantwatch_collector.reports.exported import Export
from tenantwatch_collector.sla.facts import known_facts
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import CheckTerms, Terms


def changes_again(export: Export, terms: Terms, since: int, inside: Span, as_of: int) -> Iterator[str]:
    """One line per check of whose time in ``inside`` some has no results any more. Raises Difference where
    results are there and give other changes; the export has those from ``since`` on."""
    if export.changes is None:
        return
    found = known_facts(terms, export.results, as_of)
    kept_from = since if export.raw_from is None else max(since, export.raw_from)
    for check_id, changes in found.changes.items():
        told = known_history(export.changes.get(check_id, ()), as_of)
        definitions = [check for check in terms.checks if check.check_id == check_id]
        settled = _settled(found.measured[check_id], definitions, kept_from)
        _same(check_id, told, changes, (settled, inside[1]), export.units_per_second)
        if settled > inside[0]:
            until = _instant(min(settled, inside[1]), export.units_per_second)
            yield (
                f"the changes of {check_id} up to {until} are told, not made again: results that they rest on"
                " are gone"
            )


def sums_are_of_what_is_gone(export: Export) -> None:
    """Raise Difference where a sum would stand for results that are there."""
    for check_id, buckets in export.sums.items():
        for bucket in buckets:
            if export.raw_from is None or bucket.start >= export.raw_from:
                at = _instant(bucket.start, export.units_per_second)
                raise Difference(f"sum: {check_id} has one of {at}, of which the export has the results")


def _settled(measured: Sequence[Measurement], definitions: Sequence[CheckTerms], since: int) -> int:
    """From when on the level does not depend on results from before ``since``: after as many of one status as
    confirm any, or after a silence."""
    needed = max(max(each.confirm_failures, each.confirm_successes) for each in definitions)
    stale_after = max(each.stale_after for each in definitions)
    before, status, run = since, None, 0
    for each in measured:
        if each.time < since:
            continue
        if each.time - before > stale_after:
            break
        run = run + 1 if each.status is status else 1
        before, status = each.time, each.status
        if run >= needed:
            return before
    return before + stale_after


def _same(check_id: str, told: Sequence[Change], found: Sequence[Change], inside: Span, units: int) -> None:
    pairs = zip(_within(told, inside), _within(found, inside), strict=False)
    said, gives = next((pair for pair in pairs if pair[0] != pair[1]), (None, None))
    if said is None or gives is None:
        return
    raise Difference(
        f"change: the export says that {check_id} was {said.level.word} from {_instant(said.time, units)} on,"
        f" its results give {gives.level.word} from {_instant(gives.time, units)} on"
    )


def _within(changes: Sequence[Change], inside: Span) -> list[Change]:
    """The level at the beginning, each change after it, and the end, for one list may be shorter."""
    low, high = inside
    if low >= high:
        return []
    before = [change.level for change in changes if change.time <= low]
    begin = Change(low, before[-1] if before else Status.UNKNOWN)
    after = [change for change in changes if low < change.time < high]
    return [begin, *after, Change(high, (after or [begin])[-1].level)]


def _instant(time: int, units: int) -> str:
    seconds = datetime.fromtimestamp(time // units, UTC)
    return seconds.strftime("%Y-%m-%dT%H:%M:%SZ")
