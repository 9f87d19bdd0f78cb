"""What is protected, by label and by pattern of reference."""

from collections.abc import Mapping

import pytest

from bot.core.plan.protection import Protection
from tests.core.things import image


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
