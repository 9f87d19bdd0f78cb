"""Answers of an engine with one thing in them changed to what no engine says, at random and repeatable."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any, TypeAlias

Place: TypeAlias = tuple[Any, Any]
"""An object or a list, and a key or an index in it."""

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**400, 1.5, -0.0,
    1e308, float("nan"), float("inf"), float("-inf"),
    "", " ", "x", "0", "null", "\0", "\ud800", "\udfff\ud800", "\u202egnp", "\x1b[2J", "=1+1", "<!channel>",
    "a" * 100_000,
    "../..", "sha256:", "<none>:<none>", "@", ":", "a@b@c", "/", "1.41", "9" * 5_000, "٤٥", "1.45/../..",
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "2026-13-45T99:99:99Z",
    "2026-01-01", "2026-01-01T00:00:00.123456789123456789Z", "1e9",
    [], {}, [[]], [None], [1], [{}], [[[]]], ["x", 1], {"": None}, {"a": []}, {"Id": 1}, {"Items": 1},
    {"Items": [None]},
)  # fmt: skip
DEEP = 100_000
WHOLE: tuple[bytes, ...] = (
    b"", b" ", b"null", b"true", b"1", b'"x"', b"[]", b"{}", b"[null]", b"[[]]", b"{", b"[", b"<html>", b"\xff\xfe",
    b"\0",
    b"NaN", b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b"{}{}", b"9" * 5_000, b'{"a": 1, "a": 2}', b"\xef\xbb\xbf{}",
    b'{"message": 1}', b'{"message": {"message": "x"}}',
)  # fmt: skip


def mutated(whole: Any, random: Random) -> tuple[Any, str]:
    """The answer with one change, and which; bytes where it is no JSON any more."""
    if random.random() < 0.1:
        told = random.choice(WHOLE)
        return told, f"all of it is {told[:30]!r}"
    if random.random() < 0.05:
        text = json.dumps(whole).encode()
        cut = random.randrange(len(text))
        return text[:cut], f"cut after {cut} bytes"
    root = [copy.deepcopy(whole)]
    places = list(_places(root))
    holder, key = random.choice(places)
    act = random.choice((_replace, _replace, _replace, _leave_out, _repeat, _swap, _wrap, _bury, _add))
    said = act(holder, key, places, random)
    return root[0], f"{act.__name__[1:]} {key!r}: {said}"


def _places(value: Any) -> Iterator[Place]:
    keys = range(len(value)) if isinstance(value, list) else list(value)
    for key in keys:
        yield value, key
        if isinstance(value[key], list | dict):
            yield from _places(value[key])


def _replace(holder: Any, key: Any, _places: list[Place], random: Random) -> str:
    holder[key] = copy.deepcopy(random.choice(HOSTILE))
    return repr(holder[key])[:40]


def _leave_out(holder: Any, key: Any, _places: list[Place], _random: Random) -> str:
    if len(holder) == 1 and isinstance(holder, list):
        holder[key] = None
    else:
        del holder[key]
    return ""


def _repeat(holder: Any, key: Any, _places: list[Place], random: Random) -> str:
    if isinstance(holder[key], list) and holder[key]:
        holder[key] += [random.choice(holder[key])] * random.choice((1, 2, 100))
    return ""


def _swap(holder: Any, key: Any, places: list[Place], random: Random) -> str:
    """What stands in another place: ids of other objects, times where sizes are expected, circles."""
    other, its = random.choice(places)
    holder[key] = copy.deepcopy(other[its])
    return f"{its!r}"


def _wrap(holder: Any, key: Any, _places: list[Place], random: Random) -> str:
    holder[key] = [holder[key]] if random.random() < 0.5 else {"Id": holder[key], "x": 1}
    return ""


def _bury(holder: Any, key: Any, _places: list[Place], random: Random) -> str:
    for _ in range(random.choice((2, 150, 500))):
        holder[key] = [holder[key]]
    return ""


def _add(holder: Any, key: Any, _places: list[Place], random: Random) -> str:
    """Something more, under a key that it has no business to be under, or at the end of a list."""
    inside = holder[key]
    if isinstance(inside, list):
        inside.append(copy.deepcopy(random.choice(HOSTILE)))
    elif isinstance(inside, dict):
        names = (
            "Id",
            "ID",
            "Name",
            "Size",
            "Labels",
            "Items",
            "Parent",
            "Containers",
            "ImageUsage",
            "Created",
        )
        inside[random.choice(names)] = copy.deepcopy(random.choice(HOSTILE))
    return ""
