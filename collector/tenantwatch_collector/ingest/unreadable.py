"""Messages that protobuf cannot read: their strings are not UTF-8, or they are cut off or garbled.

A batch with such a string is read once more with its strings as bytes, so that its results can be named and
refused like those of any other malformed batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from tenantwatch_wire.columns import claimed_length
from tenantwatch_wire.v1 import agent_pb2

_PACKAGE = "tenantwatch_wire.bytes"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What can be said of the message; ``results`` is 0 where it was no batch that could be named."""

    reason: str
    payload: bytes
    lane: int = 0
    first_sequence: int = 0
    results: int = 0


Request = agent_pb2.ConnectRequest | Unreadable


def read_request(data: bytes) -> Request:
    """The message, or what can be said of it. Raises nothing, whatever the bytes are."""
    try:
        return agent_pb2.ConnectRequest.FromString(data)
    except DecodeError:
        return _named(data)


def _named(data: bytes) -> Unreadable:
    try:
        request: Any = _LENIENT.FromString(data)
    except DecodeError:
        return Unreadable("a message is cut off or garbled", data)
    if request.WhichOneof("message") != "batch":
        return Unreadable("a text is not UTF-8", data)
    batch = request.batch
    return Unreadable("a text is not UTF-8", data, batch.lane, batch.first_sequence, claimed_length(batch))


def _lenient_request() -> type[Any]:
    """The class of ConnectRequest as it would be if all its strings were bytes."""
    file = descriptor_pb2.FileDescriptorProto.FromString(agent_pb2.DESCRIPTOR.serialized_pb)
    own = f".{file.package}."
    file.name, file.package = "tenantwatch_wire/bytes.proto", _PACKAGE
    file.ClearField("service")
    for field in (field for message in file.message_type for field in message.field):
        if field.type == field.TYPE_STRING:
            field.type = field.TYPE_BYTES
        if field.type_name:
            field.type_name = field.type_name.replace(own, f".{_PACKAGE}.")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.ConnectRequest"))


_LENIENT = _lenient_request()
