"""By which words an object is found: as a person writes its name, from a slash on, by repository and by id."""

import pytest

from bot.core.audit.words import LONGEST, object_words, wanted_text
from bot.core.docker.inventory import Kind
from bot.core.plan.plan import Item

ID = "3f2a9c01d4e5" + "0" * 52
DIGEST = "b" * 64
IMAGE = Item(
    kind=Kind.IMAGE,
    id=f"sha256:{ID}",
    name="postgres:14",
    references=(
        "registry.example:5000/DB/postgres:14", "postgres:14", f"registry.example:5000/DB/postgres@sha256:{DIGEST}",
    ),
    rule="unused",
)  # fmt: skip


def finds(text: str, item: Item = IMAGE) -> bool:
    wanted = wanted_text(text)
    (word,), words = wanted.words, set(object_words(item))
    return any(each.startswith(word) for each in words) if wanted.is_beginning else word in words


@pytest.mark.parametrize(
    "text",
    [
        "postgres:14", "POSTGRES:14", "postgres", "db/postgres:14", "db/postgres", "docker.io/library/postgres:14",
        "registry.example:5000/db/postgres:14", "registry.example:5000/db/postgres", "post*", "registry.ex*",
        ID, f"sha256:{ID}", ID[:12], f"sha256:{ID[:20]}", "3f2a*", f"sha256:{DIGEST}", f"postgres@sha256:{DIGEST}",
    ],
)  # fmt: skip
def test_an_image_is_found_by_what_people_call_it(text: str) -> None:
    assert finds(text)


@pytest.mark.parametrize(
    "text", ["postgres:15", "gres:14", "ostgres", "registry.example", "db", "14", "3f2a"]
)
def test_an_image_is_not_found_by_the_middle_of_its_name(text: str) -> None:
    assert not finds(text)


@pytest.mark.parametrize("kind", [Kind.CONTAINER, Kind.NETWORK, Kind.VOLUME])
def test_the_others_are_found_by_name_and_id(kind: Kind) -> None:
    item = Item(kind=kind, id=ID, name="CI-1519-tests", rule="stopped")
    assert finds("ci-1519-tests", item)
    assert finds("ci-15*", item)
    assert finds(ID, item)
    assert not finds("tests", item)


def test_a_tag_that_is_not_written_is_latest() -> None:
    item = Item(kind=Kind.IMAGE, id=ID, name="web", references=("web",), rule="unused")
    assert finds("web:latest", item)


def test_build_cache_has_no_names_that_people_know() -> None:
    item = Item(kind=Kind.BUILD_CACHE, id="abc", name="RUN npm ci", rule="unused")
    assert list(object_words(item)) == []


def test_a_word_fits_into_an_index() -> None:
    item = Item(kind=Kind.VOLUME, id="v" * 9_000, name="v" * 9_000, rule="anonymous")
    assert max(map(len, object_words(item))) == LONGEST
    assert finds("v" * 9_000, item)
