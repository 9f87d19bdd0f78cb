"""The words under which a cleanup is found: who, how it went, and the names of its objects.

A person who writes the name of an object means all of it: ``postgres:14`` is found as ``postgres:14``, and as
``registry.example/db/postgres:14`` from a slash on; ``postgres`` finds every tag of that repository. Build cache
has no names that people know, and is not found by them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.core.docker.inventory import Kind, full_reference, repository, short_id
from bot.core.life.states import PlanState
from bot.core.plan.plan import Item, Person
from bot.core.rules.people import user_of

EVERY = ""
"""The word of every cleanup."""
LONGEST = 400
"""Characters of a word: PostgreSQL takes 2,704 bytes in an index."""

_HEX = re.compile(r"[0-9a-f]{12,64}")
_HUB = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/")


def words_of(state: PlanState) -> frozenset[str]:
    """All words of a cleanup as it stands."""
    plan = state.plan
    people = (plan.requester, *state.approvers)
    return words(plan.host, plan.draft.profile, state.status, people, plan.draft.items)


def words(
    host: str, profile: str, status: str, people: Iterable[Person], items: Iterable[Item]
) -> frozenset[str]:
    """All words of a cleanup of which this is known; the people are who asked and who approved."""
    return frozenset({
        EVERY,
        host_word(host),
        profile_word(profile),
        outcome_word(status),
        *(word for person in people for word in _person_words(person)),
        *(word for item in items for word in object_words(item)),
    })  # fmt: skip


def host_word(host: str) -> str:
    return _word("host", host)


def profile_word(profile: str) -> str:
    return _word("profile", profile)


def outcome_word(outcome: str) -> str:
    return _word("outcome", outcome)


def person_word(person: str) -> str:
    """The word of a Slack user id, or of an ``@name``."""
    return _word("by", person)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words of which a cleanup must have one."""

    words: tuple[str, ...]
    is_beginning: bool = False
    """Whether any word counts that begins like the only one here."""


def wanted_text(text: str) -> Wanted:
    """The word that an object's name as a person writes it stands for, or its beginning."""
    beginning = text.endswith("*")
    name = text.removesuffix("*").lower()
    name = name.rpartition("@")[2] if "@sha256:" in name else name
    for hub in _HUB:
        name = name.removeprefix(hub)
    name = name.removeprefix("sha256:")
    if _HEX.fullmatch(name):
        return Wanted((_word("name", short_id(name)),))
    return Wanted((_word("name", name),), is_beginning=beginning)


def object_words(item: Item) -> Iterator[str]:
    """The words of one object."""
    if item.kind is Kind.BUILD_CACHE:
        return
    yield _word("name", short_id(item.id).lower())
    if item.kind is not Kind.IMAGE:
        yield _word("name", item.name.lower())
    for name in _names(item.references):
        yield _word("name", name)


def _names(references: Iterable[str]) -> Iterator[str]:
    """What a reference is called: itself and its repository, each from any slash on; a digest, shortened."""
    for reference in references:
        name, _, digest = reference.lower().partition("@")
        if digest:
            yield short_id(digest)
        for whole in (repository(name), *(() if digest else (full_reference(name),))):
            parts = whole.split("/")
            for start in range(len(parts)):
                yield "/".join(parts[start:])


def _person_words(person: Person) -> Iterator[str]:
    yield from (person_word(each) for each in {person.id, user_of(person.id)})
    if person.name:
        yield person_word(f"@{person.name.lower()}")


def _word(kind: str, text: str) -> str:
    return f"{kind}:{text}"[:LONGEST]
