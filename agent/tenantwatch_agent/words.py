"""Words for people."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """``1 check``, ``2 checks``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def shown(text: str, most: int = 300) -> str:
    """What somebody else wrote, fit for a line of a log: of one line, printable, and not longer than that."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * most]).split())
    return line if len(line) <= most else f"{line[:most]}..."
