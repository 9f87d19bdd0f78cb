"""The audit's canonical form and its hashes, pinned to the letter."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.core.audit.events import GENESIS, ChainedEvent, Event, Tag, time_text
from bot.core.audit.format import AuditKeys, Entry, canonical, entry_of, facts_text, message
from bot.core.json import Json

KEY, OLD_KEY = "k" * 32, "o" * 32
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


def entry(event: Event = EVENT, *, seq: int = 1, once: str = "", seal: str = "") -> Entry:
    return entry_of(
        ChainedEvent(seq=seq, at=AT, event=event, previous=GENESIS, hash="", once=once, seal=seal)
    )


def test_the_canonical_form_of_the_first_releases_is_pinned() -> None:
    assert canonical(entry()) == CANONICAL


def test_a_sealed_event_says_what_happened_once_and_how_its_hash_is_made() -> None:
    sealed = CANONICAL.replace('"plan"', '"once":"p1/version 1/0","plan"').replace(
        '"seq"', '"seal":"sha256","seq"'
    )
    assert canonical(entry(once="p1/version 1/0", seal="sha256")) == sealed


def test_the_first_hash_follows_64_zeros_and_is_pinned() -> None:
    text = "0000000000000000000000000000000000000000000000000000000000000000\n" + CANONICAL
    hasher = AuditKeys().hasher("")
    assert hasher is not None
    assert hasher(message(GENESIS, entry())) == hashlib.sha256(text.encode()).hexdigest() == HASH


def test_the_canonical_form_of_an_event_that_says_nothing_has_every_key() -> None:
    assert canonical(entry(Event(tag=Tag.PLAN_EXPIRED), seq=7)) == (
        '{"actor":"","at":"2026-11-23T12:00:00.000005Z","facts":{},"host":"","plan":"","seq":7,'
        '"tag":"deckhand:plan:expired"}'
    )


def test_texts_escape_what_json_demands_and_nothing_else() -> None:
    text = '"\\/\b\t\n\f\r\x01\x1f\x7f\u2028é\U0001f433'
    assert (
        canonical(entry(Event(tag=Tag.PLAN_EXPIRED, host=text)))
        .partition('"host":')[2]
        .startswith('"\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\u2028é\U0001f433",')
    )


def test_facts_that_are_no_number_of_json_are_refused() -> None:
    facts: dict[str, Json] = {"bytes": float("nan")}  # type: ignore[dict-item] # what the check is for
    with pytest.raises(ValueError, match="not JSON compliant"):
        facts_text(facts)


def test_a_keyed_hash_is_the_hmac_of_the_same_text_and_its_seal_names_the_key() -> None:
    keys = AuditKeys.read(f" {KEY} , {OLD_KEY}")
    name = hmac.new(KEY.encode(), b"deckhand audit key", hashlib.sha256).hexdigest()[:16]
    assert keys.seal == f"hmac-sha256:{name}"
    hasher = keys.hasher(keys.seal)
    assert hasher is not None
    assert hasher(b"text") == hmac.new(KEY.encode(), b"text", hashlib.sha256).hexdigest()


def test_of_several_keys_the_first_is_the_newest_and_all_are_known() -> None:
    keys, former = AuditKeys.read(f"{KEY},{OLD_KEY}"), AuditKeys.read(OLD_KEY)
    assert (keys.age(keys.seal), keys.age(former.seal)) == (0, 1)
    assert former.hasher(keys.seal) is None


def test_a_short_key_is_refused_and_no_key_is_ever_shown() -> None:
    with pytest.raises(ValueError, match="at least 32 characters") as refused:
        AuditKeys.read("hunter2")
    assert "hunter2" not in str(refused.value)
    keys = AuditKeys.read(KEY)
    assert KEY not in f"{keys} {keys!r}"
    assert keys
    assert not AuditKeys.read(" ")


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
