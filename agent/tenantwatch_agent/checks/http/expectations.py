"""What an answer must be like: its status, its headers, its body."""

from __future__ import annotations

import re
from collections.abc import Collection

from tenantwatch_agent.checks.conditions import HeaderConditions, JsonConditions
from tenantwatch_agent.checks.http.message import Answer
from tenantwatch_agent.checks.http.settings import RequestSettings
from tenantwatch_agent.errors import ConfigurationError, Mistakes

_RANGE = re.compile(r"([1-5]\d\d)-([1-5]\d\d)|([1-5])xx|([1-5]\d\d)")


class Expectations:
    """Raises ConfigurationError, naming the key, for what cannot be expected."""

    def __init__(self, settings: RequestSettings) -> None:
        self._shown_statuses = ", ".join(settings.expect_status)
        self._part = settings.expect_body_contains
        self._pattern = None
        mistakes = Mistakes()
        with mistakes.noted():
            self._statuses = [_status_range(text) for text in settings.expect_status]
        with mistakes.noted():
            if settings.expect_body_matches is not None:
                # Imported here: few checks need it, and its library costs 3 MB.
                from tenantwatch_agent.checks.pattern import Pattern

                self._pattern = Pattern(settings.expect_body_matches, "expect_body_matches")
        with mistakes.noted():
            self._json = JsonConditions(settings.expect_json, "expect_json")
        with mistakes.noted():
            self._headers = HeaderConditions(settings.expect_headers, "expect_headers")
        mistakes.demand_none()

    async def problem(self, answer: Answer, secrets: Collection[str] = ()) -> str:
        """The first that is not fulfilled, in words and without the secrets; empty if all are."""
        if not any(first <= answer.status <= last for first, last in self._statuses):
            return f"HTTP {answer.status}, expected {self._shown_statuses}"
        problem = self._headers.problem(answer.headers, secrets)
        if problem := problem or await self._body_problem(answer, secrets):
            return problem + (" (only the first MiB was read)" if answer.cut_at_limit else "")
        return ""

    async def _body_problem(self, answer: Answer, secrets: Collection[str]) -> str:
        packed = f": it came packed (content-encoding {answer.coding})" if answer.coding else ""
        if self._part is not None and not any(self._part.encode() in one for one in answer.readings):
            return f"the body does not contain {self._part!r}{packed}"
        if self._pattern is not None and await self._pattern.search_any(answer.readings) is None:
            return f"the body does not match {self._pattern.text!r}{packed}"
        if not self._json:
            return ""
        try:
            return self._json.problem(answer.json(), secrets)
        except ValueError as error:
            return f"the body is not JSON: {error}"


def _status_range(text: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(f'expect_status: {text!r} is none of "200", "2xx", "200-399"')
    first, last, hundreds, single = match.groups()
    if hundreds:
        return int(hundreds) * 100, int(hundreds) * 100 + 99
    return (int(single), int(single)) if single else (int(first), int(last))
