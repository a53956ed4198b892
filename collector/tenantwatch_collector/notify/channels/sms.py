"""Short messages, by Twilio's Messages API: one request for each number."""

from __future__ import annotations

import logging
from collections import OrderedDict
from urllib.parse import urlencode

from tenantwatch_collector.errors import RefusedForEver, RetryLater
from tenantwatch_collector.notify.channels.base import Message, Part
from tenantwatch_collector.notify.channels.http import HttpRequest, HttpSender
from tenantwatch_collector.notify.settings import SmsSection, TwilioSection
from tenantwatch_collector.settings import revealed

_REMEMBERED_MESSAGES = 1000

log = logging.getLogger(__name__)


class SmsChannel:
    """A message that some numbers got and others did not is repeated to the others alone.

    That is remembered in memory: after a restart in between, the first may get it twice.
    """

    # Two segments in the GSM alphabet: more is a price, not a message.
    parts = (Part("text", 306),)

    def __init__(self, section: SmsSection, account: TwilioSection) -> None:
        self.name = section.channel
        self._numbers = tuple(section.to)
        self._sender = account.sender
        self._auth = account.account_sid, revealed(account.auth_token)
        base = revealed(account.api_url).rstrip("/")
        self._url = f"{base}/2010-04-01/Accounts/{account.account_sid}/Messages.json"
        self._http = HttpSender(section.timeout_seconds, [self._auth[1]])
        # By dedup key and number, how it ended: None is taken. What has no entry is still to do.
        self._ended: OrderedDict[str, dict[str, RefusedForEver | None]] = OrderedDict()

    def compose(self, message: Message, number: str) -> HttpRequest:
        whence = "MessagingServiceSid" if self._sender.startswith("MG") else "From"
        form = {"To": number, whence: self._sender, "Body": message.texts["text"]}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return HttpRequest(self._url, urlencode(form).encode(), headers, self._auth)

    def preview(self, message: Message) -> str:
        shown = (self._http.shown(self.compose(message, number)) for number in self._numbers)
        return f"{message.texts['text']}\n\n" + "\n\n".join(shown)

    async def send(self, message: Message) -> None:
        ended = self._ended.setdefault(message.dedup_key, {})
        if len(self._ended) > _REMEMBERED_MESSAGES:
            self._ended.popitem(last=False)
        later = None
        for number in self._numbers:
            if number not in ended:
                try:
                    ended[number] = await self._attempt(message, number)
                except RetryLater as error:
                    later = error
        if later is not None:
            raise later
        self._ended.pop(message.dedup_key, None)
        refusals = [refusal for refusal in ended.values() if refusal is not None]
        if len(refusals) == len(self._numbers):
            raise refusals[0]

    async def _attempt(self, message: Message, number: str) -> RefusedForEver | None:
        try:
            await self._http.post(self.compose(message, number))
        except RefusedForEver as refusal:
            log.error("%s: the number that ends in %s was not told: %s", self.name, number[-3:], refusal)
            return refusal
        return None

    async def close(self) -> None:
        await self._http.close()
