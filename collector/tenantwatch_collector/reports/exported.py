"""One tenant's facts as an export holds them, and what was known of them at an instant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tenantwatch_collector.health import Change, CheckResult, known_history
from tenantwatch_collector.reports.agreements import cancelled_by
from tenantwatch_collector.reports.subject import AnnouncedWindow
from tenantwatch_collector.sla.buckets import Bucket, Rollups
from tenantwatch_collector.sla.corrections import Correction, corrections_known
from tenantwatch_collector.sla.facts import Facts, known_facts
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.traffic import RequestCount

LEAD_SECONDS = 35 * 86_400
"""How far before a period facts are told: burn rates and open incidents reach back."""


@dataclass(frozen=True, slots=True)
class DatedTerms:
    """One version of the terms, with the instant at which it was agreed."""

    in_force_from: int
    recorded_at: int
    terms: Terms


@dataclass(slots=True)
class Export:
    """``changes`` None: none are told, they follow from the results. ``sums`` stand for results that are
    gone, as all may be before ``raw_from``."""

    tenant_id: str
    units_per_second: int
    results: dict[str, list[CheckResult]] = field(default_factory=dict)
    windows: list[AnnouncedWindow] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    requests: list[RequestCount] | None = None
    terms: list[DatedTerms] = field(default_factory=list)
    changes: dict[str, list[tuple[int, Change]]] | None = None
    sums: dict[str, list[Bucket]] = field(default_factory=dict)
    raw_from: int | None = None
    as_of: int | None = None
    """All that was known then is in it; None where an earlier build did not say."""

    def versions(self, as_of: int) -> list[Version]:
        """The terms as they were known then; none if the export tells none. They are told as they were
        recorded: the last says when the contract begins."""
        known = [dated for dated in self.terms if dated.recorded_at <= as_of]
        begins = known[-1].terms.effective_from if known else None
        by_start = {d.in_force_from: replace(d.terms, effective_from=begins) for d in known}
        return [Version(start, by_start[start]) for start in sorted(by_start)]

    def windows_known(self, as_of: int) -> list[AnnouncedWindow]:
        """Those announced by then, cancelled or not as it was known then."""
        return [
            replace(each, window=cancelled_by(each.window, as_of))
            for each in self.windows
            if each.window.announced_at is None or each.window.announced_at <= as_of
        ]

    def facts(self, terms: Terms, as_of: int) -> Facts:
        """All that was known then; changes as they were found, where the export tells them."""
        windows = [each.window for each in self.windows_known(as_of)]
        facts = known_facts(terms, self.results, as_of, windows, self.requests)
        changes = facts.changes
        if self.changes is not None:
            changes = {name: known_history(found, as_of) for name, found in self.changes.items()}
        return replace(
            facts,
            changes=changes,
            corrections=corrections_known(self.corrections, as_of),
            rollups=Rollups(self.sums, raw_from=self.raw_from),
        )
