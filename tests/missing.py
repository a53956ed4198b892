"""What could not be tested here, said once and loudly at the end of the run."""

from __future__ import annotations

from typing import NoReturn

import pytest

_PREFIX = "not tested: "


def not_tested(what: str, how: str) -> NoReturn:
    """Skip the test; the summary tells what was left out and how to have it."""
    pytest.skip(f"{_PREFIX}{what} ({how})")


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return ""


def write_summary(terminal: pytest.TerminalReporter) -> None:
    """One line for each missing part; it reads the reports, so it is right under xdist too."""
    counts: dict[str, int] = {}
    for report in terminal.stats.get("skipped", []):
        reason = _reason(report)
        if reason.startswith(_PREFIX):
            counts[reason] = counts.get(reason, 0) + 1
    for reason, count in sorted(counts.items()):
        tests = "1 test" if count == 1 else f"{count} tests"
        terminal.write_line(
            f"NOT TESTED: {reason.removeprefix(_PREFIX)}; {tests} skipped", yellow=True, bold=True
        )
