"""Tables that fit where they are printed: no word is broken while whole columns can be left out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions
from rich.table import Table
from rich.text import Text

_GAP = 2
_PIPE_WIDTH = 240
_LONGEST_WORD = 24
"""A longer one in a text of several words may be broken."""


def paper() -> Console:
    """The terminal as wide as it is; a pipe is wide, so that what is searched for stands in one line."""
    is_pipe = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=_PIPE_WIDTH if is_pipe else None)


class Fitted:
    """Leaves out columns from the right, but neither the first nor one that can be wrapped."""

    def __init__(self, headings: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
        self._headings = headings
        self._rows = rows
        self._wraps = [any(" " in row[n].plain for row in rows) and n > 0 for n in range(len(headings))]
        self._widths = [self._width(n) for n in range(len(headings))]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table | Text]:
        kept = self._kept(options.max_width)
        made = Table(box=None, header_style="bold", pad_edge=False)
        for n in kept:
            made.add_column(
                self._headings[n],
                overflow="fold",
                no_wrap=not self._wraps[n],
                min_width=min(self._widths[n], options.max_width),
            )
        for row in self._rows:
            made.add_row(*(row[n] for n in kept))
        yield made
        out = [heading for n, heading in enumerate(self._headings) if n not in kept]
        if out:
            yield Text(f"too narrow for {', '.join(out)}; --output json has all", "dim")

    def _kept(self, width: int) -> list[int]:
        kept = list(range(len(self._headings)))
        for n in reversed(range(1, len(self._headings))):
            if sum(self._widths[k] + _GAP for k in kept) - _GAP <= width:
                break
            if not self._wraps[n]:
                kept.remove(n)
        return kept

    def _width(self, n: int) -> int:
        """The least that breaks nothing."""
        cells = [self._headings[n], *(row[n].plain for row in self._rows)]
        if not self._wraps[n]:
            return max(map(len, cells))
        return min(_LONGEST_WORD, max(len(word) for cell in cells for word in cell.split()))
