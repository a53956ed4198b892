"""All keys' machines: which of them may speak, and for which the clock brings something about, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tenantwatch_collector.alerts.alert import GroupState
from tenantwatch_collector.alerts.machine import next_due
from tenantwatch_collector.alerts.suppression import (
    NOT_SUPPRESSED,
    Inhibition,
    Silence,
    Suppression,
    either,
    suppression_at,
)
from tenantwatch_collector.engines.alerting.held import Held, Key
from tenantwatch_collector.store.base import PLATFORM_KEY, AlertKeyState

BEFORE_US = 60_000_000
"""What opened so long before an incident of the platform is part of it."""
_FORGOTTEN_US = 3_600_000_000
"""An incident that has been over for so long bears on nothing any more."""


class HeldGroups:
    """All groups by key. Whoever changes one says so with ``heed``."""

    def __init__(self, inhibitions: Sequence[Inhibition] = ()) -> None:
        self._groups: dict[Key, Held] = {}
        self._quiet: Sequence[Silence] = ()
        self._inhibitions = tuple(inhibitions)
        self._now_us = 0
        self._open: set[Key] = set()
        # What opened lately and was part of no incident when that was last asked.
        self._alone: set[Key] = set()
        self._incidents: dict[str, Held] = {}
        # Groups with a timer; when each is due, but for those that wait for something else to happen.
        self._restless: set[Key] = set()
        self._due_us: dict[Key, int] = {}
        self._unasked: set[Key] = set()

    def get(self, key: Key) -> Held | None:
        return self._groups.get(key)

    def of(self, key: Key, tenant: str) -> Held:
        """The key's group, a new one if there was none."""
        return self._groups.setdefault(key, Held(GroupState(tenant, key[1])))

    def items(self) -> Iterator[tuple[Key, Held]]:
        return iter(self._groups.items())

    def __contains__(self, key: Key) -> bool:
        return key in self._groups

    def load(self, kept: AlertKeyState) -> Held:
        key = kept.tenant_key, kept.alert_type
        held = self._groups[key] = Held.from_json(kept.state)
        self.heed(key, held)
        if held.causes:
            self.heed_incident(key[1], held)
        return held

    def state(self, key: Key) -> AlertKeyState:
        """The group as it is kept."""
        held = self._groups[key]
        return AlertKeyState(*key, held.to_json(), next_due(held.group, self._suppression(key, held)))

    def keep_quiet(self, silences: Sequence[Silence]) -> None:
        """In these times nobody is told, but for ends."""
        if silences != self._quiet:
            self._quiet = silences
            self._unasked |= self._restless

    def heed(self, key: Key, held: Held) -> None:
        """The group has changed: look at it when the clock brings it about, and only then."""
        if next_due(held.group) is None:
            self._restless.discard(key)
        else:
            self._restless.add(key)
        self._unasked.add(key)
        if held.group.open_alert is None:
            self._open.discard(key)
        elif key not in self._open:
            self._open.add(key)
            self._alone.add(key)
        for inhibition in self._inhibitions:
            if inhibition.source_type == key[1]:
                self._unasked |= {(key[0], target) for target in inhibition.target_types} & self._restless

    def heed_incident(self, alert_type: str, held: Held) -> None:
        """An incident of the platform begins, widens or is over: much may speak again, or no more."""
        self._incidents[alert_type] = held
        self._unasked |= self._restless

    def take_due(self, now_us: int) -> Iterator[tuple[Key, Held, Suppression]]:
        """Those whose time has come, in the order of their keys, so that it is the same everywhere.

        One that must keep quiet comes once, for the record.
        """
        self._now_us = now_us
        self._forget_incidents()
        self._ask()
        for key in sorted(key for key, due_us in self._due_us.items() if due_us <= now_us):
            # What was due may have come under a silence since it was asked: ask again.
            self._unasked.add(key)
            held = self._groups[key]
            suppression = self._suppression(key, held)
            due = _due(held, suppression)
            if due is not None and due <= now_us:
                yield key, held, suppression

    def next_due_us(self) -> int | None:
        """When the clock alone brings something about."""
        self._ask()
        return min(self._due_us.values(), default=None)

    def _ask(self) -> None:
        for key in self._unasked:
            due = None
            if key in self._restless:
                held = self._groups[key]
                due = _due(held, self._suppression(key, held))
            if due is None:
                self._due_us.pop(key, None)
            else:
                self._due_us[key] = due
        self._unasked.clear()

    def opened_since(self, since_us: int, causes: Collection[str]) -> list[int]:
        """The tenants with an open alert that was opened since and has one of these in common with others."""
        found = {
            key[0]
            for key in self._open
            if key[0] != PLATFORM_KEY
            and (held := self._groups[key]).opened_at_us >= since_us
            and not held.shared().isdisjoint(causes)
        }
        return sorted(found)

    def incidents(self) -> dict[str, Held]:
        """The incidents of the platform that are not over, by their alerts' type."""
        return {alert_type: held for alert_type, held in self._incidents.items() if held.group.is_firing}

    def opened_alone(self, since_us: int) -> list[tuple[Key, set[str]]]:
        """What was opened since and is part of no incident, with what each has in common with others."""
        incidents = list(self.incidents().values())
        found = []
        for key in sorted(self._alone):
            held = self._groups[key]
            is_old = key not in self._open or held.opened_at_us < since_us or key[0] == PLATFORM_KEY
            if is_old or any(suppressed_by(incident, held).active for incident in incidents):
                self._alone.discard(key)
            else:
                found.append((key, held.shared()))
        return found

    def _forget_incidents(self) -> None:
        over = [t for t, held in self._incidents.items() if _is_forgotten(held, self._now_us)]
        for alert_type in over:
            del self._incidents[alert_type]

    def _suppression(self, key: Key, held: Held) -> Suppression:
        """An alert waits for the end of a silence, of what explains it, or of the incident it is part of."""
        group = held.group
        quiet = self._silence_of(held)
        inhibitions = [each for each in self._inhibitions if key[1] in each.target_types]
        if inhibitions:
            sources = [self._groups.get((key[0], each.source_type)) for each in inhibitions]
            # What nobody is told of explains nothing to anybody.
            told = [one for one in sources if one is not None and not self._silence_of(one).active]
            alerts = [one.group.alert for one in told if one.group.alert is not None]
            now_us, tenant = self._now_us, group.tenant
            quiet = either(quiet, suppression_at(now_us, tenant, group.alert_type, (), inhibitions, alerts))
        if key[0] == PLATFORM_KEY:
            return quiet
        for incident in self._incidents.values():
            quiet = either(suppressed_by(incident, held), quiet)
        return quiet

    def _silence_of(self, held: Held) -> Suppression:
        if not self._quiet:
            return NOT_SUPPRESSED
        group = held.group
        return suppression_at(self._now_us, group.tenant, group.alert_type, self._quiet, checks=held.checks())


def suppressed_by(incident: Held, held: Held) -> Suppression:
    """What an incident of the platform, going on or over, means for a tenant's alert."""
    if held.opened_at_us < incident.opened_at_us - BEFORE_US or held.shared().isdisjoint(incident.causes):
        return NOT_SUPPRESSED
    if incident.group.is_firing:
        alert = incident.group.alert
        return Suppression(True, reason=f"part of the platform's incident {alert.alert_id if alert else ''}")
    if held.opened_at_us > incident.ended_at_us:
        return NOT_SUPPRESSED
    return Suppression(last_end=incident.ended_at_us)


def _is_forgotten(incident: Held, now_us: int) -> bool:
    return not incident.group.is_firing and incident.ended_at_us < now_us - _FORGOTTEN_US


def _due(held: Held, suppression: Suppression) -> int | None:
    if suppression.active and suppression.reason != held.withheld:
        return next_due(held.group)
    return next_due(held.group, suppression)
