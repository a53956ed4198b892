"""The worker that typesets one report: a view as JSON on standard input, the PDF on standard output.

It is a process of its own because the typesetter keeps what it has seen: a long-lived process would grow with
every report.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Literal

import typst

TEMPLATE = Path(__file__).with_name("report.typ")


def typeset(view: str, generated_at: datetime) -> bytes:
    """The PDF of a view. The same view, instant and fonts give the same bytes.

    PDF/A refuses characters that no font of the machine has, and private ones. Such a report is a plain PDF
    that says so.
    """
    try:
        return _compiled(view, generated_at, "no", "a-2a")
    except typst.TypstError as error:
        if "PDF/A" not in str(error):
            raise
        return _compiled(view, generated_at, "yes", "1.7")


def _compiled(view: str, generated_at: datetime, plain: str, standard: Literal["a-2a", "1.7"]) -> bytes:
    return typst.compile(
        str(TEMPLATE),
        format="pdf",
        sys_inputs={"data": view, "plain": plain},
        timestamp=int(generated_at.timestamp()),
        pdf_standards=standard,
    )


def main() -> int:
    """Exit code 0 with the PDF written, or 1 with what went wrong on standard error."""
    job = json.loads(sys.stdin.buffer.read())
    try:
        pdf = typeset(json.dumps(job["view"]), datetime.fromisoformat(job["generated_at"]))
    except (typst.TypstError, RuntimeError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
