"""Homes in several states, the same in every run: what their goldens show."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from bot.core.docker.inventory import Kind
from bot.core.docker.usage import DiskSpace, LastLook
from bot.core.life.states import MessageRef, PlanState
from bot.core.rules.hosts import Host
from bot.ports import Trouble
from bot.services.home.gather import FleetFigures, Home, HostLine, Part, PlanLine
from tests.slack.looks import cleanup, host
from tests.slack.states import BEFORE, MADE, MEGABYTE, STATES, item, proposed

LINK = "https://example.slack.com/archives/C0OPS/p1700000000000100"
NOW = MADE + timedelta(minutes=20)


def posted(state: PlanState, plan_id: str) -> PlanState:
    message = MessageRef(channel="C0OPS", ts="1700000000.000100", permalink=LINK)
    return replace(state, plan=replace(state.plan, id=plan_id), message=message)


def line(state: PlanState, plan_id: str, tags: Sequence[str] = ("ci",)) -> PlanLine:
    on = host(state.plan.host, "production", tags)
    return PlanLine(state=posted(state, plan_id), host=on, may_approve=True, may_stop=True)


def look(full: float, inodes: float | None = None) -> LastLook:
    disk = DiskSpace(
        size=100_000 * MEGABYTE,
        free=round(100_000 * (1 - full)) * MEGABYTE,
        inodes=None if inodes is None else 1_000,
        free_inodes=None if inodes is None else round(1_000 * (1 - inodes)),
    )
    return LastLook(at=MADE, usage=BEFORE, disk=disk)


def whole(*shown: PlanLine) -> Part[PlanLine]:
    return Part(shown=shown, total=len(shown))


def figures(lines: Sequence[HostLine]) -> FleetFigures:
    looks = [one.look for one in lines if one.look]
    return FleetFigures(
        hosts=len(lines),
        looked_at=len(looks),
        held=sum(one.usage.size for one in looks),
        free=sum(one.disk.free for one in looks if one.disk),
        disks=sum(one.disk is not None for one in looks),
        problems=sum(one.has_problem for one in lines),
    )


def at(name: str, *tags: str) -> Host:
    return host(name, "production", tags)


_HOSTS = (
    HostLine(host=at("prod-3", "prod", "eu"), look=look(0.93), cleanup=cleanup(3)),
    HostLine(host=at("ci-1", "ci"), look=look(0.41, inodes=0.95), cleanup=cleanup(1, "running")),
    HostLine(host=at("db-1"), look=replace(look(0), disk=None)),
    HostLine(host=at("new-1")),
)
_PROBLEMS = (
    HostLine(host=at("prod-3", "prod"), look=look(0.99), needs_attention=True, cleanup=cleanup(0, "running")),
    HostLine(
        host=at("away-1"),
        look=look(0.5),
        unreachable=Trouble(schedule="nightly <ci>", what="unreachable", at=MADE + timedelta(days=1)),
    ),
)
_VOLUME = proposed([item(1, "pg-data", Kind.VOLUME, 700)])
_EMPTY = Home(drawn_at=NOW, may_audit=True)
_FULL = Home(
    drawn_at=NOW,
    waiting=whole(
        line(STATES["proposed_one_of_two"], "wait1ng234"),
        line(STATES["proposed_narrowed"], "narr0wed34", ["prod", "eu"]),
        line(_VOLUME, "v0lume2345"),
    ),
    yours=whole(
        *(line(STATES[name], f"y0urs{number}2345"[:10]) for number, name in enumerate((
            "proposed", "approved", "approved_waiting", "approved_until_its_window", "running",
        )))
    ),
    ended=tuple(
        posted(STATES[name], f"ended{number}2345"[:10])
        for number, name in enumerate(("done", "rejected", "expired"))
    ),
    hosts=Part(shown=_HOSTS, total=len(_HOSTS)),
    fleet=figures(_HOSTS),
    recent=tuple(cleanup(number, outcome) for number, outcome in enumerate(("running", "done", "partial"))),
    may_audit=True,
)  # fmt: skip
_WRONG = replace(
    _EMPTY,
    stuck=Part(
        shown=(
            line(STATES["attention"], "stuck12345"),
            replace(line(STATES["attention"], "stuck22345"), may_approve=False),
        ),
        total=7,
    ),
    yours=whole(line(STATES["running_stopping"], "stopp1ng23"), line(STATES["attention"], "stuck32345")),
    hosts=Part(shown=_PROBLEMS, total=len(_PROBLEMS)),
    fleet=figures(_PROBLEMS),
    elsewhere=True,
)
_PAGED = replace(
    _FULL,
    waiting=replace(_FULL.waiting, page=0, pages=50, total=300),
    yours=replace(_FULL.yours, page=1, pages=3, total=13),
    hosts=replace(_FULL.hosts, page=41, pages=42, total=500),
)

HOMES: Mapping[str, Home] = MappingProxyType({
    "empty": _EMPTY,
    "first": replace(_EMPTY, hosts=Part(shown=_HOSTS[:1], total=1), fleet=figures(_HOSTS[:1])),
    "closed": Home(drawn_at=NOW, elsewhere=True),
    "full": _FULL,
    "problems": _WRONG,
    "paged": _PAGED,
})  # fmt: skip
