"""Short messages, by Twilio's Messages API: one request for each number."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from tenantwatch_collector.errors import RefusedForEver, RetryLater
from tenantwatch_collector.notify.channels.base import Message, Part
from tenantwatch_collector.notify.channels.http import HttpRequest, HttpSender
from tenantwatch_collector.notify.settings import SmsSection, TwilioSection
from tenantwatch_collector.settings import revealed

log = logging.getLogger(__name__)


class SmsChannel:
    """A message that some numbers got and others did not is repeated to the others alone.

    Each is noted before the next is tried: after a crash at most the one under way may get it twice.
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

    def compose(self, message: Message, number: str) -> HttpRequest:
        whence = "MessagingServiceSid" if self._sender.startswith("MG") else "From"
        form = {"To": number, whence: self._sender, "Body": message.texts["text"]}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return HttpRequest(self._url, urlencode(form).encode(), headers, self._auth)

    def preview(self, message: Message) -> str:
        shown = (self._http.shown(self.compose(message, number)) for number in self._numbers)
        return f"{message.texts['text']}\n\n" + "\n\n".join(shown)

    async def send(self, message: Message) -> None:
        later = None
        for number in message.reached.missing(self._numbers):
            try:
                await self._http.post(self.compose(message, number))
            except RetryLater as error:
                later = error
            except RefusedForEver as refusal:
                log.error("%s: the number that ends in %s was not told: %s", self.name, number[-3:], refusal)
                await message.reached.note({number: str(refusal)})
            else:
                await message.reached.note({number: ""})
        if later is not None:
            raise later
        refused = message.reached.refused
        if len(refused) == len(self._numbers):
            raise RefusedForEver(next(iter(refused.values())))

    async def close(self) -> None:
        await self._http.close()
