"""What every table of settings has in common: unknown keys are refused, secrets may stay out of the file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, model_validator

from tenantwatch_collector.wording import in_words

_MAX_SECRET_BYTES = 65_536
_SPOKEN: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false"}


class Section(BaseModel):
    """Settings that are refused when misspelt.

    Each key named in ``secrets`` may be given as it is, or by ``KEY_file`` or ``KEY_env``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    secrets: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _no_quoted_numbers(cls, values: Any) -> Any:
        """A number in quotes is a slip of the hand, and nothing is guessed."""
        for key, value in values.items() if isinstance(values, dict) else ():
            field = cls.model_fields.get(key)
            if field is not None and field.annotation in (int, float, bool) and isinstance(value, str):
                raise ValueError(f"{key} must be {_SPOKEN[field.annotation]}, written without quotes")
        return values

    @model_validator(mode="before")
    @classmethod
    def _read_secrets(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        found = dict(values)
        for key in cls.secrets:
            given = [name for name in (key, f"{key}_file", f"{key}_env") if name in found]
            if len(given) > 1:
                raise ValueError(f"give one of {' and '.join(given)}, not both")
            if given:
                found[key] = _secret(given[0], found.pop(given[0]), key)
        return found


def _secret(name: str, value: Any, key: str) -> Any:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text")
    if name == f"{key}_file":
        return SecretStr(_read_secret_file(name, Path(value).expanduser()))
    if name == f"{key}_env":
        if not os.environ.get(value):
            raise ValueError(f"{name}: the variable {value} is not set")
        return SecretStr(os.environ[value])
    return SecretStr(value)


def _read_secret_file(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_SECRET_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ValueError(f"{name}: {path} cannot be read: {reason}") from None
    if not content:
        raise ValueError(f"{name}: {path} is empty")
    return content


def explain(path: Path | None, model: type[Section], error: ValidationError) -> str:
    """One line for each problem: the file, the key, what is wrong and what is allowed. No values."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(
                f"{path}: unknown key {key}; allowed here: {', '.join(_allowed(model, problem['loc']))}"
            )
        else:
            where = f"{path}: {key}" if key else f"{path}"
            lines.append(f"{where}: {in_words({**problem})}")
    return "\n".join(lines)


def _allowed(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys of the section that holds the last part of the location."""
    for part in location[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _section_in(model.model_fields[part].annotation) or model
    secrets = model.secrets if issubclass(model, Section) else ()
    return sorted([*model.model_fields, *(f"{key}_{way}" for key in secrets for way in ("file", "env"))])


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that an annotation such as ``list[Webhook]`` or ``Tls | None`` speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_section_in(part) for part in get_args(annotation))
    return next((section for section in found if section is not None), None)


def revealed(secret: SecretStr | None) -> str:
    """The secret itself, or an empty text; for the one place that sends it."""
    return "" if secret is None else secret.get_secret_value()
