"""A storm over several hosts: plans are approved, workers are killed and stopped, and the books are checked."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path

from bot.core.audit.events import Tag
from bot.core.docker.inventory import Kind
from bot.core.life.states import CLEANUP_OUTCOMES, ENDED, Outcome, PlanState
from bot.core.plan.arguments import Arguments
from bot.core.plan.plan import Person
from bot.core.rules.rules import Rules
from bot.engines.registry import DockerEngines
from bot.services.decide.decide import Decide
from bot.services.decide.propose import Propose
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.run.stop import Stop
from bot.store.opening import Store
from tests.support.people import NoGroups
from tests.support.workers import UtcClock, Workers, hosts_at

ANNA, BEN = Person(id="U0ANNA", name="Anna"), Person(id="U0BEN", name="Ben")


@dataclass(slots=True, kw_only=True)
class Storm:
    store: Store
    urls: dict[str, str]
    plans: list[str] = field(default_factory=list)
    ids: "count[int]" = field(default_factory=lambda: count(1))
    parked: int = 0
    """How often a run was parked, and a person let it go on."""

    # --- people ---------------------------------------------------------------------------------

    def approve(self, *kinds: Kind) -> int:
        """For each host a plan of each of these kinds, approved; how many items they have."""
        hosts, items = hosts_at(self.urls), self.propose(*kinds)
        decide = Decide(
            hosts=lambda: hosts,
            rights=Rights(directory=NoGroups()),
            plans=self.store.plans,
            trail=self.store.trail,
            changed=lambda: None,
        )
        for plan_id in self.plans:
            decide(plan_id, BEN, approve=True)
        return items

    def propose(self, *kinds: Kind) -> int:
        hosts, items = hosts_at(self.urls), 0
        engines = DockerEngines(hosts.by_name)
        rights = Rights(directory=NoGroups())
        planning = Planning(engines=engines, ledger=self.store.ledger, rules=lambda: Rules(hosts=hosts))
        propose = Propose(
            hosts=lambda: hosts,
            rights=rights,
            planning=planning,
            plans=self.store.plans,
            trail=self.store.trail,
            clock=UtcClock(),
            new_id=lambda: f"plan{next(self.ids)}",
            changed=lambda: None,
        )
        for host in self.urls:
            for kind in kinds:
                wanted = Arguments(profile="everything", only=frozenset({kind}))
                plan = propose(host, wanted, ANNA, "C0").plan
                self.plans.append(plan.id)
                items += len(plan.draft.items)
        engines.close()
        return items

    def _resume(self, plan_id: str) -> None:
        hosts = hosts_at(self.urls)
        stop = Stop(
            hosts=lambda: hosts,
            rights=Rights(directory=NoGroups()),
            plans=self.store.plans,
            trail=self.store.trail,
            changed=lambda: None,
        )
        stop.resume(plan_id, BEN)
        self.parked += 1

    # --- weather --------------------------------------------------------------------------------

    def states(self) -> list[PlanState]:
        states = []
        for plan_id in self.plans:
            state = self.store.plans.get(plan_id)
            assert state is not None
            states.append(state)
        return states

    def rage(self, workers: Workers, kills: int, every: tuple[float, float], seed: int) -> Counter[str]:
        """Kill and stop workers at random until so many were killed; what was done how often."""
        chance, done = random.Random(seed), Counter[str]()  # noqa: S311 - a storm that can be had again
        stopped: list[tuple[float, int]] = []
        while done["killed"] < kills:
            time.sleep(chance.uniform(*every))
            self._wait_for_an_open_item()
            for moment, pid in [each for each in stopped if each[0] < time.monotonic()]:
                os.kill(pid, signal.SIGCONT)
                stopped.remove((moment, pid))
            number = chance.randrange(len(workers.processes))
            if workers.processes[number].pid in {pid for _, pid in stopped}:
                continue
            if chance.random() < 0.25:
                stopped.append((time.monotonic() + chance.uniform(1.0, 4.0), workers.stop(number)))
                done["stopped"] += 1
            else:
                if self.ended():
                    done["too late"] += 1
                workers.kill(number)
                done["killed"] += 1
        for _, pid in stopped:
            os.kill(pid, signal.SIGCONT)
        return done

    def wait_until_some_are_removed(self) -> None:
        until = time.monotonic() + 30
        while not all(len(state.with_outcome(Outcome.REMOVED)) > 2 for state in self.states()):
            assert time.monotonic() < until, "nothing is removed"
            time.sleep(0.02)

    def _wait_for_an_open_item(self) -> None:
        """A death while nobody is at anything proves little."""
        until = time.monotonic() + 3
        while time.monotonic() < until and not any(s.with_outcome(Outcome.REMOVING) for s in self.states()):
            self._let_go_on()

    def _let_go_on(self) -> None:
        """What a person does about cleanups that stand still."""
        for state in self.states():
            if state.attention:
                self._resume(state.plan.id)

    def ended(self) -> bool:
        return not self.store.runs.claimable() and all(state.status in ENDED for state in self.states())

    def calm_down(self, seconds: float = 120) -> None:
        """Wait until every plan has ended; a person lets go on what stands still."""
        until = time.monotonic() + seconds
        while True:
            self._let_go_on()
            states = self.states()
            if all(state.status in ENDED for state in states):
                return
            assert time.monotonic() < until, [(s.plan.id, s.status, s.attention) for s in states]
            time.sleep(0.1)

    # --- the books ------------------------------------------------------------------------------

    def check(self, left: Callable[[str], frozenset[str]]) -> Counter[str]:
        """Gone = audited, removed twice 0, overlaps on a host 0; how the items ended."""
        states, outcomes = self.states(), Counter[str]()
        removed: Counter[tuple[str, str]] = Counter()
        for state in states:
            assert state.status in CLEANUP_OUTCOMES, (state.status, state.reason)
            for item in state.items:
                outcomes[item.outcome] += 1
                gone = item.item.id not in left(state.plan.host)
                assert gone == (item.outcome in {Outcome.REMOVED, Outcome.GONE}), (item, "is it gone?")
                assert item.outcome is not Outcome.GONE or item.reconciled, item
            for link in self.store.audit.events(state.plan.id):
                if link.event.tag is Tag.ITEM_ENDED and link.event.facts["outcome"] == "removed":
                    removed[state.plan.host, str(link.event.facts["id"])] += 1
        assert set(removed.values()) <= {1}, "recorded as removed twice"
        self._no_overlaps()
        assert self.store.chain.verify().broken is None
        return outcomes

    def _no_overlaps(self) -> None:
        """Between the start and the end of a cleanup no other one of its host does anything."""
        links = sorted(
            (link for plan in self.plans for link in self.store.audit.events(plan)), key=lambda link: link.seq
        )
        running: dict[str, str] = {}
        for link in links:
            event = link.event
            if event.tag is Tag.CLEANUP_STARTED:
                assert event.host not in running, "two at once"
                running[event.host] = event.plan
            elif event.tag in {Tag.ITEM_REMOVING, Tag.ITEM_ENDED, Tag.ITEM_UNTAGGING, Tag.CLEANUP_TAKEN_UP}:
                assert running.get(event.host) == event.plan
            elif event.tag is Tag.CLEANUP_FINISHED:
                assert running.pop(event.host) == event.plan
        assert not running


def check_log(file: Path) -> Counter[str]:
    """What an engine wrote down: nothing removed twice, and no two processes at it at once."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    done = [line for line in lines if line["status"] < 300]
    twice = [path for path, times in Counter(line["path"] for line in done).items() if times > 1]
    assert not twice, f"removed twice: {twice}"
    for one, other in pairwise(sorted(done, key=lambda line: line["began"])):
        if one["worker"] != other["worker"]:
            assert other["began"] >= one["ended"], f"at once: {one} and {other}"
    return Counter("removed" if line in done else "refused" for line in lines)


@contextmanager
def working(workers: Workers) -> Iterator[Workers]:
    try:
        yield workers
    finally:
        workers.close()
