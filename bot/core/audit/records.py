"""What the events of one plan tell: a record, folded from them alone.

Everything in it is what some event says, in the words of the event: what no event says is not there. Events of
earlier releases say less; of a moment that they do not name, the event's own is taken, and the record says so.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

from bot.core.audit.events import Tag
from bot.core.audit.format import Entry
from bot.core.audit.plans import FLEET_OF
from bot.core.docker.inventory import Kind
from bot.core.json import Json
from bot.core.life.restoring import RestoreStatus
from bot.core.life.states import Outcome, Status

Facts: TypeAlias = Mapping[str, Any]
"""The facts of an event, as they were read from JSON."""
Values: TypeAlias = dict[str, Json]
"""What is told of one thing, by the name of what is told."""

_VERSION, _RESTORE = re.compile(r"/version (\d+)/\d+$"), re.compile(r"/restore (\d+)/")
_NOTHING_YET: Mapping[str, Json] = MappingProxyType({
    "decided_at": None, "started_at": None, "finished_at": None, "starts_at": None, "stop_at": None,
    "stop_by_id": "", "stop_by_name": "", "attention": "", "reclaimed_bytes": 0, "attempt": 0, "reason": "",
    "fleet": "", "wave": 0,
})  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Record:
    """One plan, as far as its events were told; moments are texts, as the events have them."""

    plan: str
    of_plan: Values = field(default_factory=dict)
    items: list[Values] = field(default_factory=list)
    votes: dict[str, Values] = field(default_factory=dict)
    """By the voter's id, in the order of their votes."""
    restore: Values | None = None
    proposed: Facts = field(default_factory=dict)
    """The facts of the proposal; of the start, where the proposal is not there."""
    finished: Facts = field(default_factory=dict)
    rough: set[str] = field(default_factory=set)
    """Moments that are those of their event, a little later than what they tell of."""
    is_proposed: bool = False
    """Whether the first event of its life is there."""
    unreadable: list[int] = field(default_factory=list)
    """Events that say what no release of ours writes."""
    _positions: dict[tuple[str, str], int] = field(default_factory=dict)

    def tell(self, entry: Entry, facts: Facts) -> None:
        """Add one event, in the order in which they stand; whatever its facts are, it raises nothing."""
        teller = _TELLERS.get(entry.tag)
        if "noted" in facts:  # what was written beside a change of any sort
            self.of_plan["reason"] = facts["noted"]
        if teller is not None:
            try:
                teller(self, entry, facts)
            except (TypeError, KeyError, AttributeError, ValueError, IndexError):
                self.unreadable.append(entry.seq)

    @property
    def is_alive(self) -> bool:
        """Whether any event of its life is there: refusals alone make no plan."""
        return bool(self.of_plan)

    @property
    def approvers(self) -> list[str]:
        return [person for person, vote in self.votes.items() if vote["approve"]]

    def moment(self, name: str, entry: Entry, facts: Facts, said: str = "changed_at") -> str:
        """The moment that the facts name; the event's own, which is marked as rough, where they name none."""
        self.rough.discard(name)
        if isinstance(facts.get(said), str):
            return str(facts[said])
        self.rough.add(name)
        return entry.at

    def item(self, facts: Facts) -> Values:
        """The item that an event speaks of; an empty value of no use where the proposal named none."""
        position = self._positions.get((facts["kind"], facts["id"]))
        return {} if position is None else self.items[position]

    def position(self, kind: str, object_id: str) -> int | None:
        return self._positions.get((kind, object_id))

    def list_items(self, listed: list[Any]) -> None:
        self.items = [
            {"kind": item["kind"], "object_id": item["id"], "name": item["name"], "outcome": "planned", "reason": "",
             "bytes": 0, "untagging": "", "reconciled": False}
            for item in listed
        ]  # fmt: skip
        self._positions = {
            (item["kind"], item["object_id"]): position for position, item in enumerate(self.items)  # type: ignore[misc] # texts
        }  # fmt: skip


# --- what each event tells ----------------------------------------------------------------------


def _known(facts: Facts, **names: str) -> Values:
    """Those of these facts that are there, by their names in the record."""
    return {name: facts[fact] for name, fact in names.items() if fact in facts}


def _proposed(record: Record, entry: Entry, facts: Facts) -> None:
    record.is_proposed, record.proposed = True, facts
    record.of_plan |= {
        **_NOTHING_YET, "status": str(Status.PROPOSED), "host": entry.host, "requester_id": entry.actor,
        **_known(
            facts, requester_name="actor_name", profile="profile", quorum="quorum", expires_at="expires_at",
            created_at="created_at", message_channel="channel", fleet=FLEET_OF,
        ),
    }  # fmt: skip
    if "channel" in facts:
        record.of_plan |= {"message_ts": facts["ts"], "message_permalink": facts["permalink"]}
    if "created_at" not in facts:
        record.of_plan["created_at"] = record.moment("created_at", entry, facts)
    _list(record, facts)


def _list(record: Record, facts: Facts) -> None:
    """What a proposal and a start both copy."""
    if "predicted" in facts:
        record.of_plan["predicted_bytes"] = facts["predicted"]["high"]
    if "engine" in facts:
        record.of_plan["engine_id"] = facts["engine"]["id"]
    if "items" in facts:
        record.list_items(facts["items"])


def _voted(record: Record, entry: Entry, facts: Facts) -> None:
    if "approve" in facts:
        _vote(record, entry, facts, approve=facts["approve"])


def _vote(record: Record, entry: Entry, facts: Facts, *, approve: bool) -> None:
    name = f"vote of {entry.actor}"
    version = _VERSION.search(entry.once)
    record.votes.pop(entry.actor, None)  # a later vote stands behind the others
    record.votes[entry.actor] = {
        "person_id": entry.actor, "approve": approve, "at": record.moment(name, entry, facts),
        **_known(facts, person_name="actor_name"), "reason": facts.get("reason", ""),
        **({"version": int(version[1])} if version else {}),
    }  # fmt: skip


def _withdrawn(record: Record, entry: Entry, _facts: Facts) -> None:
    record.votes.pop(entry.actor, None)


def _decided(record: Record, entry: Entry, facts: Facts) -> None:
    record.of_plan["decided_at"] = record.moment("decided_at", entry, facts)


def _approved(record: Record, entry: Entry, facts: Facts) -> None:
    record.of_plan["status"] = str(Status.APPROVED)
    record.of_plan["starts_at"] = facts.get("starts_at")
    _decided(record, entry, facts)
    if entry.actor and entry.actor not in record.votes:  # a policy that approves says nothing before
        _vote(record, entry, {**facts, "reason": ""}, approve=True)


def _waits(record: Record, _entry: Entry, facts: Facts) -> None:
    record.of_plan["starts_at"] = facts["until"]


def _ended(status: Status) -> Callable[[Record, Entry, Facts], None]:
    """The end of a plan that was not run."""

    def teller(record: Record, entry: Entry, facts: Facts) -> None:
        waited = record.of_plan.get("status") == Status.PROPOSED
        record.of_plan |= {"status": str(status), "reason": facts.get("reason", "")}
        if waited:
            _decided(record, entry, facts)

    return teller


def _released(record: Record, _entry: Entry, facts: Facts) -> None:
    record.of_plan["wave"] = facts["wave"]


def _posted(record: Record, _entry: Entry, facts: Facts) -> None:
    record.of_plan |= {
        "message_channel": facts["channel"], "message_ts": facts["ts"],
        "message_permalink": facts["permalink"] or "",
    }  # fmt: skip


def _started(record: Record, entry: Entry, facts: Facts) -> None:
    record.of_plan |= {"status": str(Status.RUNNING), "attempt": 1}
    record.of_plan["started_at"] = record.moment("started_at", entry, facts, "started_at")
    if not record.is_proposed:  # the proposal was archived: the start has copied most of it
        record.proposed = facts
        record.of_plan |= {"host": entry.host, **_known(facts, profile="profile")}
        if "requester" in facts:
            requester = facts["requester"]
            record.of_plan |= {"requester_id": requester["id"], "requester_name": requester["name"]}
        _list(record, facts)


def _taken_up(record: Record, _entry: Entry, facts: Facts) -> None:
    record.of_plan["attempt"] = facts["attempt"]


def _parked(record: Record, _entry: Entry, facts: Facts) -> None:
    record.of_plan["attention"] = facts["reason"]


def _resumed(record: Record, _entry: Entry, _facts: Facts) -> None:
    record.of_plan["attention"] = ""


def _stop_asked(record: Record, entry: Entry, facts: Facts) -> None:
    if facts.get("status") == Status.RUNNING:
        record.of_plan |= {
            "stop_at": record.moment("stop_at", entry, facts), "stop_by_id": entry.actor,
            **_known(facts, stop_by_name="actor_name"), "attention": "",
        }  # fmt: skip


def _finished(record: Record, entry: Entry, facts: Facts) -> None:
    record.finished = facts
    record.of_plan |= {
        "host": entry.host,
        **_known(facts, status="outcome", started_at="started_at", reason="reason"),
        "finished_at": record.moment("finished_at", entry, facts, "finished_at"),
        **_known(facts, reclaimed_bytes="reclaimed_bytes"),
    }  # fmt: skip
    if record.items:  # what each item's own event says stands above their sum
        record.of_plan["reclaimed_bytes"] = sum(int(str(item["bytes"])) for item in record.items)
    elif "reclaimed_bytes" not in facts:
        record.of_plan.pop("reclaimed_bytes", None)
    if "started_at" in facts:
        record.rough.discard("started_at")
    for name, fact in (("reason", "reason"), ("status", "outcome")):
        if fact not in facts:
            record.of_plan.pop(name, None)  # the first releases did not write how a cleanup ended, nor why


def _removing(record: Record, _entry: Entry, facts: Facts) -> None:
    record.item(facts)["outcome"] = str(Outcome.REMOVING)


def _untagging(record: Record, _entry: Entry, facts: Facts) -> None:
    record.item(facts)["untagging"] = facts["references"]


def _item_ended(record: Record, _entry: Entry, facts: Facts) -> None:
    item = record.item(facts)
    item["outcome"], item["reason"], item["bytes"] = facts["outcome"], facts["reason"], facts["bytes"]
    item["reconciled"] = facts.get("reconciled", False)


def _restore_asked(record: Record, entry: Entry, facts: Facts) -> None:
    number = _RESTORE.search(entry.once)
    before = record.restore["number"] if record.restore else 0
    record.restore = {
        "number": int(number[1]) if number else int(str(before)) + 1, "status": str(RestoreStatus.WAITING),
        "person_id": entry.actor, **_known(facts, person_name="actor_name"),
        "asked_at": record.moment("asked_at", entry, facts), "ended_at": None, "images": [],
    }  # fmt: skip


def _restore_image(record: Record, _entry: Entry, facts: Facts) -> None:
    if record.restore is None:
        return
    images: Any = record.restore["images"]
    position = record.position(Kind.IMAGE, facts["id"])
    images.append({"position": position, "outcome": facts["outcome"], "reason": facts["reason"]})


def _restore_ended(record: Record, entry: Entry, facts: Facts) -> None:
    if record.restore is not None:
        ended = record.moment("ended_at", entry, facts)
        record.restore |= {"status": str(RestoreStatus.ENDED), "ended_at": ended}


_TELLERS: Mapping[str, Callable[[Record, Entry, Facts], None]] = MappingProxyType({
    str(Tag.PLAN_PROPOSED): _proposed, str(Tag.PLAN_VOTED): _voted, str(Tag.PLAN_WITHDRAWN): _withdrawn,
    str(Tag.PLAN_APPROVED): _approved, str(Tag.PLAN_WAITS): _waits,
    str(Tag.PLAN_REJECTED): _ended(Status.REJECTED), str(Tag.PLAN_EXPIRED): _ended(Status.EXPIRED),
    str(Tag.PLAN_CANCELLED): _ended(Status.CANCELLED), str(Tag.PLAN_SUPERSEDED): _ended(Status.SUPERSEDED),
    str(Tag.PLAN_RELEASED): _released,
    str(Tag.PLAN_POSTED): _posted, str(Tag.CLEANUP_STARTED): _started, str(Tag.CLEANUP_TAKEN_UP): _taken_up,
    str(Tag.CLEANUP_PARKED): _parked, str(Tag.CLEANUP_RESUMED): _resumed,
    str(Tag.CLEANUP_STOP_ASKED): _stop_asked, str(Tag.CLEANUP_FINISHED): _finished,
    str(Tag.ITEM_REMOVING): _removing, str(Tag.ITEM_UNTAGGING): _untagging, str(Tag.ITEM_ENDED): _item_ended,
    str(Tag.RESTORE_ASKED): _restore_asked, str(Tag.RESTORE_IMAGE): _restore_image,
    str(Tag.RESTORE_ENDED): _restore_ended,
})  # fmt: skip
