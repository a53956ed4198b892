"""The agent's failures on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

MAX_MISTAKES = 100
"""Whoever has made more begins with these."""
MAX_IN_ONE_LINE = 10


class AgentError(Exception):
    """The message says what to do."""

    @property
    def lines(self) -> list[str]:
        """For people who have more than one line."""
        return [str(self)]


class ConfigurationError(AgentError):
    """Settings are wrong: each of ``mistakes`` names the file, the key and what is allowed.

    ``untold`` is how many there are besides.
    """

    def __init__(self, *mistakes: str, untold: int = 0) -> None:
        told = [*mistakes[:MAX_IN_ONE_LINE]]
        untold_here = untold + len(mistakes) - len(told)
        super().__init__("; ".join([*told, *([f"and {untold_here} more"] if untold_here else [])]))
        self.mistakes = mistakes
        self.untold = untold

    @property
    def lines(self) -> list[str]:
        return [*self.mistakes, *([f"and {self.untold} more"] if self.untold else [])]


@contextmanager
def told_within(where: str) -> Iterator[None]:
    """Each mistake that is raised in it begins with ``where`` and a colon."""
    try:
        yield
    except ConfigurationError as error:
        told = (f"{where}: {each}" for each in error.mistakes)
        raise ConfigurationError(*told, untold=error.untold) from None


class CheckerFailed(AgentError):
    """The check could not be carried out, by no fault of its target: the result is unknown."""


class Mistakes:
    """Collects what is wrong with settings, so that all of it is told at once."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._untold = 0

    @contextmanager
    def noted(self, placed: Callable[[str], str] = str) -> Iterator[None]:
        """What is raised within is kept; ``placed`` says where each of it was."""
        try:
            yield
        except ConfigurationError as error:
            room = MAX_MISTAKES - len(self._found)
            self._found += map(placed, error.mistakes[:room])
            self._untold += error.untold + len(error.mistakes[room:])

    def demand_none(self) -> None:
        """Raises ConfigurationError with all that was noted, if anything was."""
        if self._found:
            raise ConfigurationError(*self._found, untold=self._untold)
