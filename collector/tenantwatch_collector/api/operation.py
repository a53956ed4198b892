"""How an operation says what it demands of its caller: once, where it is written, for every door."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.identity import Caller

Offering = TypeVar("Offering")
Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
Operation = Callable[Concatenate[Offering, Caller, Parameters], Answer]


def demands(
    permission: Permission,
) -> Callable[[Operation[Offering, Parameters, Answer]], Operation[Offering, Parameters, Answer]]:
    """The operation raises NotAllowed, before anything else, for a caller without the permission."""

    def declare(
        operation: Operation[Offering, Parameters, Answer],
    ) -> Operation[Offering, Parameters, Answer]:
        @wraps(operation)
        def checked(
            self: Offering, caller: Caller, /, *arguments: Parameters.args, **named: Parameters.kwargs
        ) -> Answer:
            caller.demand(permission)
            return operation(self, caller, *arguments, **named)

        checked.permission = permission  # type: ignore[attr-defined]
        return checked

    return declare


def demanded(operation: Callable[..., Any]) -> Permission:
    """What the operation demands. One that says nothing is offered to nobody: TypeError."""
    permission = getattr(operation, "permission", None)
    if not isinstance(permission, Permission):
        raise TypeError(f"{operation} does not say which permission it demands: see api/operation.py")
    return permission
