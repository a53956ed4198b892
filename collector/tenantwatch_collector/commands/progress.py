"""How far a long command is, on standard error: a bar on a terminal, else a line once in a while."""

from __future__ import annotations

import shutil
import sys
import time

_BAR_SECONDS, _LINE_SECONDS = 0.2, 10.0
_BAR = 24


class Progress:
    """``unit`` is what is counted. Says nothing about what takes no time."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._terminal = sys.stderr.isatty()
        self._begun = time.monotonic()
        self._due = self._begun + (_BAR_SECONDS if self._terminal else _LINE_SECONDS)
        self._drawn = False

    def step(self, done: float | None, count: int) -> None:
        """``done`` is of 1, None where nobody knows how much there is."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + (_BAR_SECONDS if self._terminal else _LINE_SECONDS)
        text = f"{count:,} {self._unit}, {count / (now - self._begun):,.0f} a second"
        if not self._terminal:
            print(text if done is None else f"{done:.0%}: {text}", file=sys.stderr, flush=True)
            return
        if done is not None:
            full = min(_BAR, int(done * _BAR))
            text = f"[{'#' * full}{'.' * (_BAR - full)}] {done:4.0%}  {text}"
        width = shutil.get_terminal_size().columns - 1
        print(f"\r{text[:width]:<{width}}", end="", file=sys.stderr, flush=True)
        self._drawn = True

    def end(self) -> None:
        """Leave the terminal's line for what comes next."""
        if self._drawn:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{'':<{width}}\r", end="", file=sys.stderr, flush=True)
