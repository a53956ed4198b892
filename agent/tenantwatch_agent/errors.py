"""The agent's failures on purpose."""


class AgentError(Exception):
    """The message says what to do."""


class ConfigurationError(AgentError):
    """A setting is wrong: the message names the file, the key and what is allowed."""


class CheckerFailed(AgentError):
    """The check could not be carried out, by no fault of its target: the result is unknown."""
