r"""The format of the audit, version 1: all that is needed to verify an export without Deckhand.

1. Events
An event has eleven fields. seq is an integer: the first event is 1, and each following one is one more. facts is an
object. The others are texts: at, tag, plan, host, actor, once (what happened once), seal, previous and hash.
at is a moment in UTC with six decimals: YYYY-MM-DDTHH:MM:SS.ffffffZ.

2. The canonical form of an event
One JSON object without white space, its keys in this order:
  {"actor":…,"at":…,"facts":…,"host":…,"once":…,"plan":…,"seal":…,"seq":…,"tag":…}
Where seal is empty (events of the first releases), the keys once and seal are left out.
- Objects inside facts have their keys sorted by Unicode code point, and no key twice. Arrays keep their order.
- Numbers are integers of any size: digits without leading zeros or exponent, with a minus sign when negative.
- Texts are in double quotes. Escaped are only the double quote (\"), the backslash (\\), and the characters below
  U+0020: \b, \t, \n, \f and \r for those five, else \u00 and two lower-case hexadecimal digits. Everything else
  stands for itself, "/" and U+007F too. There are no half surrogate pairs and no U+0000.
- Besides these there are true, false and null.

3. Hashes
Let M be the previous hash, a line feed (U+000A) and the canonical form, encoded as UTF-8. Hashes are written as 64
lower-case hexadecimal digits. The previous hash of event 1 is 64 zeros; that of each later one is the hash of the
event before it. seal says how the hash is made:
  (empty)             SHA-256 of M
  sha256              SHA-256 of M
  hmac-sha256:ID      HMAC-SHA256 of M with the key that has this ID
A key is a text of at least 32 characters, used as UTF-8 without white space around it. Its ID is the first 16
hexadecimal digits of HMAC-SHA256 of the text "deckhand audit key" with that key. Once an event has an
"hmac-sha256:…" seal, every later one has; a new key may take the place of an earlier one, which then never comes
back. The first such event covers, by its previous hash, everything before it. So whoever has the key demands that
the last event is sealed with one; without a key nobody can change, add or remove anything before that last event.

4. Exports
UTF-8, one JSON object a line, each line ended by a line feed. White space and the order of keys mean nothing here.
- The first line: {"audit":"deckhand","version":1,"complete":…}. complete is true when no event between the first and
  the last is left out. Further keys say what was asked for; ignore them.
- Then one line an event, in ascending order of seq, with the eleven fields. Ignore keys that you do not know.
- The last line: {"events":…,"first":…,"last":…,"hash":…,"head":{"seq":…,"hash":…}}: the number of events, the seq of
  the first and of the last, the hash of the last, and where the whole chain ended when the export was made. In an
  export without events first, last and hash are null.

5. To verify an export
a. Read the first line. For each event take as expected seq and previous hash those that follow from the event before;
   for the first event its own. Where complete is false, and seq is higher than expected, take the event's own again.
b. seq and previous must be as expected, and the hash must be the one that is computed. An event that has the expected
   previous hash and fits nothing else was changed; when a line further on fits instead, lines were reordered or
   inserted; when none fits and the next seq is higher, the event is missing.
c. The last line must be there, and events, first, last and hash must be those of what was read; where last equals the
   seq of head, hash must equal its hash. Otherwise the end was cut off. Where complete is false, or last is below
   the seq of head, the file says nothing of the events that are not in it: name what is left out. With a key, a file
   without events whose head is 0 does not hold: a chain that was ever sealed begins with an event that says so.
d. With a known head (SEQ:HASH, as Deckhand posts it to a channel), the event SEQ must have that hash; when the chain
   ends before it, the end was cut off. Whoever holds no key can still compute a whole new chain without a key: only
   a known head or a keyed seal shows that.

6. Checkpoints
Archiving moves the events up to some seq into an export that is complete, and writes an event with the tag
"shell:audit:archived" in their place at the end of the chain. Its facts hold first and last (the range of seq),
previous (the previous hash of the first), hash (the hash of the last) and sha256 (of the whole file). The chain in
the database then begins with the event last + 1. It is whole when such an event in it, itself verified, names that
range: the previous hash of the first event present is the checkpoint's hash. The range of the next archive begins
where the one before ended, so all archives and the database together are one chain from event 1.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import NamedTuple

from bot.core.audit.events import ChainedEvent, time_text
from bot.core.json import Json

VERSION = 1
UNSEALED, PLAIN, KEYED = "", "sha256", "hmac-sha256:"
KEY_CHARACTERS = 32
_KEY_ID_DIGITS = 16
_KEY_ID_OF = b"deckhand audit key"

Hasher = Callable[[bytes], str]

_text = encode_basestring
"""A text with the escapes that JSON demands, and no others; TypeError for what is no text."""


class Entry(NamedTuple):
    """An event as it stands in a database or a file, unread: a tuple, since verifying makes millions."""

    seq: int
    at: str
    tag: str
    plan: str
    host: str
    actor: str
    facts: str
    """The canonical text of the facts."""
    previous: str
    hash: str
    once: str
    seal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """An event of the chain by its number and hash, as ``SEQ:HASH`` names it."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


def is_keyed(seal: str) -> bool:
    """Whether a seal needs a key; also for what somebody has put in its place that is no text."""
    return seal[: len(KEYED)] == KEYED


class AuditKeys:
    """The keys of the audit, the newest first; they do not print."""

    def __init__(self, *texts: str) -> None:
        """ValueError when a key is too short; its sentence does not repeat it."""
        keys = [text.strip() for text in texts]
        if any(len(key) < KEY_CHARACTERS for key in keys):
            raise ValueError(
                f"a key has at least {KEY_CHARACTERS} characters; `openssl rand -hex 32` makes one, and commas "
                "stand between a new key and those before it"
            )
        self._keys = {_key_id(key): key.encode() for key in keys}

    @classmethod
    def read(cls, text: str) -> "AuditKeys":
        """Keys with commas between them, the newest first; ValueError."""
        return cls(*text.split(",")) if text.strip() else cls()

    def __bool__(self) -> bool:
        return bool(self._keys)

    def __repr__(self) -> str:
        return f"AuditKeys({', '.join(self._keys)})"

    @property
    def seal(self) -> str:
        """What new events are sealed with."""
        return next(iter(self.seals), PLAIN)

    @property
    def seals(self) -> tuple[str, ...]:
        """The seals of all keys, the newest first."""
        return tuple(KEYED + key_id for key_id in self._keys)

    def age(self, seal: str) -> int:
        """How old a seal's key is: 0 is the newest."""
        return self.seals.index(seal)

    def hasher(self, seal: str) -> Hasher | None:
        """How the hash of that seal is made; None when its key is not here, or nobody knows that seal."""
        if seal in {UNSEALED, PLAIN}:
            return _sha256
        key = self._keys.get(seal[len(KEYED) :]) if is_keyed(seal) else None
        return None if key is None else lambda message: hmac.digest(key, message, "sha256").hex()


def _sha256(message: bytes) -> str:
    return hashlib.sha256(message).hexdigest()


def _key_id(key: str) -> str:
    return hmac.digest(key.encode(), _KEY_ID_OF, "sha256").hex()[:_KEY_ID_DIGITS]


def facts_text(facts: Mapping[str, Json]) -> str:
    """The canonical text of facts."""
    return json.dumps(dict(facts), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(entry: Entry) -> str:
    """The canonical form of an event. ``facts`` goes in as it stands: other text makes another hash."""
    (seq, at, tag, plan, host, actor, facts, _previous, _hash, once, seal) = entry
    sealed = (f'"once":{_text(once)},', f'"seal":{_text(seal)},') if seal else ("", "")
    return (
        f'{{"actor":{_text(actor)},"at":{_text(at)},"facts":{facts},"host":{_text(host)},{sealed[0]}'
        f'"plan":{_text(plan)},{sealed[1]}"seq":{seq},"tag":{_text(tag)}}}'
    )


def message(previous: str, entry: Entry) -> bytes:
    """What the hash is made of."""
    return f"{previous}\n{canonical(entry)}".encode()


def entry_of(link: ChainedEvent) -> Entry:
    """An event that was read, as it was written."""
    event = link.event
    return Entry(
        seq=link.seq,
        at=time_text(link.at),
        tag=str(event.tag),
        plan=event.plan,
        host=event.host,
        actor=event.actor,
        facts=facts_text(event.facts),
        previous=link.previous,
        hash=link.hash,
        once=link.once,
        seal=link.seal,
    )
