"""Why a report was revised: by which facts, known since the last issue, it differs from that one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.reports.words import joined

UNFORESEEN = "its figures came out differently, though no fact of the period is known to have changed"
_RESULTS = ("changes", "measurements")
_ORDER = (
    "tenants came or went",
    "the terms changed",
    "checks count differently",
    "corrections were approved",
    "results arrived late",
    "maintenance windows were announced or cancelled",
    "figures are computed in another way",
)

Document = Mapping[str, Any]


def reason_of(
    before: Document, after: Document, subjects: Sequence[Subject], since_us: int, recomputed: bool
) -> str:
    """All that changed between two issues, the first of which knew what was known at ``since_us``.

    A digest says that facts differ; only what became known since can be why. Results that count no more,
    because somebody corrected their time, did not arrive late. ``recomputed`` says that the very facts of the
    first issue give other figures today.
    """
    found = _of_tenants(before, after)
    old, new = (_digests(told) for told in (before, after))
    for subject in subjects:
        if subject.tenant_id in old.keys() & new.keys():
            found |= _causes(old[subject.tenant_id], new[subject.tenant_id], subject, since_us)
    if recomputed:
        found.add("figures are computed in another way")
    return joined([cause for cause in _ORDER if cause in found]) or UNFORESEEN


def _digests(told: Document) -> dict[str, Document]:
    return {each["tenant_id"]: each["digests"] for each in told["tenants"]}


def _of_tenants(before: Document, after: Document) -> set[str]:
    there = [{each["tenant_id"] for each in told["tenants"]} for told in (before, after)]
    return set() if there[0] == there[1] else {"tenants came or went"}


def _causes(old: Document, new: Document, subject: Subject, since_us: int) -> set[str]:
    # What an earlier build's report has no digest of says nothing.
    differing = {name for name in new if name in old and old[name] != new[name]}
    found = set()
    if "terms" in differing:
        found.add("the terms changed")
    if "checks" in differing:
        found.add("checks count differently")
    if "corrections" in differing and any(
        each.approved_at is not None and each.approved_at > since_us for each in subject.judged.corrections
    ):
        found.add("corrections were approved")
    if differing.intersection(_RESULTS) and subject.known_us > since_us:
        found.add("results arrived late")
    if "windows" in differing:
        found.add("maintenance windows were announced or cancelled")
    return found
