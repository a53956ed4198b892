"""What can go wrong, each with the exit code that scripts see."""

from __future__ import annotations

from typing import ClassVar


class ClientError(Exception):
    """Something did not work; the text says what, and what to do where that is known."""

    exit_code: ClassVar[int] = 1


class Unreachable(ClientError):
    """No answer: nothing listens there, the connection broke, or the time was up."""

    exit_code = 3


class NotLoggedIn(ClientError):
    """Nobody has said which collector, or as whom."""

    exit_code = 4


class Answered(ClientError):
    """The collector said no. ``status`` is HTTP's; ``request_id`` finds it in the collector's log."""

    def __init__(self, status: int, text: str, request_id: str = "") -> None:
        super().__init__(f"{text} (request {request_id})" if request_id and status >= 500 else text)
        self.status = status
        self.request_id = request_id


class NotSignedIn(Answered):
    """401: no token, or one that is unknown, expired or revoked."""

    exit_code = 4


class NotAllowed(Answered):
    """403: the token is good, but not for this."""

    exit_code = 4


class NotFound(Answered):
    """404: it does not exist, or it is another tenant's."""

    exit_code = 5


class Refused(Answered):
    """Any other answer that is no success, such as a wrong value, a conflict or an overload."""


_BY_STATUS: dict[int, type[Answered]] = {401: NotSignedIn, 403: NotAllowed, 404: NotFound}


def answered(status: int, text: str, request_id: str = "") -> Answered:
    """The error that an answer with this status is."""
    return _BY_STATUS.get(status, Refused)(status, text, request_id)
