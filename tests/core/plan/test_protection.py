"""What is protected: by each rule, by label and by pattern of reference."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.plan.protection import NOTHING_MORE, Protection
from tests.core.things import ago, container, image, inventory, planned, taken

RULES: Mapping[str, tuple[Any, str]] = {
    "images": (("app:*",), "sha256:old"),
    "names": (("job*",), "job-1"),
    "labels": (("keep",), "labelled"),
    "keep_last": (1, "sha256:new"),
    "keep_ran": (1, "sha256:ran"),
    "unused_for": (timedelta(days=3), "sha256:seen"),
    "dangling_min_age": (timedelta(days=3), "sha256:bare"),
}
"""Of each rule a value, and what it keeps of the host below and nothing else does."""


def test_each_rule_keeps_what_nothing_else_would() -> None:
    old, new = image("old", tags=("app:1",)), image("new", tags=("web:2",), built_at=ago(days=9))
    older, bare = image("older", tags=("web:1",)), image("bare", built_at=ago(days=2))
    seen = image("seen", used_at=ago(days=2))
    ran = image("ran", tags=("ran:1",))
    host = replace(
        inventory(
            old,
            new,
            older,
            bare,
            seen,
            ran,
            container("job-1", old),
            container("labelled", old, labels={"keep": ""}),
        ),
        ran={("container", "web"): (ran.id,)},
    )
    everything = taken(planned("everything", host, NOTHING_MORE))
    assert RULES.keys() == {each.name for each in fields(Protection)}
    for name, (value, kept) in RULES.items():
        spared = everything - taken(planned("everything", host, replace(NOTHING_MORE, **{name: value})))
        assert kept in spared, name


@pytest.mark.parametrize(
    ("protecting", "carried", "found"),
    [
        ((), {"keep": "yes"}, None),
        (("keep",), {}, None),
        (("keep",), {"keep": ""}, "keep"),
        (("keep",), {"keep": "no"}, "keep"),
        (("keep",), {"keeper": "yes"}, None),
        (("keep=yes",), {"keep": "yes"}, "keep=yes"),
        (("keep=yes",), {"keep": "no"}, None),
        (("keep=yes",), {}, None),
        (("keep=",), {"keep": ""}, "keep="),
        (("keep=",), {"keep": "yes"}, None),
        (("args=a=b",), {"args": "a=b"}, "args=a=b"),
        (("other", "keep=no", "keep"), {"keep": "yes"}, "keep"),
    ],
)
def test_a_label_protects_by_key_or_by_key_and_value(
    protecting: tuple[str, ...], carried: Mapping[str, str], found: str | None
) -> None:
    assert Protection(labels=protecting).of_labels(carried) == found


@pytest.mark.parametrize(
    ("pattern", "protected"),
    [
        ("registry.example/app:1", True),
        ("registry.example/*", True),
        ("*:1", True),
        ("*/app:?", True),
        ("spare:[0-9]", True),
        ("*@sha256:*", True),
        ("registry.example/app", True),
        ("app:1", False),
        ("REGISTRY.example/*", False),
        ("*:2", False),
        ("", False),
    ],
)
def test_a_pattern_protects_by_any_reference_or_repository(pattern: str, *, protected: bool) -> None:
    held = image("i", tags=("registry.example/app:1", "spare:7"), digests=("app@sha256:d",))
    assert Protection(images=("none:*", pattern)).of_image(held) == (pattern if protected else None)


def test_an_image_without_references_matches_no_pattern() -> None:
    assert Protection(images=("*",)).of_image(image("dangling")) is None
