"""The centre: receives, remembers, judges, tells, answers."""

from importlib.metadata import version

__version__ = version("tenantwatch")
