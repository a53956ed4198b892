"""Messages that are owed to somebody, each once to each channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message owed to one channel. (dedup_key, channel) is unique: owing it twice is owing it once."""

    message_id: int
    tenant_key: int
    alert_id: str
    kind: str
    dedup_key: str
    channel: str
    payload: str
    created_at_us: int
    attempts: int = 0
    configured: bool = True
    """False is only recorded: nobody can be told on this channel."""
    progress: str = ""
    """Whom of several it has reached already, as its sender writes it."""


class OutboxStore(Protocol):
    """The part of the store's contract that tells people: a message is claimed, sent, and marked."""

    async def sender_started(self, channels: Sequence[str]) -> None:
        """What is owed to a channel that is not among these is owed to nobody.

        A store that serves one collector alone takes back what a dead one had claimed; in one that serves
        several the lease decides.
        """

    async def claim_messages(
        self, channel: str, now_us: int, lease_us: int, limit: int
    ) -> Sequence[OutboxMessage]: ...
    async def message_progress(self, message_id: int, progress: str) -> None:
        """Note whom it has reached so far: who sends it again goes on from there."""

    async def message_sent(self, message_id: int, now_us: int, detail: str = "", report: str = "") -> None:
        """It has arrived; ``detail`` says at how many not. ``report`` as in ``message_failed``."""

    async def message_failed(
        self, message_id: int, error: str, next_attempt_us: int | None, report: str = ""
    ) -> None:
        """Note the failure; None means that no attempt will ever work.

        ``report`` is the alert of the platform, JSON as in ``report_alert``, that there is to be of it.
        """

    async def next_message_due_us(self, channel: str) -> int | None: ...
