"""What every channel is: a name and one way to send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one channel. ``dedup_key`` is the same whenever it is sent again."""

    dedup_key: str
    kind: str
    payload: dict[str, Any]
    attempt: int


class Channel(Protocol):
    """Sends messages. Adding one: a file here, a section in the configuration, a line in registry.py."""

    @property
    def name(self) -> str:
        """Unique among the configured channels."""

    async def send(self, message: Message) -> None:
        """Return once the far end has taken it. Raises RetryLater or RefusedForEver, nothing else."""

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
