"""A chain of audit events: whole, or broken in every way in which it can be."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from bot.core.audit.breaks import BreakKind, UnreadableError
from bot.core.audit.format import AuditKeys, Entry, Head, message
from bot.core.audit.walk import START, ChainVerdict, Verification
from bot.core.errors import UsageError

PLAIN = AuditKeys()
NEW, OLD = "n" * 32, "o" * 32
OLD_KEYS, BOTH_KEYS = AuditKeys(OLD), AuditKeys(NEW, OLD)


class Listed:
    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def following(self, previous: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.previous == previous]

    def with_hash(self, wanted: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.hash == wanted]


def sealed(entry: Entry, keys: AuditKeys = PLAIN) -> Entry:
    hasher = keys.hasher(entry.seal)
    assert hasher is not None
    return entry._replace(hash=hasher(message(entry.previous, entry)))


def made(seq: int, previous: str, keys: AuditKeys = PLAIN, actor: str = "U1") -> Entry:
    entry = Entry(
        seq=seq, at=f"2026-11-23T12:00:00.{seq:06d}Z", tag="slack:plan:voted", plan="p1", host="prod-3",
        actor=actor, facts=f'{{"number":{seq}}}', previous=previous, hash="", once=f"p1/{seq}", seal=keys.seal,
    )  # fmt: skip
    return sealed(entry, keys)


def chained(*keys: AuditKeys, after: Head = START) -> list[Entry]:
    entries: list[Entry] = []
    for each in keys:
        last = entries[-1] if entries else None
        entries.append(made((last or after).seq + 1, (last or after).hash, each))
    return entries


CHAIN = chained(*[PLAIN] * 6)
END = Head(seq=6, hash=CHAIN[-1].hash)


def verdict(
    entries: Sequence[Entry], *, keys: AuditKeys = PLAIN, known: Head | None = None, end: Head | None = END
) -> ChainVerdict:
    return Verification(entries=Listed(entries), keys=keys, end=end, known=known).verify()


def found(
    entries: Sequence[Entry], *, keys: AuditKeys = PLAIN, known: Head | None = None, end: Head | None = END
) -> tuple[int, BreakKind] | None:
    broken = verdict(entries, keys=keys, known=known, end=end).broken
    return (broken.seq, broken.kind) if broken else None


def with_change(seq: int, values: Mapping[str, object]) -> list[Entry]:
    return [entry._replace(**values) if entry.seq == seq else entry for entry in CHAIN]  # type: ignore[arg-type]


def test_a_whole_chain_and_an_empty_one_have_no_break() -> None:
    whole = verdict(CHAIN)
    assert (whole.broken, whole.events, whole.first, whole.last) == (None, 6, 1, END)
    assert found([], end=START) is None


@pytest.mark.parametrize(
    "values",
    [
        {"at": "2026-11-23T12:00:00.000000Z"},
        {"tag": "slack:plan:approved"},
        {"plan": "p2"},
        {"host": "prod-4"},
        {"actor": "U2"},
        {"facts": '{"number":0}'},
        {"facts": '{"number": 3}'},
        {"facts": b"no text"},
        {"previous": "0" * 64},
        {"hash": "f" * 64},
        {"once": "p1/9"},
        {"seal": ""},
        {"seal": "md5"},
        {"seal": "hmac-sha256:0123456789abcdef"},
    ],
)
@pytest.mark.parametrize("seq", [1, 3, 6])
def test_a_change_of_any_field_is_named_at_its_event(seq: int, values: dict[str, object]) -> None:
    if (seq, *values) == (1, "previous"):
        values = {"previous": "1" * 64}
    assert found(with_change(seq, values)) == (seq, BreakKind.CHANGED)


@pytest.mark.parametrize("seq", [1, 3, 6])
@pytest.mark.parametrize("number", [-1, 0, 7, 99])
def test_an_event_with_another_number_is_out_of_its_place(seq: int, number: int) -> None:
    moved = sorted(with_change(seq, {"seq": number}), key=lambda entry: entry.seq)
    assert found(moved) in {(seq, BreakKind.REORDERED), (1, BreakKind.REORDERED)}


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_an_event_that_was_deleted_is_missing(seq: int) -> None:
    assert found([entry for entry in CHAIN if entry.seq != seq]) == (seq, BreakKind.MISSING)


@pytest.mark.parametrize("left", [0, 1, 5])
def test_a_tail_that_was_deleted_is_cut_off_against_the_head_or_a_known_one(left: int) -> None:
    assert found(CHAIN[:left]) == (left + 1, BreakKind.CUT_OFF)
    end = Head(seq=left, hash=CHAIN[left - 1].hash) if left else START
    assert found(CHAIN[:left], end=end) is None
    assert found(CHAIN[:left], end=end, known=END) == (left + 1, BreakKind.CUT_OFF)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 3), (2, 5), (5, 6), (1, 6)])
def test_two_events_that_changed_places_are_reordered(one: int, other: int) -> None:
    places = {one: other, other: one}
    numbered = sorted((e._replace(seq=places.get(e.seq, e.seq)) for e in CHAIN), key=lambda e: e.seq)
    assert found(numbered) == (one, BreakKind.REORDERED)
    lines = sorted(CHAIN, key=lambda entry: places.get(entry.seq, entry.seq))
    assert found(lines) == (one, BreakKind.REORDERED)


@pytest.mark.parametrize("seq", [1, 2, 4, 6])
def test_an_event_that_was_put_between_two_others_is_inserted(seq: int) -> None:
    before = CHAIN[seq - 2].hash if seq > 1 else START.hash
    forged = made(seq, before, actor="U0EVE")
    shifted = [entry._replace(seq=entry.seq + 1) for entry in CHAIN[seq - 1 :]]
    end = Head(seq=7, hash=END.hash)
    assert found([*CHAIN[: seq - 1], forged, *shifted], end=end) == (seq, BreakKind.INSERTED)
    careless = forged._replace(hash="f" * 64)
    assert found([*CHAIN[: seq - 1], careless, *shifted], end=end) == (seq, BreakKind.INSERTED)
    lines = [*CHAIN[: seq - 1], forged, *CHAIN[seq - 1 :]]
    assert found(lines, end=END) == (seq, BreakKind.INSERTED)


def test_a_line_that_stands_there_twice_is_inserted() -> None:
    assert found([*CHAIN[:4], CHAIN[3], *CHAIN[4:]]) == (4, BreakKind.INSERTED)
    assert found([*CHAIN[:4], CHAIN[1], *CHAIN[4:]]) in {(2, BreakKind.INSERTED), (5, BreakKind.REORDERED)}


def test_what_stands_before_the_first_or_behind_the_last_event_is_inserted() -> None:
    assert found([made(0, "0" * 64, actor="U0EVE"), *CHAIN]) == (0, BreakKind.INSERTED)
    assert found([*CHAIN, made(7, END.hash)]) == (7, BreakKind.INSERTED)
    assert found([*CHAIN, made(9, END.hash)._replace(hash="x")]) == (7, BreakKind.INSERTED)


@pytest.mark.parametrize("seq", [1, 3, 5, 6])
def test_an_event_that_was_changed_together_with_its_hash_is_found_by_what_follows_it(seq: int) -> None:
    forged = sealed(CHAIN[seq - 1]._replace(actor="U0EVE"))
    assert found([forged if entry.seq == seq else entry for entry in CHAIN]) == (seq, BreakKind.CHANGED)


def test_an_event_of_another_chain_is_a_change_though_its_own_hash_is_right() -> None:
    other = made(3, "a" * 64)
    assert found([other if entry.seq == 3 else entry for entry in CHAIN]) == (3, BreakKind.CHANGED)


def test_a_chain_that_was_written_anew_is_found_by_a_known_head_alone() -> None:
    forged: list[Entry] = []
    for entry in CHAIN:
        previous = forged[-1].hash if forged else START.hash
        forged.append(sealed(entry._replace(previous=previous, actor="U0EVE")))
    end = Head(seq=6, hash=forged[-1].hash)
    assert found(forged, end=end) is None
    assert found(forged, end=end, known=END) == (6, BreakKind.CHANGED)
    assert found(forged, end=end, known=Head(seq=3, hash=CHAIN[2].hash)) == (3, BreakKind.CHANGED)


def test_a_head_that_names_another_event_is_a_change() -> None:
    for end in (Head(seq=6, hash="x"), Head(seq=4, hash=END.hash), Head(seq=9, hash=END.hash)):
        broken = verdict(CHAIN, end=end).broken
        assert broken is not None
        assert (broken.kind, "the head of the chain was changed" in broken.reason) == (
            BreakKind.CHANGED,
            True,
        )


def test_a_known_head_from_before_the_first_event_is_said_to_be_in_an_archive() -> None:
    with pytest.raises(UsageError, match="verify the archive"):
        Verification(
            entries=Listed(CHAIN[4:]), start=Head(seq=4, hash=CHAIN[3].hash), keys=PLAIN,
            known=Head(seq=2, hash=CHAIN[1].hash),
        ).verify()  # fmt: skip


def test_where_events_may_be_left_out_each_is_verified_and_neighbours_have_to_follow() -> None:
    some = [CHAIN[0], CHAIN[2], CHAIN[3], CHAIN[5]]

    def selected(entries: Sequence[Entry]) -> ChainVerdict:
        return Verification(entries=Listed(entries), keys=PLAIN, gaps=True).verify()

    assert selected(some).broken is None
    for bad in (
        [some[0], some[1]._replace(actor="U2")],
        [some[0], some[1], sealed(some[2]._replace(previous="0"))],
    ):
        broken = selected(bad).broken
        assert broken is not None
        assert (broken.seq, broken.kind) == (bad[-1].seq, BreakKind.CHANGED)


def test_what_cannot_be_read_is_changed_or_cut_off_where_it_stands() -> None:
    class Torn(Listed):
        cut = False

        def __iter__(self) -> Iterator[Entry]:
            yield from self.entries[:3]
            raise UnreadableError("line 4 is not JSON", cut=self.cut)

    torn = Torn(CHAIN)
    for cut, kind in ((False, BreakKind.CHANGED), (True, BreakKind.CUT_OFF)):
        torn.cut = cut
        broken = Verification(entries=torn, keys=PLAIN, end=END).verify().broken
        assert broken is not None
        assert (broken.seq, broken.kind) == (4, kind)


# --- keys ---------------------------------------------------------------------------------------

KEYED = chained(PLAIN, PLAIN, OLD_KEYS, OLD_KEYS, BOTH_KEYS, BOTH_KEYS)


def with_keys(entries: Sequence[Entry], keys: AuditKeys = BOTH_KEYS) -> tuple[int, BreakKind] | None:
    return found(entries, keys=keys, end=Head(seq=entries[-1].seq, hash=entries[-1].hash))


def test_a_chain_may_become_keyed_and_change_its_key() -> None:
    assert with_keys(KEYED) is None
    assert verdict(KEYED, keys=BOTH_KEYS, end=None).keyed_from == 3


def test_without_its_key_a_keyed_chain_is_not_verified() -> None:
    assert with_keys(KEYED, PLAIN) == (3, BreakKind.KEY_NEEDED)
    assert with_keys(KEYED, AuditKeys(NEW)) == (3, BreakKind.KEY_NEEDED)
    assert with_keys(KEYED, OLD_KEYS) == (5, BreakKind.KEY_NEEDED)


def test_who_has_no_key_cannot_make_a_keyed_chain_look_whole() -> None:
    tail = chained(PLAIN, PLAIN, after=Head(seq=4, hash=KEYED[3].hash))
    assert with_keys([*KEYED[:4], *tail]) == (5, BreakKind.UNKEYED)
    assert with_keys(CHAIN) == (6, BreakKind.UNKEYED)
    assert with_keys(KEYED[:2]) == (2, BreakKind.UNKEYED)
    rewritten = sealed(KEYED[1]._replace(actor="U0EVE"))
    assert with_keys([KEYED[0], rewritten, *KEYED[2:]]) == (2, BreakKind.CHANGED)


def test_a_key_that_was_given_up_never_comes_back() -> None:
    tail = chained(OLD_KEYS, after=Head(seq=6, hash=KEYED[5].hash))
    assert with_keys([*KEYED, *tail]) == (7, BreakKind.UNKEYED)


@pytest.mark.parametrize("seq", [3, 4, 5, 6])
@pytest.mark.parametrize(
    "seal", ["", "sha256", "md5", "hmac-sha256:0123456789abcdef", OLD_KEYS.seal, BOTH_KEYS.seal]
)
def test_another_seal_on_a_keyed_event_is_never_taken(seq: int, seal: str) -> None:
    changed = [entry._replace(seal=seal) if entry.seq == seq else entry for entry in KEYED]
    if changed == KEYED:
        assert with_keys(changed) is None
    else:
        assert with_keys(changed) == (seq, BreakKind.CHANGED)
