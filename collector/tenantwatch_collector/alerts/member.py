"""One rule's part in its group: inactive, pending or firing, moved by evaluations alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenantwatch_collector.alerts.rule import Rule


class Phase(StrEnum):
    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


@dataclass(slots=True)
class MemberState:
    """What is kept of a rule between evaluations."""

    phase: Phase = Phase.INACTIVE
    # The newest evaluation applied, no data included; anything not newer is ignored.
    newest: int | None = None
    # The first bad evaluation of the present run.
    since: int | None = None
    bad: int = 0
    good: int = 0
    # The first good evaluation since the rule last fired; None unless it is clearing.
    clear_since: int | None = None
    # Set by a manual resolve: before this instant the member does not open an alert.
    held_until: int | None = None


def accept(member: MemberState, time: int) -> bool:
    """Whether an evaluation is news. Late ones and a second one of the same instant are not."""
    if member.newest is not None and time <= member.newest:
        return False
    member.newest = time
    return True


def advance(member: MemberState, rule: Rule, time: int, value: bool) -> None:
    """Apply one accepted evaluation that has data."""
    if value:
        _bad(member, rule, time)
    else:
        member.held_until = None
        _good(member, rule, time)


def _bad(member: MemberState, rule: Rule, time: int) -> None:
    member.bad += 1
    member.good, member.clear_since = 0, None
    if member.phase is Phase.INACTIVE:
        member.phase, member.since = Phase.PENDING, time
    if member.phase is Phase.PENDING and member.bad >= rule.failure_threshold:
        since = time if member.since is None else member.since
        if time - since >= rule.for_ticks:
            member.phase = Phase.FIRING


def _good(member: MemberState, rule: Rule, time: int) -> None:
    if member.phase is Phase.FIRING:
        member.good += 1
        if member.clear_since is None:
            member.clear_since = time
        if member.good < rule.success_threshold or time - member.clear_since < rule.keep_firing_ticks:
            return
    # A good one on an inactive member is not counted: nothing ever reads it.
    member.phase, member.since = Phase.INACTIVE, None
    member.bad, member.good, member.clear_since = 0, 0, None


def is_held(member: MemberState, time: int) -> bool:
    return member.held_until is not None and time < member.held_until
