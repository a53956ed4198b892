"""Whether a group changes too often to be worth a message for each change."""

from __future__ import annotations

from dataclasses import dataclass

_STATES = 21
_CHANGES = _STATES - 1
# Change x (1 oldest, 20 newest) weighs 0.75 + (x - 1) * 0.5 / 19; here times 76, so that it is exact.
_WEIGHTS = tuple(57 + 2 * x for x in range(_CHANGES))
_WHOLE = 76 * _CHANGES
_ALL = (1 << _STATES) - 1
_START_PERCENT, _STOP_PERCENT = 30, 20


@dataclass(slots=True)
class FlapHistory:
    """The last 21 observations of one (tenant, alert_type), oldest in the highest bit."""

    bits: int = 0
    flapping: bool = False
    # A message that is still to be said: "flapping_start" or "flapping_stop".
    notice: str | None = None
    noticed: int | None = None

    def is_unmoved_by(self, firing: bool) -> bool:
        """Whether one more such observation would leave everything as it is."""
        return not self.flapping and self.bits == (_ALL if firing else 0)


def weighted_changes(bits: int) -> int:
    """The weighted changes of the history; _WHOLE is a change at every step."""
    changes = (bits ^ (bits >> 1)) & ((1 << _CHANGES) - 1)
    return sum(weight for i, weight in enumerate(reversed(_WEIGHTS)) if changes >> i & 1)


def observe(history: FlapHistory, time: int, firing: bool) -> str | None:
    """Add an observation; "flapping_start" or "flapping_stop" when this one crosses a border."""
    history.bits = ((history.bits << 1) | firing) & _ALL
    share = weighted_changes(history.bits) * 100
    if not history.flapping and share >= _START_PERCENT * _WHOLE:
        history.flapping, history.notice, history.noticed = True, "flapping_start", time
        return "flapping_start"
    if history.flapping and share <= _STOP_PERCENT * _WHOLE:
        history.flapping, history.notice, history.noticed = False, "flapping_stop", time
        return "flapping_stop"
    return None
