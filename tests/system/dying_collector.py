"""The collector's program, killed by SIGKILL right after the step of its work that a file names."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tenantwatch_collector.__main__ import main
from tenantwatch_collector.notify.channels.webhook import WebhookChannel
from tenantwatch_collector.store.sqlite import SqliteStore

STEP_FILE_VARIABLE = "TEST_STEP_FILE"


def _always(*_: Any) -> bool:
    return True


def _owes(arguments: tuple[Any, ...], _: Any) -> bool:
    return bool(arguments[1].messages)


def _found(_: tuple[Any, ...], answer: Any) -> bool:
    return bool(answer)


def _is_result(arguments: tuple[Any, ...], _: Any) -> bool:
    return any(delivery.results is not None for delivery in arguments[1])


STEPS: dict[str, tuple[type, str, Callable[[tuple[Any, ...], Any], bool]]] = {
    "commit": (SqliteStore, "commit", _is_result),
    "write_judgement": (SqliteStore, "write_judgement", _owes),
    "claim_messages": (SqliteStore, "claim_messages", _found),
    "send": (WebhookChannel, "send", _always),
    "message_sent": (SqliteStore, "message_sent", _always),
}
"""What outlives the process, from a result's arrival to the note that its message has been taken: the method
that does it, and which of its calls count."""


def _die_after(step: str) -> None:
    file = Path(os.environ[STEP_FILE_VARIABLE])
    if file.exists() and file.read_text() == step:
        file.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _arm(name: str) -> None:
    owner, method, counts = STEPS[name]
    original = getattr(owner, method)

    async def armed(*arguments: Any) -> Any:
        answer = await original(*arguments)
        if counts(arguments, answer):
            _die_after(name)
        return answer

    setattr(owner, method, armed)


if __name__ == "__main__":
    for step in STEPS:
        _arm(step)
    main()
