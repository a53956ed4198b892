"""What every channel is: a name, the texts it wants, and one way to send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
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


async def _forget(outcomes: Mapping[str, str]) -> None:
    """A message that is only tried has nowhere to be noted."""


@dataclass(slots=True)
class Reached:
    """Who of several has been dealt with, by address: told, or why never. It outlives the process."""

    outcomes: dict[str, str] = field(default_factory=dict)
    """Empty for who was told."""
    keep: Callable[[Mapping[str, str]], Awaitable[None]] = _forget

    def missing(self, addresses: Sequence[str]) -> list[str]:
        """Those that are still to be told."""
        return [address for address in addresses if address not in self.outcomes]

    async def note(self, outcomes: Mapping[str, str]) -> None:
        """Once this returns, these are not told again."""
        self.outcomes |= outcomes
        await self.keep(self.outcomes)

    @property
    def refused(self) -> dict[str, str]:
        """Who will never be told, and why."""
        return {address: why for address, why in self.outcomes.items() if why}


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one channel. ``dedup_key`` is the same whenever it is sent again."""

    dedup_key: str
    kind: str
    payload: dict[str, Any]
    attempt: int
    texts: Mapping[str, str] = field(default_factory=dict)
    """The channel's parts, made by its templates."""
    reached: Reached = field(default_factory=lambda: Reached())
    """For a channel that tells several people one by one."""

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
