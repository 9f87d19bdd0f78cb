"""The few messages of containerd's and BuildKit's services that are asked with and read, by their field numbers.

From ``containerd/api/services/content/v1/content.proto`` and ``buildkit/api/services/control/control.proto``. Fields
that nobody reads are left out, as in every answer; a map is read as what it is on the wire, a list of entries.
"""

from datetime import UTC, datetime
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from bot.core.errors import EngineAnswerError
from bot.engines.failures import LinkError

LARGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes, as gRPC itself has it for who receives: an engine sends 100 blobs, or 1 MB of one, in each."""
_FILE = "deckhand"
_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _FIELD.TYPE_STRING, "bytes": _FIELD.TYPE_BYTES, "int64": _FIELD.TYPE_INT64, "bool": _FIELD.TYPE_BOOL,
}  # fmt: skip
_MESSAGES: dict[str, tuple[tuple[int, str, str], ...]] = {
    "Time": ((1, "seconds", "int64"), (2, "nanos", "int64")),
    "Label": ((1, "key", "string"), (2, "value", "string")),
    "ListRequest": ((1, "filters", "*string"),),
    "Info": (
        (1, "digest", "string"), (2, "size", "int64"), (3, "created_at", "Time"), (5, "labels", "*Label"),
    ),
    "ListAnswer": ((1, "info", "*Info"),),
    "ReadRequest": ((1, "digest", "string"), (2, "offset", "int64"), (3, "size", "int64")),
    "ReadAnswer": ((1, "offset", "int64"), (2, "data", "bytes")),
    "HistoryRequest": ((1, "active_only", "bool"), (3, "early_exit", "bool")),
    "Descriptor": ((2, "digest", "string"),),
    "Numbered": ((2, "value", "Descriptor"),),
    "Result": ((1, "only", "Descriptor"), (2, "attestations", "*Descriptor"), (3, "results", "*Numbered")),
    "Named": ((2, "value", "Result"),),
    "Build": (
        (1, "ref", "string"), (8, "logs", "Descriptor"), (10, "result", "Result"), (11, "results", "*Named"),
        (13, "trace", "Descriptor"), (18, "external_error", "Descriptor"),
    ),
    "HistoryAnswer": ((2, "record", "Build"),),
}  # fmt: skip


def _declared() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name=_FILE, package=_FILE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, declared in fields:
            many = _FIELD.LABEL_REPEATED if declared.startswith("*") else _FIELD.LABEL_OPTIONAL
            kind = declared.removeprefix("*")
            added = message.field.add(name=field, number=number, label=many)
            if kind in _SCALARS:
                added.type = _SCALARS[kind]
            else:
                added.type, added.type_name = _FIELD.TYPE_MESSAGE, f".{_FILE}.{kind}"
    return file


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_declared())


def _class(name: str) -> Any:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_FILE}.{name}"))


def written(name: str, **fields: object) -> bytes:
    """A request as it is sent."""
    content: bytes = _class(name)(**fields).SerializeToString()
    return content


def read(name: str, content: bytes) -> Any:
    """One message of an answer; LinkError where it is none, or larger than any."""
    message = _class(name)()
    if len(content) > LARGEST_MESSAGE:
        raise senseless()
    try:
        message.ParseFromString(content)
    except DecodeError as error:
        raise senseless() from error
    return message


def senseless() -> LinkError:
    return LinkError(
        EngineAnswerError,
        "what it answers to a question about its content is not what a Docker Engine says. Nothing of it was used.",
    )


def moment(time: Any) -> datetime | None:
    """None for a time that no clock shows."""
    try:
        return datetime.fromtimestamp(time.seconds + time.nanos / 1e9, UTC) if time.seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
