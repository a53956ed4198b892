"""What every channel is: a name, the texts it wants, and one way to send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Part:
    """A text that a channel's templates make. It is cut at ``max_characters``."""

    name: str
    max_characters: int
    one_line: bool = False
    html: bool = False
    """Values are escaped for HTML."""
    escape: Callable[[str], str] | None = None
    """Applied to every value, for a far end that gives some characters a meaning."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one channel. ``dedup_key`` is the same whenever it is sent again."""

    dedup_key: str
    kind: str
    payload: dict[str, Any]
    attempt: int
    texts: Mapping[str, str] = field(default_factory=dict)
    """The channel's parts, made by its templates."""

    @property
    def alert(self) -> dict[str, Any]:
        return dict(self.payload["alert"])

    @property
    def is_over(self) -> bool:
        """Whether the alert it speaks of has ended."""
        return bool(self.payload["alert"]["status"] == "resolved")

    @property
    def event_us(self) -> int:
        """When that happened which it tells."""
        alert = self.payload["alert"]
        return int(alert["resolved_at_us"] or alert["last_occurred_us"])


class Channel(Protocol):
    """Sends messages. Adding one: a file here, a section in the configuration, a line in registry.py."""

    @property
    def name(self) -> str:
        """Unique among the configured channels."""

    def preview(self, message: Message) -> str:
        """What would be sent, for people, with every secret masked."""

    async def send(self, message: Message) -> None:
        """Return once the far end has taken it. Raises RetryLater or RefusedForEver, nothing else."""

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
