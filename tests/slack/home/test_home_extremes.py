"""Homes with more of everything than a Home can hold, and with names that mean to break it."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.audit.events import Event, Tag
from bot.core.docker.usage import DiskSpace, DiskUsage, LastLook
from bot.core.life.states import MessageRef, Outcome, PlanState, Status
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Hosts
from bot.core.rules.policy import Policy
from bot.ports import Trouble
from bot.services.home import gather as gathering
from bot.services.home.gather import FleetFigures, GatherHome, Home, HostLine, Pages, Part, PlanLine
from bot.services.rules.rights import Rights
from bot.services.watch.histories import Histories
from bot.slack.home.view import home_view
from bot.store.opening import Store, open_store
from bot.trial.workspace.core import JSON
from bot.trial.workspace.limits.limits import check_view
from tests.core.watch.histories import GB, made
from tests.slack.home.homes import LINK, look
from tests.slack.kit.test_extremes import HOSTILE, OWN, REORDERING, crowded
from tests.slack.looks import cleanup, host
from tests.slack.states import BOB, MADE, ended, proposed, with_outcomes
from tests.support.conversation import strings
from tests.support.people import NoGroups

LONGEST_HOST = "h" * 63
TAGS = ("t" * 63, *(name[:63] for name in HOSTILE if name), *("x" * 63,) * 40)
NOBODY = Person(id="U0NOBODY")
ALL = Policy(name="all", look=("*",), request=("*",), approve=("*",), stop=("*",), audit=("*",))


class Clock:
    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)


def said(view: JSON) -> str:
    """All that people read of a view; ids and links are not shown."""

    def shown(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key not in {"action_id", "block_id", "value", "url", "type", "style"}:
                    yield from shown(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from shown(inner)
        else:
            yield from strings(value)

    return "\n".join(shown(view["blocks"]))


def assert_slack_takes(view: JSON) -> None:
    assert check_view(view) == []
    json.dumps(view, ensure_ascii=False).encode()  # and it can be sent


def assert_harmless(view: JSON) -> None:
    assert not set("<>") & set(OWN.sub("", said(view)))
    assert not REORDERING.search(said(view))


def state_of(number: int, status: Status, name: str) -> PlanState:
    """A plan of 500 hostile objects, asked for by somebody hostile, on a host with the longest name."""
    state = with_outcomes(crowded(), *[Outcome.REMOVED, Outcome.REMOVING] * 100)
    draft = replace(state.plan.draft, arguments=name * 20, profile="p" * 60)
    asked = Person(id=name, name=name)
    plan = replace(
        state.plan,
        id=f"{number:010}",
        host=LONGEST_HOST,
        draft=draft,
        policy=name,
        requester=asked,
    )
    message = MessageRef(channel="C0OPS", ts="1.2", permalink=LINK + "x" * 2_000)
    return replace(ended(state, status, reason=f"{name} " * 500), plan=plan, message=message)


def lines(count: int, status: Status, first: int, name: str, attention: str = "") -> Part[PlanLine]:
    on = replace(host(LONGEST_HOST, "p" * 63, TAGS), name=LONGEST_HOST)
    shown = tuple(
        PlanLine(
            state=replace(state_of(first + number, status, name), attention=attention, started_at=None),
            host=on, may_approve=True, may_stop=True,
        )
        for number in range(count)
    )  # fmt: skip
    return Part(shown=shown, page=6, pages=13, total=300)


def crammed(name: str) -> Home:
    """Every part as full as it is ever gathered, all of it saying this name wherever a name may stand."""
    trouble = Trouble(schedule=name, what="unreachable", at=MADE)
    hosts = tuple(
        HostLine(
            host=replace(host("x", "p" * 63, TAGS), name=f"{number:02}{LONGEST_HOST[:61]}"), look=look(0.999, 0.999),
            cleanup=cleanup(number), needs_attention=True, unreachable=trouble,
        )
        for number in range(gathering.HOSTS_SHOWN)
    )  # fmt: skip
    most = 10**20
    recent = [replace(cleanup(number), host="h" * 63, profile="p" * 60, approved_by=("U0BOB",) * 500,
                      requested_by=name) for number in range(gathering.RECENT_SHOWN)]  # fmt: skip
    return Home(
        drawn_at=MADE,
        stuck=lines(gathering.STUCK_SHOWN, Status.RUNNING, 100, name, f"{name} why " * 900),
        waiting=lines(gathering.WAITING_SHOWN, Status.PROPOSED, 200, name),
        yours=lines(gathering.YOURS_SHOWN, Status.RUNNING, 300, name),
        ended=tuple(state_of(400 + number, Status.PARTIAL, name) for number in range(gathering.ENDED_SHOWN)),
        hosts=Part(shown=hosts, page=20, pages=42, total=500),
        fleet=FleetFigures(hosts=500, looked_at=500, held=most, free=most, disks=500, problems=500),
        recent=tuple(recent),
        may_audit=True,
        elsewhere=True,
    )


@pytest.mark.parametrize("name", [*HOSTILE, "U0BOB"])
def test_a_home_as_full_as_it_can_be_fits_and_pings_nobody(name: str) -> None:
    view = home_view(crammed(name))
    assert_slack_takes(view)
    assert_harmless(view)
    assert len(view["blocks"]) <= 80, "there is room for what comes to be shown beside it"


def test_every_button_of_a_full_home_carries_one_id_or_a_page() -> None:
    view = home_view(crammed("name"))
    values = [value for value in re.findall(r'"value": "([^"]*)"', json.dumps(view)) if value != "name"]
    assert all(re.fullmatch(r"[a-z0-9-]{1,63}", value) for value in values), values


# --- gathered from a database ------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{tmp_path / 'deckhand.db'}")) as opened:
        yield opened


def propose(store: Store, number: int, on: str, by: Person = BOB) -> None:
    now = datetime.now(UTC)
    plan = replace(
        proposed().plan, id=f"plan{number:06}", host=on, requester=by, created_at=now,
        expires_at=now + timedelta(hours=1, seconds=number),
    )  # fmt: skip
    store.plans.create(
        plan, 1, MessageRef(channel="C0OPS"), Event(tag=Tag.PLAN_PROPOSED, plan=plan.id, host=on)
    )


def gather(store: Store, names: Sequence[str], policy: Policy = ALL) -> Callable[[Pages], Home]:
    hosts = Hosts(by_name={name: replace(host(name), policy=policy) for name in names})
    gather_home = GatherHome(
        hosts=lambda: hosts,
        rights=Rights(directory=NoGroups()),
        plans=store.plans,
        timers=store.timers,
        ledger=store.ledger,
        audit=store.audit,
        histories=Histories(samples=store.samples, audit=store.audit, clock=Clock()),
        people=store.people,
        clock=Clock(),
    )
    return lambda pages: gather_home(NOBODY, pages)


def test_what_fills_first_comes_first_and_says_how_long_it_lasts(store: Store) -> None:
    now = store.ledger.now()
    usage = DiskUsage(rows=())
    for name, free in (("a-full", 50), ("b-slow", 900), ("c-fast", 500)):
        store.ledger.remember_look(name, LastLook(at=now, usage=usage, disk=DiskSpace(size=1_000, free=free)))
    for name, size in (("b-slow", 800), ("c-fast", 400)):
        past = made(5, 14, size=size * GB, cleaned_every=0).samples
        moved = [replace(each, at=each.at + (now - past[-1].at)) for each in past]
        store.samples.keep(name, "", "engine", *moved)
        Histories(samples=store.samples, audit=store.audit, clock=Clock()).foretell(name)
    home = gather(store, ["a-full", "b-slow", "c-fast", "d-new"])(Pages())
    assert [line.host.name for line in home.hosts.shown] == ["c-fast", "b-slow", "a-full", "d-new"]
    lasts = [line.lasts for line in home.hosts.shown]
    assert lasts[0] == "1 day left" or lasts[0].endswith(("days left", "h left"))
    assert lasts[2:] == ["", ""]
    assert f"free, {lasts[0]}" in said(home_view(home))
    store.ledger.remember_look("c-fast", LastLook(at=now, usage=usage, disk=None))
    untold = said(home_view(gather(store, ["c-fast"])(Pages())))
    assert f"its disk has {lasts[0]}" in untold
    assert "cannot be told" not in untold


def test_no_host_and_no_plan_is_a_home_too(store: Store) -> None:
    view = home_view(gather(store, [])(Pages()))
    assert_slack_takes(view)
    assert "No registered host is open to you." in said(view)


@pytest.mark.parametrize(
    ("policy", "shown"),
    [
        (Policy(name="closed", look=("U0SOMEBODY",)), False),
        (Policy(name="asks", request=(NOBODY.id,)), True),
        (Policy(name="asks in a channel", request=("C0OPS",)), True),
    ],
    ids=lambda value: value.name if isinstance(value, Policy) else "",
)
def test_ones_own_plans_are_there_while_one_may_know_of_their_host(
    store: Store, policy: Policy, *, shown: bool
) -> None:
    propose(store, 1, "vault-7", by=NOBODY)
    assert ("vault-7" in said(home_view(gather(store, ["vault-7"], policy)(Pages())))) is shown


def test_500_hosts_and_300_plans_are_all_there_page_by_page(store: Store) -> None:
    names = [f"host-{number:03}" for number in range(500)]
    for number in range(300):
        propose(store, number, names[number])
    usage = DiskUsage(rows=look(0).usage.rows)
    for number, name in enumerate(names[:400]):
        disk = replace(look(number / 400).disk, inodes=None) if number % 3 else None  # type: ignore[type-var] # it has one
        store.ledger.remember_look(name, LastLook(at=MADE, usage=usage, disk=disk))
    home_of = gather(store, names)
    hosts: list[HostLine] = []
    plans: list[PlanLine] = []
    for number in range(50):
        home = home_of(Pages(waiting=number, hosts=number))
        assert_slack_takes(home_view(home))
        hosts += home.hosts.shown if number < home.hosts.pages else ()
        plans += home.waiting.shown
    assert sorted(line.host.name for line in hosts) == names
    assert [line.state.plan.id for line in plans] == [f"plan{number:06}" for number in range(300)]
    shares = [line.look.disk.used_share for line in hosts if line.look and line.look.disk]
    assert shares == sorted(shares, reverse=True)
    assert [line.look is None for line in hosts] == [False] * 400 + [True] * 100


def test_a_page_beyond_the_end_is_the_last_one(store: Store) -> None:
    home = gather(store, [f"host-{number:03}" for number in range(13)])(Pages(hosts=10**9, waiting=-3))
    assert (home.hosts.page, home.hosts.pages, len(home.hosts.shown)) == (1, 2, 1)
    assert (home.waiting.page, home.waiting.pages, home.waiting.total) == (0, 1, 0)


def test_nothing_of_a_closed_host_is_gathered(store: Store) -> None:
    propose(store, 1, "prod-3")
    closed = Policy(name="closed", look=("U0BOB",), approve=("U0BOB",), stop=("U0BOB",))
    home = gather(store, ["prod-3"], closed)(Pages())
    assert (home.hosts.total, home.waiting.total, home.fleet.hosts, home.may_audit) == (0, 0, 0, False)
    assert not home.elsewhere
