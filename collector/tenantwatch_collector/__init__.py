"""The centre: receives, remembers, judges, tells, answers."""

from tenantwatch_wire import __version__

__all__ = ["__version__"]
