"""The audit chain: its canonical form, pinned to the letter, and every way in which a chain can be broken."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.core.audit import (
    GENESIS,
    ChainedEvent,
    Event,
    Json,
    Tag,
    canonical,
    chain_hash,
    first_break,
    time_text,
)
from tests.core.things import NOW

AT = datetime(2026, 11, 23, 12, 0, 0, 5, tzinfo=UTC)
EVENT = Event(
    tag=Tag.PLAN_PROPOSED,
    plan="p1",
    host="prod-3",
    actor="U1",
    facts={
        "ok": True,
        "none": None,
        "name": 'café "x" /',
        "items": [{"tags": [], "id": "sha256:a"}],
        "bytes": 43,
    },
)
CANONICAL = (
    '{"actor":"U1","at":"2026-11-23T12:00:00.000005Z","facts":{"bytes":43,'
    '"items":[{"id":"sha256:a","tags":[]}],"name":"café \\"x\\" /","none":null,"ok":true},'
    '"host":"prod-3","plan":"p1","seq":1,"tag":"slack:plan:proposed"}'
)
HASH = "6c229233c66cd493a0a7c50197a62fc984fd69b8972d5bd62671d30dadfc2957"


def chained(*events: Event) -> list[ChainedEvent]:
    links: list[ChainedEvent] = []
    previous = GENESIS
    for seq, event in enumerate(events, 1):
        digest = chain_hash(previous, seq, NOW, event)
        links.append(ChainedEvent(seq=seq, at=NOW, event=event, previous=previous, hash=digest))
        previous = digest
    return links


CHAIN = chained(
    EVENT, Event(tag=Tag.PLAN_VOTED), Event(tag=Tag.PLAN_APPROVED), Event(tag=Tag.CLEANUP_STARTED)
)


def test_the_canonical_form_is_pinned() -> None:
    assert canonical(1, AT, EVENT) == CANONICAL


def test_the_first_hash_follows_64_zeros_and_is_pinned() -> None:
    text = "0000000000000000000000000000000000000000000000000000000000000000\n" + CANONICAL
    assert chain_hash(GENESIS, 1, AT, EVENT) == hashlib.sha256(text.encode()).hexdigest() == HASH


def test_the_canonical_form_of_an_event_that_says_nothing_has_every_key() -> None:
    assert canonical(7, AT, Event(tag=Tag.PLAN_EXPIRED)) == (
        '{"actor":"","at":"2026-11-23T12:00:00.000005Z","facts":{},"host":"","plan":"","seq":7,'
        '"tag":"deckhand:plan:expired"}'
    )


def test_facts_that_are_no_number_of_json_are_refused() -> None:
    facts: dict[str, Json] = {"bytes": float("nan")}  # type: ignore[dict-item] # what the check is for
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(1, AT, Event(tag=Tag.PLAN_PROPOSED, facts=facts))


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000000Z"),
        (
            datetime(2026, 1, 2, 1, 4, 5, 60, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-01T23:04:05.000060Z",
        ),
    ],
)
def test_times_are_in_utc_with_microseconds(moment: datetime, text: str) -> None:
    assert time_text(moment) == text


# --- breaks -------------------------------------------------------------------------------------


def test_a_whole_chain_and_an_empty_one_have_no_break() -> None:
    assert first_break(CHAIN) is None
    assert first_break([]) is None


def test_a_stretch_is_whole_when_it_goes_on_where_the_one_before_ended() -> None:
    assert first_break(CHAIN[2:], CHAIN[1].hash, 3) is None
    assert first_break(CHAIN[2:], CHAIN[0].hash, 3) == (
        "event 3 does not follow the event before it: one of them was changed or replaced"
    )


def test_a_chain_that_does_not_begin_at_its_first_event_is_broken() -> None:
    assert first_break(CHAIN[1:]) == "event 1 is missing (event 2 stands in its place)"


def test_a_missing_event_is_named_with_what_stands_in_its_place() -> None:
    assert first_break([CHAIN[0], *CHAIN[2:]]) == "event 2 is missing (event 3 stands in its place)"


def test_two_events_that_changed_places_are_a_break() -> None:
    assert first_break([CHAIN[0], CHAIN[2], CHAIN[1]]) == "event 2 is missing (event 3 stands in its place)"


def test_an_event_of_another_chain_is_a_break_though_its_own_hash_is_right() -> None:
    other = chained(Event(tag=Tag.PLAN_REJECTED), Event(tag=Tag.PLAN_VOTED))
    assert first_break([CHAIN[0], other[1], *CHAIN[2:]]) == (
        "event 2 does not follow the event before it: one of them was changed or replaced"
    )


def test_an_event_that_was_replaced_with_its_hash_breaks_the_next_one() -> None:
    forged = chained(EVENT, Event(tag=Tag.PLAN_VOTED, actor="U9"))[1]
    assert first_break([CHAIN[0], forged, *CHAIN[2:]]) == (
        "event 3 does not follow the event before it: one of them was changed or replaced"
    )


@pytest.mark.parametrize(
    "changed",
    [
        replace(CHAIN[1], at=NOW + timedelta(microseconds=1)),
        replace(CHAIN[1], hash="f" * 64),
        replace(CHAIN[1], event=replace(CHAIN[1].event, tag=Tag.PLAN_REJECTED)),
        replace(CHAIN[1], event=replace(CHAIN[1].event, plan="p2")),
        replace(CHAIN[1], event=replace(CHAIN[1].event, host="prod-4")),
        replace(CHAIN[1], event=replace(CHAIN[1].event, actor="U2")),
        replace(CHAIN[1], event=replace(CHAIN[1].event, facts={"bytes": 0})),
    ],
)
def test_a_change_of_any_field_breaks_the_event_itself(changed: ChainedEvent) -> None:
    assert first_break([CHAIN[0], changed, *CHAIN[2:]]) == "event 2 was changed after it was written"


def test_the_first_of_several_breaks_is_named() -> None:
    spoilt = [CHAIN[0], replace(CHAIN[1], hash="f" * 64), CHAIN[3]]
    assert first_break(spoilt) == "event 2 was changed after it was written"
