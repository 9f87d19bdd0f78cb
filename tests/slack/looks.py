"""What people look at beside plans: reports, the list of hosts, the audit; the same in every run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import cast

from bot.core.audit.events import ChainedEvent, Event, Tag
from bot.core.audit.filters import EVERYTHING, AuditFilter
from bot.core.audit.format import Head
from bot.core.audit.review import NOTHING, Place, Tally, Totals
from bot.core.audit.states import Recorded
from bot.core.docker.inventory import CacheRecord, Container, EngineInfo, Image, Inventory, Kind, Volume
from bot.core.docker.logs import ContainerLog, Logs
from bot.core.docker.usage import VOLUMES, DiskSpace, LastLook, Survey
from bot.core.errors import EngineChangedError, HostUnreachableError
from bot.core.json import Json
from bot.core.plan.objects import Explanation, Found, Reason
from bot.core.plan.plan import Draft
from bot.core.rules.hosts import Host, SocketAddress
from bot.core.rules.policy import Policy
from bot.core.watch.forecast import Forecast, forecast
from bot.core.watch.outlook import Outlook
from bot.core.watch.whole.disk import Seen, whole_disk
from bot.ports import Cleanup
from bot.services.audit.review import Page
from bot.services.look.planning import HostReport
from bot.services.watch.histories import History
from bot.services.watch.whole import Answer
from bot.slack.audit.heads import head_message
from bot.slack.audit.messages import page_message, record_message
from bot.slack.kit.blocks import Message
from bot.slack.look.reports import (
    hosts_message,
    looking_message,
    report_message,
    unreachable_message,
    why_message,
)
from bot.slack.look.usage import details_message, listings
from bot.slack.watch.history import history_message
from bot.slack.watch.whole import whole_message
from tests.core.watch.histories import GB, made
from tests.slack.states import BEFORE, ENGINE, ITEMS, MADE, MEGABYTE, STATES, draft


def report(*offers: Draft, engine: EngineInfo = ENGINE) -> HostReport:
    survey = Survey(inventory=Inventory(engine=engine, taken_at=MADE), usage=BEFORE)
    return HostReport(host="prod-3", survey=survey, offers=offers)


def why_full(found: HostReport, past: History | None) -> Answer:
    logs = Logs(default="json-file", containers=[ContainerLog(id="c1", name="web-<1>", driver="json-file")])
    seen = Seen(
        survey=found.survey, offers=found.offers, logs=logs, samples=past.samples if past else (),
        rates=past.forecast.kinds if past and past.forecast else {},
    )  # fmt: skip
    now = past.now if past else MADE
    return Answer(report=found, whole=whole_disk(seen), forecast=past.forecast if past else None, now=now)


def host(name: str, policy: str = "default", tags: Sequence[str] = ()) -> Host:
    address = SocketAddress(url="unix:///var/run/docker.sock")
    return Host(name=name, address=address, policy=Policy(name=policy), tags=tuple(tags))


def cleanup(number: int, outcome: str = "done", approved_by: Sequence[str] = ("U0BOB",)) -> Cleanup:
    running = outcome == "running"
    started = MADE - timedelta(days=number)
    return Cleanup(
        id=f"cleanup:plan{number}",
        plan=f"plan{number}",
        host=f"prod-{number}",
        engine_id=ENGINE.id,
        profile="routine",
        requested_by="U0ANN",
        approved_by=tuple(approved_by),
        outcome=outcome,
        predicted_bytes=2_000 * MEGABYTE,
        reclaimed_bytes=0 if running else 1_900 * MEGABYTE,
        started_at=started,
        finished_at=None if running else started + timedelta(seconds=9),
        found_at=started,
    )


def explanation(
    kind: Kind,
    object_id: str,
    name: str,
    *references: str,
    profiles: Sequence[str] = ("routine", "everything"),
) -> Explanation:
    """The first profile keeps it for a day more, the others would remove it."""
    first, *others = profiles
    due = MADE + timedelta(days=1)
    kept = Reason(profile=first, takes=False, rule="built 6 days ago: younger than 7 days", due=due)
    taken = (Reason(profile=profile, takes=True, rule="no container uses it") for profile in others)
    found = Found(kind=kind, id=object_id, name=name, references=references)
    return Explanation(thing=found, reasons=(kept, *taken))


FILTERED = AuditFilter(
    hosts=("prod-3",), tags=("ci",), since=MADE - timedelta(days=30), until=MADE, people=("U0ANN", "@bob <b>"),
    outcomes=("partial", "failed"), profiles=("routine",), texts=("postgres:14", "<!channel>*"),
)  # fmt: skip


def page(cleanups: Sequence[Cleanup], matching: AuditFilter = EVERYTHING, *, more: bool = False) -> Page:
    """A page of these cleanups; where there is more, there is more on both sides."""
    by_host: dict[str, Tally] = {}
    for each in cleanups:
        by_host[each.host] = by_host.get(each.host, NOTHING) + Tally(7 if more else 1, each.reclaimed_bytes)
    edge = Place(started_at=MADE, plan="plan1")
    return Page(
        matching=matching, cleanups=tuple(cleanups), totals=Totals(by_host=by_host),
        older=edge if more else None, newer=replace(edge, newer=True) if more else None,
    )  # fmt: skip


def events(*happened: tuple[Tag, str, Mapping[str, Json]]) -> tuple[ChainedEvent, ...]:
    """Events of one plan, ten seconds apart."""
    return tuple(
        ChainedEvent(
            seq=seq, at=MADE + timedelta(seconds=10 * seq), previous="", hash="",
            event=Event(tag=tag, plan="k7m2p9wxyz", host="prod-3", actor=actor, facts=facts),
        )
        for seq, (tag, actor, facts) in enumerate(happened, start=1)
    )  # fmt: skip


EVENTS = events(
    (Tag.PLAN_PROPOSED, "U0ANN", {"profile": "routine"}),
    (
        Tag.PLAN_REFUSED,
        "U0CYD",
        {"attempted": "approve", "reason": "gives “approve” to <@U0BOB>, <!subteam^S0OPS>"},
    ),
    (Tag.PLAN_VOTED, "U0BOB", {"approve": True, "reason": "<fine> & good"}),
    (Tag.PLAN_APPROVED, "U0BOB", {}),
    (Tag.CLEANUP_STARTED, "", {"items": []}),
    (Tag.ITEM_REMOVING, "", {"name": "app:1"}),
    (Tag.ITEM_ENDED, "", {"name": "app:1", "outcome": "removed"}),
    (Tag.ITEM_REMOVING, "", {"name": "app:2"}),
    (Tag.ITEM_ENDED, "", {"name": "app:2", "outcome": "kept"}),
    (Tag.CLEANUP_TAKEN_UP, "", {"attempt": 2}),
    (Tag.ITEM_REMOVING, "", {"name": "app:3"}),
    (cast("Tag", "newer:release:event"), "U0BOB", {"reason": "of a newer release"}),
    (Tag.CLEANUP_FINISHED, "", {"reclaimed_bytes": 40 * MEGABYTE}),
)

_IMAGE = explanation(Kind.IMAGE, f"sha256:{7:064x}", "db:1", "db:1", "db:latest")
_NAMESAKES = [
    explanation(kind, f"{kind}-7", "db") for kind in (Kind.CONTAINER, Kind.NETWORK, Kind.BUILD_CACHE)
]
_OFFERS = (
    draft((), profile="dangling"),
    draft(ITEMS[:1], profile="ci"),
    draft(profile="routine"),
)
_DISK = DiskSpace(size=100_000 * MEGABYTE, free=12_000 * MEGABYTE)
_AWAY = HostUnreachableError(
    "prod-3", "no answer from <10.0.0.3>:22 in 5 s: the machine is down or firewalled."
)
_LAST = LastLook(at=MADE, usage=BEFORE, disk=_DISK)
_INVENTORY = Inventory(
    engine=ENGINE,
    taken_at=MADE,
    images=tuple(
        Image(id=f"sha256:{n:064x}", tags=(f"app:{n}",), size=n * MEGABYTE, built_at=MADE - timedelta(days=n))
        for n in range(12)
    ),
    containers=(
        Container(id="c1", name="web-<1>", state="running", image_id=f"sha256:{3:064x}", image="app:3",
                  created_at=MADE - timedelta(days=4), volumes=("pg",), size_rw=40 * MEGABYTE),
    ),
    volumes=(
        Volume(name="pg", driver="local", created_at=MADE - timedelta(days=400), size=700 * MEGABYTE),
        Volume(name="old", driver="local"),
    ),
    cache=(CacheRecord(id="k1", type="regular", description="RUN make", size=MEGABYTE, last_used_at=MADE),),
)  # fmt: skip
_FULL = replace(
    report(*_OFFERS),
    survey=Survey(inventory=_INVENTORY, usage=BEFORE, disk=_DISK),
    may_pick_volumes=True,
)
_SOME_UNKNOWN = replace(
    BEFORE,
    rows=tuple(replace(row, known=row.type != VOLUMES) for row in BEFORE.rows),
)
_PAST = made(5, 30, size=460 * GB).samples
_OUTLOOK = Outlook(forecasts={"prod-3": cast("Forecast", forecast(_PAST))}, now=_PAST[-1].at)
_HISTORY = History(
    host="prod-3", now=_PAST[-1].at, span=timedelta(days=30), samples=_PAST, cleanups=[cleanup(2), cleanup(1)],
    forecast=_OUTLOOK.forecasts["prod-3"],
)  # fmt: skip
_OUTCOMES = ("running", "done", "partial", "stopped", "failed")

LOOKS: Mapping[str, Message] = MappingProxyType({
    "report": report_message(report(*_OFFERS), host("prod-3", "production", ["prod", "eu"])),
    "report_with_a_disk": report_message(_FULL, pictures=True),
    "report_with_a_forecast": report_message(_FULL, outlook=_OUTLOOK),
    "report_volumes_not_counted": report_message(
        replace(_FULL, survey=replace(_FULL.survey, usage=_SOME_UNKNOWN))
    ),
    "report_of_another_engine": report_message(
        replace(report(), changed=EngineChangedError("prod-3", "it is <another> engine than before."))
    ),
    "looking": looking_message("prod-3", None, MADE),
    "looking_with_known_figures": looking_message("prod-3", _LAST, MADE + timedelta(hours=2)),
    "unreachable": unreachable_message(host("prod-3"), _AWAY, None),
    "unreachable_with_known_figures": unreachable_message(host("prod-3"), _AWAY, _LAST),
    "details": details_message("prod-3", listings(_INVENTORY), _FULL.survey),
    "details_of_nothing": details_message("prod-3", listings(Inventory(engine=ENGINE, taken_at=MADE))),
    "report_nothing_to_clean": report_message(report(draft((), profile="dangling"))),
    "hosts": hosts_message([host("prod-3", "production", ["prod", "eu"]), host("ci-1")]),
    "hosts_none": hosts_message([]),
    "history": history_message(_HISTORY),
    "history_none": history_message(replace(_HISTORY, samples=[], cleanups=[], forecast=None)),
    "why_full": whole_message(why_full(_FULL, _HISTORY)),
    "why_full_of_an_unseen_disk": whole_message(why_full(report(*_OFFERS), None)),
    "why": why_message("prod-3", "db:1", [_IMAGE]),
    "why_of_several": why_message("prod-3", "db", _NAMESAKES),
    "why_of_too_many": why_message("prod-3", "db", [*_NAMESAKES, _IMAGE, _IMAGE]),
    "audit": page_message(page([cleanup(number, outcome) for number, outcome in enumerate(_OUTCOMES)])),
    "audit_head": head_message(Head(seq=1234, hash="0123456789abcdef" * 4)),
    "audit_filtered": page_message(page([cleanup(3, approved_by=("U0BOB", "U0CYD"))], FILTERED, more=True)),
    "audit_none": page_message(page([])),
    "audit_none_of_host": page_message(page([], AuditFilter(hosts=("prod-3",)))),
    "audit_none_that_fits": page_message(page([], FILTERED), "Did you mean the host prod-3?"),
    "record": record_message(Recorded(state=STATES["partial"], events=EVENTS)),
    "record_of_a_rejected_plan": record_message(Recorded(state=STATES["rejected"], events=EVENTS[:3])),
})  # fmt: skip
