"""The words under which a cleanup is found, beside its events."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from bot.core.audit import words as audit_words
from bot.core.audit.records import Record
from bot.core.audit.rows.values import NO_EVENT, NO_ROW, Difference
from bot.core.docker.inventory import Kind
from bot.core.plan.plan import Item, Person


def differences_of_words(record: Record, found: AbstractSet[tuple[str, str, str]]) -> Iterator[Difference]:
    told = record.of_plan
    if told.get("started_at") is None:
        expected: set[tuple[str, str, str]] = set()
    elif "items" not in record.proposed or not {"profile", "status"} <= told.keys():
        return  # the events do not say under what it is to be found
    else:
        at, host = str(told["started_at"]), str(told["host"])
        if "started_at" in record.rough:  # then the plan's row was compared with it
            at = min((moment for _, moment, _ in found), default=at)
        expected = {(word, at, host) for word in words(record)}
    if any(
        "person_name" not in vote for vote in record.votes.values()
    ):  # the first releases did not write it
        by_name = audit_words.person_word("@")
        expected, found = (
            {each for each in some if not each[0].startswith(by_name)} for some in (expected, set(found))
        )
    if expected == found:
        return
    for some, why in ((expected - found, NO_ROW), (found - expected, NO_EVENT)):
        for word, at, host in sorted(some):
            yield Difference(
                table="cleanup_word", key=f"“{word}” of {record.plan} at {at} on {host}", why=why
            )


def words(record: Record) -> frozenset[str]:
    """All words under which the cleanup is to be found."""
    told = record.of_plan
    people = [Person(id=str(told["requester_id"]), name=str(told.get("requester_name", "")))]
    people += [
        Person(id=person, name=str(record.votes[person].get("person_name", "")))
        for person in record.approvers
    ]
    return audit_words.words(
        str(told["host"]),
        str(told["profile"]),
        str(told["status"]),
        people,
        items_of(record.proposed["items"]),
    )


def items_of(listed: Iterable[Any]) -> Iterator[Item]:
    """The items of a proposal, as far as it tells of them."""
    for item in listed:
        yield Item(
            kind=Kind(item["kind"]), id=item["id"], name=item["name"], references=tuple(item["references"]),
            bytes=item["bytes"], rule=item["rule"],
        )  # fmt: skip
