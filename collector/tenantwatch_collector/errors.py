"""The collector's failures: what an operator must mend, and the three kinds that every room knows."""


class CollectorError(Exception):
    """Base of everything the collector raises on purpose. The message says what to do."""


class ConfigurationError(CollectorError):
    """A setting is wrong: the message names the file, the key and what is allowed."""


class RetryLater(CollectorError):
    """It did not work now; the same attempt may work later."""

    def __init__(self, message: str, delay_seconds: float | None = None) -> None:
        super().__init__(message)
        self.delay_seconds = delay_seconds


class RefusedForEver(CollectorError):
    """It can never work as it is; repeating it is useless."""


class NotAuthenticated(CollectorError):
    """No token, or none that is valid."""


class TenantSuspended(NotAuthenticated):
    """The credential is good, and its tenant is suspended: it opens nothing now."""


class NotFound(CollectorError):
    """It does not exist, or it is not the caller's: the two answers are the same."""


class Conflict(CollectorError):
    """There is one of that name already."""


class TooMany(RetryLater):
    """The caller asks for more at once than one may."""


class NotYet(RetryLater):
    """It is left to be done, and was not done in time to say what became of it."""


class NobodyThere(RetryLater):
    """No agent is connected that could do it."""


class NotAllowed(CollectorError):
    """The caller is known, and lacks the permission."""


class StillRunning(RetryLater):
    """The same request is being served already."""


class PreconditionFailed(CollectorError):
    """It is not what the caller wants to change."""


class PreconditionMissing(CollectorError):
    """The caller must say what is to be changed."""
