"""The life of a period's report: provisional, final, revised; and how fast the budget goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from tenantwatch_collector.sla.availability import count_within
from tenantwatch_collector.sla.classes import Stretch
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.periods import FINAL_AFTER_SECONDS

Stage = Literal["provisional", "final", "revised"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One issued report of a period. ``number`` counts the revisions: 0 for provisional and final."""

    stage: Stage
    number: int
    digest: str
    """Of its content: equal digests, equal reports."""
    reason: str = ""


def is_final(period_end: int, as_of: int, seen_until: Iterable[int], units_per_second: int = 1) -> bool:
    """Whether all is in: 72 hours have passed, and every agent has sent what it saw up to the end.

    ``seen_until`` has each agent's newest instant of which everything arrived.
    """
    waited = as_of >= period_end + FINAL_AFTER_SECONDS * units_per_second
    return waited and all(seen >= period_end for seen in seen_until)


def next_issue(previous: Issue | None, is_final: bool, digest: str, reason: str = "") -> Issue | None:
    """What to issue now; None if nothing new is to be said.

    A final report is never replaced: if its numbers change a revision follows it, with a reason.
    """
    if previous is None or previous.stage == "provisional":
        if previous is not None and not is_final and previous.digest == digest:
            return None
        return Issue("final" if is_final else "provisional", 0, digest)
    if previous.digest == digest:
        return None
    if not reason.strip():
        raise ValueError("a revision of a final report needs a reason")
    return Issue("revised", previous.number + 1, digest, reason)


def time_to_breach(evaluation: Evaluation, stretches: list[Stretch], window: int) -> Fraction | None:
    """How long the budget lasts if all time is like what counted of the last ``window``, in the terms' unit.

    0 if it is spent; None if it does not burn, as where nothing was down or measured.
    ``stretches`` is what was laid out up to the evaluation's end.
    """
    remaining = evaluation.budget.remaining
    if remaining <= 0:
        return Fraction(0) if evaluation.counted.down else None
    end = evaluation.eval_end
    recent = count_within(stretches, (end - window, end))
    return remaining * recent.eligible / recent.down if recent.down else None
