"""Hosts by policies by votes: which hosts run, as a table; and why, answered from an export of the audit alone."""

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.errors import RefusedError
from bot.core.life.rollout import next_step
from bot.core.life.states import PlanState, Status
from bot.core.plan.arguments import Arguments
from bot.core.plan.plan import Person
from bot.core.plan.waves import Waves
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from bot.core.rules.windows import Windows, parse_window
from bot.ports import Change
from bot.services.fleets.rollout import Rollout
from bot.store.opening import Store
from bot.trial.sample import SampleEngine
from tests.store.audit.exporting import exported
from tests.support.fleets import ANNA, BEN, CLEO, Fleetly, by_host, two_unused

ALL = ("*",)
TOMORROW = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[
    (datetime.now(UTC) + timedelta(days=1)).weekday()
]
POLICIES = {
    "one": Policy(name="one", look=ALL, request=ALL, approve=ALL, stop=ALL),
    "two": Policy(name="two", look=ALL, request=ALL, approve=ALL, quorum=2),
    "bens": Policy(name="bens", look=ALL, request=ALL, approve=(BEN.id,)),
    "own": Policy(name="own", look=ALL, request=ALL, approve=ALL, self_approval=True),
    "small": Policy(name="small", look=ALL, request=ALL, approve=ALL, max_bytes=10**6, quorum_above=2),
    "shut": Policy(
        name="shut", look=ALL, request=ALL, approve=ALL, start_within=timedelta(days=2),
        windows=Windows(windows=(parse_window(f"{TOMORROW} 12:00-13:00"),)),
    ),
}  # fmt: skip
VOTERS = (ANNA, BEN, CLEO)
"""Anna has asked for the plan."""


def runs(policy: str, votes: tuple[Person, ...]) -> bool:
    """The table: whether a host of this policy may run once these have pressed Approve, in this order."""
    others = {one.id for one in votes} - {ANNA.id}
    return {
        "one": len(others) >= 1,
        "two": len(others) >= 2,
        "bens": BEN.id in others,
        "own": len(votes) >= 1,
        "small": len(others) >= 2,
        "shut": False,  # it is approved, and its window is closed
    }[policy]


@dataclass(frozen=True)
class Rack:
    urls: Mapping[str, str]

    def hosts(self) -> Hosts:
        return Hosts({
            name: Host(name=name, address=SocketAddress(url=url), policy=POLICIES[name])
            for name, url in self.urls.items()
        })  # fmt: skip


@pytest.fixture(scope="module")
def rack() -> Iterator[Rack]:
    """A host for each policy, named like it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="rack-")))
        urls = {}
        for name in POLICIES:
            engine = SampleEngine(socket_path=folder / f"{name}.sock", universe=two_unused(name))
            urls[name] = stack.enter_context(engine).url
        yield Rack(urls)


EVERY_VOTE = [votes for count in range(4) for votes in itertools.permutations(VOTERS, count)]


@pytest.mark.parametrize(
    "votes", EVERY_VOTE, ids=lambda votes: "-".join(one.name for one in votes) or "nobody"
)
def test_which_hosts_run_by_their_policies_and_the_votes(
    store: Store, rack: Rack, votes: tuple[Person, ...]
) -> None:
    """One fleet on all of them; whatever was pressed, those run that their own policy lets run, and no other."""
    fleetly = Fleetly(store=store, hosts=rack.hosts, waves=Waves(first=len(POLICIES)))
    fleet_id = fleetly.propose("all", Arguments(profile="everything")).fleet.id
    for voter in votes:
        try:
            fleetly.decide.approve(fleet_id, voter)
        except RefusedError:
            continue  # it counted on no host: some press in vain
    Rollout(fleets=store.fleets, changed=lambda: None)()
    plans = {one.plan: one.host for one in fleetly.now(fleet_id).standings}
    may_run = {plans[plan] for plan in store.runs.claimable()}
    assert may_run == {policy for policy in POLICIES if runs(policy, votes)}
    stands = by_host(fleetly.now(fleet_id))
    assert (stands["shut"] == "approved") == runs("one", votes), "approved, and it waits for its window"
    assert next_step(fleetly.now(fleet_id)) is None
    assert store.chain.compare().differences == ()


def test_an_approval_of_what_a_form_listed_is_about_nothing_else(store: Store, rack: Rack) -> None:
    fleetly = Fleetly(store=store, hosts=rack.hosts)
    fleet_id = fleetly.propose("one,own", Arguments(profile="everything")).fleet.id
    listed = next(one.plan for one in fleetly.now(fleet_id).standings if one.host == "one")
    fleetly.decide.approve(fleet_id, CLEO, listed=frozenset({listed}))
    assert by_host(fleetly.now(fleet_id)) == {"one": "approved", "own": "proposed"}
    with pytest.raises(RefusedError, match="Nothing was changed"):
        fleetly.decide.approve(fleet_id, CLEO, listed=frozenset())
    assert by_host(fleetly.now(fleet_id))["own"] == "proposed"


def test_an_export_alone_tells_who_let_what_run_on_which_host_and_why_the_wave_stopped(
    store: Store, rack: Rack, tmp_path: Path
) -> None:
    fleetly = Fleetly(store=store, hosts=rack.hosts)
    fleet_id = fleetly.propose("one,two,bens", Arguments(profile="everything")).fleet.id
    fleetly.decide.approve(fleet_id, CLEO)
    fleetly.decide.approve(fleet_id, BEN)
    rollout = Rollout(fleets=store.fleets, changed=lambda: None)
    rollout()
    first = next(one for one in fleetly.now(fleet_id).standings if one.wave == 1)
    store.plans.change(first.plan, cancelled)
    rollout()
    fleetly.decide.go_on(fleet_id, BEN)
    lines = [json.loads(line) for line in exported(store, tmp_path / "audit.jsonl")]
    events: list[dict[str, Any]] = [line for line in lines if "seq" in line and "tag" in line]
    of_fleet = [event for event in events if event["plan"] == fleet_id]

    def told(tag: str) -> list[dict[str, Any]]:
        return [event["facts"] for event in of_fleet if event["tag"].endswith(tag)]

    (proposed,) = told("fleet:proposed")
    assert proposed["waves"] == {"first": 1, "then": "25%", "stop_on": 1, "kept_share": "50%"}
    lists = {one["plan"]: one["plan_digest"] for one in proposed["plans"]}
    let = {
        (event["host"], event["actor"])
        for event in events
        if event["tag"] == "slack:plan:voted"
        and event["facts"]["fleet"] == fleet_id
        and event["facts"]["plan_digest"] == lists[event["plan"]]
    }
    assert let == {("one", CLEO.id), ("two", CLEO.id), ("two", BEN.id), ("bens", BEN.id)}
    refused = [(one["host"], one["reason"]) for vote in told("fleet:voted") for one in vote["refused"]]
    assert any(host == "bens" and "gives “approve” to U0BEN" in reason for host, reason in refused)
    assert [[one["host"] for one in wave["plans"]] for wave in told("fleet:wave")] == [["one"]]
    (held,) = told("fleet:held")
    assert held["reason"] == "one: did not begin: the host is being rebuilt"
    assert [one["host"] for one in held["plans"]] == ["one"]
    (went_on,) = [event for event in of_fleet if event["tag"].endswith("fleet:went_on")]
    assert (went_on["actor"], went_on["facts"]["about"]) == (BEN.id, held["reason"])
    released = {
        event["host"]: event["facts"]["wave"] for event in events if event["tag"].endswith("plan:released")
    }
    assert released == {"one": 1}


def cancelled(state: PlanState, _now: datetime) -> Change:
    """What a run that finds its host gone does to its plan."""
    reason = "the host is being rebuilt"
    event = facts.event(Tag.PLAN_CANCELLED, state.plan, reason=reason)
    return Change(status=Status.CANCELLED, events=(event,), reason=reason)


def test_whoever_may_approve_on_no_host_that_is_to_come_lets_no_held_rollout_go_on(
    store: Store, rack: Rack
) -> None:
    """Not where those that are to come still wait for their approvals, either; nor after somebody's Stop."""
    fleetly = Fleetly(store=store, hosts=rack.hosts)
    fleet_id = fleetly.propose("one,bens", Arguments(profile="everything")).fleet.id
    fleetly.decide.approve(fleet_id, CLEO)
    rollout = Rollout(fleets=store.fleets, changed=lambda: None)
    rollout()
    first = next(one for one in fleetly.now(fleet_id).standings if one.wave == 1)
    store.plans.change(first.plan, cancelled)
    rollout()
    assert by_host(fleetly.now(fleet_id)) == {"one": "cancelled", "bens": "proposed"}
    with pytest.raises(RefusedError, match="gives “approve” to U0BEN"):
        fleetly.decide.go_on(fleet_id, CLEO)
    assert fleetly.now(fleet_id).held
    fleetly.decide.go_on(fleet_id, BEN)
    assert not fleetly.now(fleet_id).held
