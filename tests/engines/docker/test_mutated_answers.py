"""Whatever an engine answers, what comes of it is an answer of ours or a sentence about that host: no other error.

Each number is the seed of one change in one answer of a recorded engine; a failure names it.
"""

import copy
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import Glance
from bot.core.errors import DeckhandError, EngineAnswerError, HostError
from bot.core.life.states import CLEANUP_OUTCOMES, Outcome, PlanState, Status
from bot.core.plan.arguments import Arguments
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy, Volumes
from bot.core.rules.rules import Rules
from bot.engines.docker.told.reading import SHAPES
from bot.engines.docker.told.shapes import LARGEST
from bot.engines.held import HeldDockerEngine
from bot.services.decide.decide import Decide
from bot.services.decide.propose import Propose
from bot.services.leases import Leases
from bot.services.look.fleet import Fleet
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.run.execute import Execute
from bot.services.run.stop import Stop
from bot.shell.show.records import draft_json
from bot.slack.look.fleet import fleet_message
from bot.slack.look.reports import report_message
from bot.store.opening import Store
from tests.services.bench import ANNA, BEN, UtcClock
from tests.support.effort import often
from tests.support.lying.holding import holding, unproven
from tests.support.lying.lies import ANSWERS, KINDS, Told, told
from tests.support.machines.hosts import HOST
from tests.support.people import NoGroups
from tests.support.recording import CLI_DF, Refused, replayed

LOOKS, QUESTIONS, CLEANUPS, FLEETS = often(60, 240), often(60, 240), often(6, 20), often(10, 40)
"""Of each recorded engine."""
HONEST = "honest"
ENDED = CLEANUP_OUTCOMES | {Status.CANCELLED}
POLICY = Policy(
    name="open", look=("*",), request=("*",), approve=("*",), stop=("*",), volumes=Volumes.ANONYMOUS
)
PULLED = "app@sha256:" + "1" * 64


@dataclass(frozen=True)
class Lead:
    engines: Mapping[str, HeldDockerEngine]

    def connect(self, host: str) -> HeldDockerEngine:
        return self.engines[host]

    def hold(self, host: str, engine: EngineInfo) -> AbstractContextManager[HeldDockerEngine]:
        return holding(host, self.engines[host], engine)


def planning(store: Store, engines: Mapping[str, HeldDockerEngine]) -> Planning:
    return Planning(
        engines=Lead(engines), ledger=store.ledger,
        rules=lambda: Rules(hosts=Hosts({name: host(name) for name in engines})),
    )  # fmt: skip


def host(name: str = HOST) -> Host:
    return Host(name=name, address=SocketAddress(url="unix:///nowhere"), policy=POLICY)


def looked(store: Store, engine: HeldDockerEngine, profile: str) -> None:
    """A look with all that it offers, and a plan, as they are shown."""
    plans = planning(store, {HOST: engine})
    report = plans.report(HOST)
    written(report_message(report, host()))
    _, draft = plans.draft(HOST, Arguments(profile=profile))
    written(draft_json(HOST, draft))


def written(value: Any) -> None:
    """It is sent as JSON in the end, in UTF-8."""
    json.dumps(value, default=repr, allow_nan=False).encode()


@contextmanager
def blamed(what: str, wrong: list[str], ended: Counter[str]) -> Iterator[None]:
    """An error of ours that names its host is fine; every other error is noted, and how often each came."""
    try:
        yield
    except DeckhandError as error:
        ended[type(error).__name__] += 1
        if isinstance(error, HostError) and not str(error).startswith(f"{HOST}: "):
            wrong.append(f"{what}: {error}")
    except Exception as error:  # noqa: BLE001 - all that break are told at once
        wrong.append(f"{what}: {type(error).__name__}: {error}"[:400])
    else:
        ended["fine"] += 1


def test_every_endpoint_that_is_read_has_its_lies() -> None:
    paths = [each for answers in ANSWERS.values() for each in answers if each != CLI_DF]
    read = [each if " " in each else f"GET {each}" for each in paths]
    for method, pattern, _ in SHAPES:
        assert any(
            each.startswith(f"{method} ") and pattern.fullmatch(each.partition(" ")[2].partition("?")[0])
            for each in read
        ), pattern
    assert len(KINDS) >= 18


EACH = pytest.mark.parametrize("file", sorted(ANSWERS))
PROFILES = ("everything", "routine", "volumes", "system")


@EACH
def test_a_look_at_a_lie_ends_in_a_report_or_in_a_sentence(store: Store, file: str) -> None:
    wrong: list[str] = []
    ended: Counter[str] = Counter()
    kinds = [each for each in KINDS if " " not in each]
    for seed in range(LOOKS):
        one = told(file, seed, kinds)
        if one:
            with blamed(one.what, wrong, ended):
                looked(store, one.engine, PROFILES[seed % len(PROFILES)])
    assert wrong == []
    assert ended["fine"] > LOOKS / 10
    assert ended[EngineAnswerError.__name__] > LOOKS / 10


def questions(one: Told) -> list[Callable[[], object]]:
    """Everything that is asked of, or done to, a single object, of the lie's own if it is about one."""
    engine, (_, _, name, *_) = one.engine, [*one.path.split("/"), "", "", ""]
    name = name.removesuffix("?all=1") or "x"
    return [
        engine.info, engine.disk_usage, engine.disk_space, engine.containers, engine.cache_records,
        lambda: engine.glance(60), lambda: engine.container(name), lambda: engine.image(name),
        lambda: engine.network(name), lambda: engine.volume(name), engine.parents,
        lambda: engine.remove_container(name), lambda: engine.untag(name), lambda: engine.remove_image(name),
        lambda: engine.remove_network(name), lambda: engine.remove_volume(name),
        lambda: engine.prune_cache(["abc"]), lambda: engine.pull(PULLED), lambda: engine.tag(name, "a:1"),
    ]  # fmt: skip


@EACH
def test_a_question_about_one_thing_ends_in_an_answer_or_in_a_sentence(file: str) -> None:
    wrong: list[str] = []
    ended: Counter[str] = Counter()
    for seed in range(LOOKS, LOOKS + QUESTIONS):
        one = told(file, seed, KINDS)
        for ask in questions(one) if one else ():
            with blamed(one.what if one else "", wrong, ended):
                written(ask())
    assert wrong == []
    assert ended[EngineAnswerError.__name__] > QUESTIONS / 10


@dataclass(frozen=True)
class Office:
    """Who plans on an honest engine, and cleans up on what answers then."""

    store: Store
    engines: dict[str, HeldDockerEngine]

    @property
    def rights(self) -> Rights:
        return Rights(directory=NoGroups())

    @staticmethod
    def hosts() -> Hosts:
        return Hosts({HOST: host()})

    def approved(self, plan_id: str) -> None:
        propose = Propose(
            hosts=self.hosts,
            rights=self.rights,
            planning=planning(self.store, self.engines),
            plans=self.store.plans,
            trail=self.store.trail,
            clock=UtcClock(),
            new_id=lambda: plan_id,
            changed=lambda: None,
        )
        propose(HOST, Arguments(profile="everything"), ANNA, "C0")
        Decide(
            hosts=self.hosts,
            rights=self.rights,
            plans=self.store.plans,
            trail=self.store.trail,
            changed=lambda: None,
        )(plan_id, BEN, approve=True)

    def execute(self, plan_id: str) -> PlanState:
        leases = Leases(claims=self.store.runs, owner="one", ticks=time.monotonic)
        Execute(
            plans=self.store.plans,
            runs=self.store.runs,
            audit=self.store.audit,
            engines=Lead(self.engines),
            leases=leases,
            patience=timedelta(),
            changed=lambda: None,
            stopping=lambda: False,
            starting=lambda _state: True,
            pause=lambda _seconds: None,
            rules=lambda _plan, _engine: lambda _item: None,
        )(plan_id)
        state = self.store.plans.get(plan_id)
        assert state is not None
        return state

    def stop(self, plan_id: str) -> None:
        Stop(
            hosts=self.hosts,
            rights=self.rights,
            plans=self.store.plans,
            trail=self.store.trail,
            changed=lambda: None,
        )(plan_id, ANNA)


@EACH
def test_a_cleanup_of_a_liar_ends_or_waits_for_a_person(store: Store, file: str) -> None:
    wrong: list[str] = []
    truth = replayed(ANSWERS[file])
    for seed in range(CLEANUPS):
        one = told(file, 10_000 + seed, KINDS)
        if one is None:
            continue
        office, plan_id = Office(store, {HOST: truth}), f"p{seed}"
        office.approved(plan_id)
        office.engines[HOST] = one.engine
        with blamed(one.what, wrong, Counter()):
            state = office.execute(plan_id)
            if state.attention:  # a person ends it, so that the host is free for the next
                office.stop(plan_id)
                office.engines[HOST] = truth
                state = office.execute(plan_id)
            begun = [each for each in state.items if each.outcome is Outcome.REMOVING]
            if state.status not in ENDED or begun:
                wrong.append(f"{one.what}: {state.status}, and leaves {begun}")
    assert wrong == []


@EACH
def test_a_removal_that_is_sent_elsewhere_is_recorded_as_failed(store: Store, file: str) -> None:
    honest, office = ANSWERS[file], Office(store, {HOST: replayed(ANSWERS[file])})
    office.approved("p")
    elsewhere = {
        path: Refused(307, {}) if path.startswith(("DELETE", "POST")) else honest[path] for path in honest
    }
    office.engines[HOST] = replayed(elsewhere)
    state = office.execute("p")
    assert state.status is Status.PARTIAL
    assert {each.outcome for each in state.items} <= {Outcome.FAILED, Outcome.KEPT}
    assert any("sent elsewhere" in each.reason for each in state.items)


@EACH
def test_a_liar_fails_alone_in_its_fleet(store: Store, file: str) -> None:
    honest = replayed(ANSWERS[min(ANSWERS)])
    wrong: list[str] = []
    failed = 0
    with ThreadPoolExecutor(4) as pool:
        for seed in range(20_000, 20_000 + FLEETS):
            one = told(file, seed, ["/info", "/system/df", "/version"])
            if one is None:
                continue
            engines = {HOST: one.engine, HONEST: honest}
            fleet = Fleet(engines=Lead(engines), pool=pool, clock=UtcClock(), ledger=store.ledger)
            try:
                gathering = fleet.gather([host(), host(HONEST)], lambda _known: None)
                written(fleet_message("all", gathering))
            except Exception as error:  # noqa: BLE001 - all that break are told at once
                wrong.append(f"{one.what}: {type(error).__name__}: {error}"[:400])
                continue
            reached = {answer.host for answer in gathering.reached}
            failed += HOST not in reached
            if HONEST not in reached or any("Deckhand failed" in str(error) for error in gathering.failed):
                wrong.append(f"{one.what}: {gathering.failed}")
    assert wrong == []
    assert failed


def test_what_nobody_has_thought_of_fails_one_host_and_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(HeldDockerEngine):
        def glance(self, seconds: float, *, volumes: bool = True) -> Glance:
            raise KeyError(seconds, volumes)

    honest = replayed(ANSWERS[min(ANSWERS)])
    engines = {HOST: Broken(HOST, unproven(lambda: None)), HONEST: honest}
    with ThreadPoolExecutor(2) as pool:
        fleet = Fleet(engines=Lead(engines), pool=pool, clock=UtcClock())
        gathering = fleet.gather([host(), host(HONEST)], lambda _known: None)
    assert [answer.host for answer in gathering.reached] == [HONEST]
    assert [str(error) for error in gathering.failed] == [
        f"{HOST}: Deckhand failed over what it answered (KeyError); its log says more."
    ]
    assert "Traceback" in caplog.text


def everywhere(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same, with a change to each number in it."""
    if isinstance(value, dict):
        return {key: everywhere(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [everywhere(each, change) for each in value]
    return change(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize("number", [LARGEST, -LARGEST, -1, 0, LARGEST + 1, 2**63 - 1, 2**64, 10**400])
@EACH
def test_numbers_that_are_all_as_large_as_can_be_end_in_a_report_or_in_a_sentence(
    store: Store, file: str, number: int
) -> None:
    lies = {
        path: everywhere(each, lambda _: number) if path != CLI_DF else each
        for path, each in ANSWERS[file].items()
    }
    wrong: list[str] = []
    with blamed(file, wrong, Counter()):
        looked(store, replayed(lies), "everything")
    assert wrong == []


def test_circles_of_parents_end(store: Store) -> None:
    for file, answers in ANSWERS.items():
        lies = copy.deepcopy(answers)
        images = lies["/images/json?all=1"]
        for number, each in enumerate(images):
            each["ParentId"] = images[(number + 1) % len(images)]["Id"]
        for entries in (lies["/system/df"]["BuildCache"],):
            for number, each in enumerate(entries):
                each["Parents"] = [entries[(number + 1) % len(entries)]["ID"], each["ID"]]
        wrong: list[str] = []
        with blamed(file, wrong, Counter()):
            looked(store, replayed(lies), "everything")
        assert wrong == []
