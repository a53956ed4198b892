"""Whatever Apprise knows: Teams, Discord, Telegram and a hundred more, by one address each."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tenantwatch_collector.errors import ConfigurationError, RetryLater
from tenantwatch_collector.notify.channels.base import Message, Part
from tenantwatch_collector.notify.settings import AppriseSection
from tenantwatch_collector.settings import revealed

_TYPES = {"info": "info", "warning": "warning", "error": "failure", "critical": "failure"}
_THREADS = 2


class AppriseChannel:
    """Apprise says only whether it worked: every failure is tried again, and no Retry-After is known."""

    parts = (Part("title", 250, one_line=True), Part("body", 3000))

    def __init__(self, section: AppriseSection) -> None:
        self.name = section.channel
        self._timeout_seconds = section.timeout_seconds
        self._apprise = _opened(section)
        # Threads of its own: Apprise blocks, and must not take those of other channels.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=self.name)

    def preview(self, message: Message) -> str:
        address = self._apprise[0].url(privacy=True)
        return f"{address}\n{message.texts['title']}\n\n{message.texts['body']}"

    async def send(self, message: Message) -> None:
        sending = asyncio.get_running_loop().run_in_executor(self._threads, self._notify, message)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                if not await sending:
                    raise RetryLater("Apprise could not deliver it")
        except TimeoutError:
            raise RetryLater(f"no answer within {self._timeout_seconds:g} s") from None

    def _notify(self, message: Message) -> bool:
        kind = "success" if message.is_over else _TYPES[message.alert["severity"]]
        texts = message.texts
        return bool(self._apprise.notify(title=texts["title"], body=texts["body"], notify_type=kind))

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _opened(section: AppriseSection) -> Any:
    try:
        import apprise
    except ImportError:
        raise ConfigurationError(
            f"{section.channel}: Apprise is not installed: pip install '.[collector,apprise]' where"
            " tenantwatch was installed from"
        ) from None
    # It reports what it sends, with addresses that hold secrets.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    client = apprise.Apprise()
    if not client.add(revealed(section.url)):
        raise ConfigurationError(
            f"{section.channel}: Apprise does not understand the address; see its list of services"
        )
    return client
