"""A request together with the redirects that it may follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tenantwatch_agent.checks.http.address import Address
from tenantwatch_agent.checks.http.certificate import Chain
from tenantwatch_agent.checks.http.exchange import Exchange, Route
from tenantwatch_agent.checks.http.expiry import Ending, first_ending
from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.checks.http.message import Answer, Request

MOST_REDIRECTS = 20

_REDIRECTS = (301, 302, 303, 307, 308)
_KEEPING_METHOD = (307, 308)
_HARMLESS = ("accept", "accept-language", "user-agent")
"""All that another origin is told; any other header may be a credential."""

Router = Callable[[Address, bool], Route]
"""The route to an address; the flag says whether it is still the origin that the check was made for."""


class Visit:
    """Runs once. ``phases_us`` are sums over all hops, ``chains`` those of each with its host; ``answer`` is
    the last one's."""

    def __init__(self, request: Request, route: Router, max_redirects: int) -> None:
        self._route = route
        self._max_redirects = max_redirects
        self._at_home = True
        self._exchange = Exchange(request, route(request.address, True))
        self.phases_us: dict[str, int] = {}
        self.chains: list[tuple[str, Chain]] = []
        self.redirects = 0

    @property
    def phase(self) -> str:
        return self._exchange.phase

    @property
    def answer(self) -> Answer:
        return self._exchange.answer

    @property
    def first_ending(self) -> Ending | None:
        """Of all certificates that were shown on the way, the one that ends first."""
        named = self.redirects > 0
        endings = [first_ending(chain, host if named else "") for host, chain in self.chains]
        return min((each for each in endings if each is not None), default=None)

    async def run(self) -> None:
        """Raises ProbeFailed, or CheckerFailed, as an Exchange does."""
        while True:
            try:
                await self._exchange.run()
            finally:
                for phase, us in self._exchange.phases_us.items():
                    self.phases_us[phase] = self.phases_us.get(phase, 0) + us
                self.chains.append((self._exchange.request.address.host, self._exchange.chain))
            location = self.answer.header("location")
            if not self._max_redirects or self.answer.status not in _REDIRECTS or location is None:
                return
            self._follow(location)

    def _follow(self, location: str) -> None:
        if self.redirects >= self._max_redirects:
            raise ProbeFailed(f"redirected more than {self._max_redirects} times")
        before = self._exchange.request
        try:
            address = before.address.join(location)
        except ValueError as error:
            raise ProbeFailed(f"redirected to where nothing can be: {error}") from None
        request = _without_body(before, self.answer.status)
        self._at_home = self._at_home and address.origin == before.address.origin
        if not self._at_home:
            if request.body:
                raise ProbeFailed(f"redirects its body to {address.authority}: not sent to another origin")
            harmless = {name: value for name, value in request.headers.items() if name.lower() in _HARMLESS}
            request = replace(request, headers=harmless)
        self.redirects += 1
        self._exchange = Exchange(replace(request, address=address), self._route(address, self._at_home))


def _without_body(request: Request, status: int) -> Request:
    """As browsers do it: what was no GET or HEAD becomes a GET, unless the status forbids it."""
    if status in _KEEPING_METHOD or request.method in ("GET", "HEAD"):
        return request
    headers = {name: value for name, value in request.headers.items() if name.lower() != "content-type"}
    return replace(request, method="GET", headers=headers, body=b"")
