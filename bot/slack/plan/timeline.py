"""The events of a plan as lines that a person reads, the oldest first; moments in the reader's own time zone."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from bot.core.audit.events import ChainedEvent, Event, Tag
from bot.core.json import Json
from bot.core.rules.policy import is_channel
from bot.core.units import short_size
from bot.slack.kit.text import PEOPLE_SHOWN, code, date, entry_text, mention_id, plain, plural

TIME = "{date_short_pretty} {time_secs}"
REASON = 200
HOSTS_NAMED = 8
"""Of an event about many."""
_MENTION = re.compile(r"<[@!](?:subteam\^)?(\w+)>")
"""In reasons that releases before this one wrote: they had Slack's mentions in them."""
_ITEM_TAGS = frozenset({Tag.ITEM_REMOVING, Tag.ITEM_UNTAGGING, Tag.ITEM_ENDED})


def timeline(events: Sequence[ChainedEvent]) -> list[str]:
    """One line an event; what became of many objects in a row is one line with their numbers."""
    return [
        line for are_items, group in groupby(events, _is_of_item) for line in _lines(list(group), are_items)
    ]


def _is_of_item(link: ChainedEvent) -> bool:
    return link.event.tag in _ITEM_TAGS


def _lines(group: Sequence[ChainedEvent], are_items: bool) -> Iterator[str]:  # noqa: FBT001 - groupby's own key
    if not are_items:
        yield from (f"• {date(link.at, TIME)} {_sentence(link.event)}" for link in group)
        return
    outcomes = Counter(str(e.event.facts.get("outcome", "")) for e in group if e.event.tag == Tag.ITEM_ENDED)
    counts = ", ".join(f"{count:,} {plain(outcome)}" for outcome, count in outcomes.most_common())
    begun = sum(link.event.tag == Tag.ITEM_REMOVING for link in group)
    yield f"• {date(group[-1].at, TIME)} {counts or plural(begun, 'object') + ' begun'}"


def _sentence(event: Event) -> str:
    write = _SENTENCES.get(event.tag)
    return write(event) if write else f"{code(str(event.tag))}{_by(event)}{_because(event)}"


def _by(event: Event) -> str:
    return f" by {mention_id(event.actor)}" if event.actor else ""


def _because(event: Event) -> str:
    """The reason without its mentions: reading the past must not call anyone."""
    reason = event.facts.get("reason")
    if not isinstance(reason, str) or not reason:
        return ""
    return ": " + plain(_MENTION.sub(r"\1", reason), REASON)


def _size(event: Event, key: str) -> str:
    size = event.facts.get(key)
    return f", {short_size(size)} freed" if isinstance(size, int) else ""


def _voted(event: Event) -> str:
    return f"{'approved' if event.facts.get('approve') else 'rejected'}{_by(event)}{_because(event)}"


def _voted_on_many(event: Event) -> str:
    what = "approved" if event.facts.get("approve") else "rejected"
    what = "approval withdrawn" if event.facts.get("withdrawn") else what
    refused = event.facts.get("refused")
    not_on = f"; not counted: {_hosts(event, 'refused')}" if refused else ""
    return f"{what}{_by(event)}{_because(event)}: {_hosts(event)}{not_on}"


def _hosts(event: Event, name: str = "plans") -> str:
    """The hosts that an event of many names."""
    listed = event.facts.get(name)
    hosts = (
        [str(one.get("host")) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    )
    more = f" and {len(hosts) - HOSTS_NAMED:,} more" if len(hosts) > HOSTS_NAMED else ""
    return plain(", ".join(hosts[:HOSTS_NAMED])) + more or "no host"


def _refused(event: Event) -> str:
    tried = event.facts.get("attempted")
    who = mention_id(event.actor) if event.actor else "somebody"
    what = f" when trying to {plain(tried)}" if isinstance(tried, str) else ""
    return f"{who} was refused{what}{_because(event)}"


def _restored(event: Event) -> str:
    name, outcome = (str(event.facts.get(key, "")) for key in ("name", "outcome"))
    return f"image {code(name, 80)} {plain(outcome)}{_because(event)}"


def _handed(event: Event) -> str:
    return f"{mention_id(event.actor)} asked {mention_id(str(event.facts.get('asked')))} to decide"


def _whom(event: Event) -> str:
    """Who was told of a plan, as far as it is said."""
    ids = [str(one) for key in ("people", "mentioned", "channels") for one in _listed(event.facts.get(key))]
    named = ", ".join(f"<#{one}>" if is_channel(one) else entry_text(one) for one in ids[:PEOPLE_SHOWN])
    more = f" and {len(ids) - PEOPLE_SHOWN} more" if len(ids) > PEOPLE_SHOWN else ""
    return f": {named}{more}" if named else ""


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _plainly(words: str) -> Callable[[Event], str]:
    return lambda event: f"{words}{_by(event)}{_because(event)}"


_SENTENCES: Mapping[str, Callable[[Event], str]] = MappingProxyType({
    Tag.PLAN_PROPOSED: _plainly("asked for"),
    Tag.PLAN_VOTED: _voted,
    Tag.PLAN_APPROVED: lambda _: "has all approvals that it needs",
    Tag.PLAN_REJECTED: lambda _: "rejected for good",
    Tag.PLAN_REFUSED: _refused,
    Tag.STOP_REFUSED: _refused,
    Tag.RESTORE_REFUSED: _refused,
    Tag.PLAN_POSTED: _plainly("shown in Slack"),
    Tag.PLAN_WITHDRAWN: _plainly("approval withdrawn"),
    Tag.PLAN_CALLED: lambda event: f"who may decide was told{_whom(event)}",
    Tag.PLAN_ESCALATED: lambda event: f"nobody had decided, and others were told{_whom(event)}",
    Tag.PLAN_HANDED: _handed,
    Tag.PLAN_REMINDED: _plainly("who may decide was reminded"),
    Tag.PLAN_WAITS: _plainly("waits until a window of its policy opens"),
    Tag.PLAN_RULES_CHANGED: _plainly("the rules changed"),
    Tag.PLAN_DIFFERS: _plainly("found to be changed in the database"),
    Tag.PLAN_RELEASED: lambda event: f"let go with wave {event.facts.get('wave', '?')} of its rollout",
    Tag.FLEET_PROPOSED: _plainly("asked for"),
    Tag.FLEET_VOTED: _voted_on_many,
    Tag.FLEET_NARROWED: lambda event: f"{_hosts(event)} left out{_by(event)}",
    Tag.FLEET_WAVE: lambda event: f"wave {event.facts.get('wave', '?')} begins: {_hosts(event)}",
    Tag.FLEET_HELD: _plainly("held: no further host begins"),
    Tag.FLEET_WENT_ON: _plainly("told to go on"),
    Tag.FLEET_STOP_ASKED: lambda event: f"stopped{_by(event)}: {_hosts(event)}",
    Tag.FLEET_POSTED: _plainly("shown in Slack"),
    Tag.FLEET_ENDED: lambda event: f"every host has ended{_size(event, 'reclaimed_bytes')}",
    Tag.PLAN_EXPIRED: _plainly("expired"),
    Tag.PLAN_CANCELLED: _plainly("cancelled"),
    Tag.PLAN_SUPERSEDED: _plainly("a newer plan took its place"),
    Tag.CLEANUP_STARTED: _plainly("began"),
    Tag.CLEANUP_TAKEN_UP: _plainly("taken up again by another process"),
    Tag.CLEANUP_STOP_ASKED: _plainly("asked to stop"),
    Tag.CLEANUP_PARKED: _plainly("needs attention"),
    Tag.CLEANUP_RESUMED: _plainly("told to go on"),
    Tag.CLEANUP_FINISHED: lambda event: f"ended{_size(event, 'reclaimed_bytes')}{_because(event)}",
    Tag.RESTORE_ASKED: _plainly("asked to restore images"),
    Tag.RESTORE_IMAGE: _restored,
    Tag.RESTORE_ENDED: _plainly("restoring ended"),
})  # fmt: skip
