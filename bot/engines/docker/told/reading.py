"""Reading an answer in its shape.

Whatever is not of its shape is refused as a whole, before anything looks into it: an engine (or what poses as one)
that says one thing as no engine does is believed in nothing.
"""

import re
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.core.errors import EngineAnswerError
from bot.engines.docker.told.shapes import (
    Container,
    DiskUsage,
    Image,
    Info,
    ListedContainer,
    ListedNetwork,
    Network,
    Pruned,
    Removed,
    Step,
    SwarmService,
    Version,
    Volume,
    Volumes,
)
from bot.engines.failures import LinkError

MOST_VALUES = 4_000_000
"""In one answer, counted by what stands between values; memory goes by them."""
MOST_SHOWN = 200

_NULLS = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_REPLACEMENT = rb"\1\\ufffd"
"""A NUL in a text, which no database takes, is shown as what cannot be shown."""

SHAPES: tuple[tuple[str, re.Pattern[str], Any], ...] = (
    ("GET", re.compile(r"/version"), Version),
    ("GET", re.compile(r"/info"), Info),
    ("GET", re.compile(r"/system/df"), DiskUsage),
    ("GET", re.compile(r"/images/json"), list[Image] | None),
    ("GET", re.compile(r"/images/.+/json"), Image),
    ("GET", re.compile(r"/images/.+/history"), list[Step] | None),
    ("GET", re.compile(r"/containers/json"), list[ListedContainer] | None),
    ("GET", re.compile(r"/containers/[^/]+/json"), Container),
    ("GET", re.compile(r"/networks"), list[ListedNetwork] | None),
    ("GET", re.compile(r"/networks/.+"), Network),
    ("GET", re.compile(r"/services"), list[SwarmService] | None),
    ("GET", re.compile(r"/volumes"), Volumes),
    ("GET", re.compile(r"/volumes/.+"), Volume),
    ("DELETE", re.compile(r"/images/.+"), list[Removed] | None),
    ("POST", re.compile(r"/build/prune"), Pruned),
)
"""By method and path, without the API's version."""
_VERSION = re.compile(r"^/v[0-9.]+(?=/)")


def read(method: str, path: str, content: bytes) -> Any:
    """The JSON of an answer, in the shape that a request has; LinkError when it has another."""
    path = _VERSION.sub("", path.partition("?")[0])
    for verb, pattern, shape in SHAPES:
        if verb == method and pattern.fullmatch(path):
            return shaped(shape, content, path)
    raise AssertionError(f"nobody has written down what {method} {path} answers")


def shaped(shape: Any, content: bytes, what: str) -> Any:
    """JSON in that shape; LinkError when it has another, or is none."""
    values = sum(map(content.count, (b",", b"[", b"{")))
    if values > MOST_VALUES:
        raise _senseless(what, f"it holds more than {MOST_VALUES} values")
    if b"\\u0000" in content:
        content = _NULLS.sub(_REPLACEMENT, content)
    try:
        return _adapter(shape).validate_json(content)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, wrong["loc"]))[:MOST_SHOWN]
        raise _senseless(what, f"{place}: {wrong['msg']}" if place else wrong["msg"]) from None


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _senseless(what: str, why: str) -> LinkError:
    return LinkError(
        EngineAnswerError,
        f"what it answers to {what[:MOST_SHOWN]} is not what a Docker Engine says ({why}). Nothing of it was used. "
        "Is that a Docker Engine, and does nothing stand in between?",
    )
