"""Lives of plans, at random: votes, expiry, changes from outside, deaths, takeovers and stops in any order."""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import create_engine, text

from bot.core.audit.events import Tag
from bot.core.docker.inventory import Kind
from bot.core.life.states import CLEANUP_OUTCOMES, ENDED, OPEN, Outcome, PlanState, Status
from bot.store.opening import open_store
from bot.trial.sample.names import parse
from tests.services.world.world import HOSTS, PEOPLE, PROFILES, World
from tests.support.effort import often

KINDS = (
    "die", "die in use", "die in use", "cut", "away", "change", "change", "change", "stop", "take over", "lose", "lose",
)  # fmt: skip
SEED = st.integers(0, 2**32)


def acts(seed: int) -> list[tuple[int, str]]:
    """What happens in a run: after how many points from the one before, and what."""
    chance = random.Random(seed)  # noqa: S311 - a run that can be had again
    return [(chance.randint(1, 6), chance.choice(KINDS)) for _ in range(chance.randint(1, 8))]


NUMBER = st.integers(0, 30)


class Lives(RuleBasedStateMachine):
    """``template`` is a migrated SQLite file; a subclass names it."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        # In memory where there is such a file system: each step waits for the disk otherwise.
        memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own there
        self.folder = Path(tempfile.mkdtemp(prefix="lives-", dir=memory if memory.is_dir() else None))
        shutil.copy(self.template, self.folder / "deckhand.db")
        url = f"sqlite:///{self.folder / 'deckhand.db'}"
        self.store, self.db = open_store(url, migrate=False), create_engine(url)

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        with self.db.begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    @initialize(seed=st.integers(0, 2**16), quorum=st.sampled_from((1, 1, 2)))
    def begin(self, seed: int, quorum: int) -> None:
        self.world = World(
            store=self.store,
            sql=self.sql,
            random=random.Random(seed),  # noqa: S311 - a world that can be had again
            quorum=quorum,
        )
        for host in HOSTS:
            self.propose_and_approve(host, "everything")

    def _plan(self, number: int) -> str:
        return self.world.plans[number % len(self.world.plans)]

    def _has_plans(self) -> bool:
        return bool(self.world.plans)

    # --- what happens ---------------------------------------------------------------------------

    @rule(
        host=st.sampled_from(HOSTS),
        profile=st.sampled_from(PROFILES),
        late=st.sampled_from((False, False, True)),
    )
    def propose(self, host: str, profile: str, *, late: bool) -> None:
        self.world.propose(host, profile, late=late)

    @precondition(_has_plans)
    @rule(number=NUMBER, person=st.sampled_from(PEOPLE), approve=st.sampled_from((True, True, True, False)))
    def vote(self, number: int, person: object, *, approve: bool) -> None:
        self.world.vote(self._plan(number), person, approve=approve)  # type: ignore[arg-type] # one of PEOPLE

    @rule(host=st.sampled_from(HOSTS), profile=st.sampled_from(PROFILES))
    def propose_and_approve(self, host: str, profile: str) -> None:
        self.world.propose(host, profile)
        if self.world.plans:
            for person in PEOPLE:
                self.world.vote(self.world.plans[-1], person, approve=True)

    @rule()
    def expire(self) -> None:
        self.world.decide().expire_due()

    @rule(host=st.sampled_from(HOSTS))
    def change(self, host: str) -> None:
        self.world.change(host)

    @rule(number=NUMBER, seed=SEED)
    def run_what_can_run(self, number: int, seed: int) -> None:
        claimable = self.store.runs.claimable()
        if claimable:
            self.world.run(claimable[number % len(claimable)], acts(seed))

    @rule(number=NUMBER, seed=SEED)
    def run_again_when_time_has_passed(self, number: int, seed: int) -> None:
        self.world.time_passes()
        self.run_what_can_run(number, seed)

    @precondition(_has_plans)
    @rule(number=NUMBER)
    def run_any(self, number: int) -> None:
        self.world.run(self._plan(number), [])

    @precondition(_has_plans)
    @rule(number=NUMBER)
    def stop(self, number: int) -> None:
        self.world.stop(self._plan(number))

    @rule()
    def time_passes(self) -> None:
        self.world.time_passes()

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def one_run_a_host(self) -> None:
        running = self.sql("SELECT host FROM plan WHERE status = 'running'")
        assert len(running) == len(set(running))

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self._to_its_end()
                self._judge()
        finally:
            self.store.close()
            self.db.dispose()
            shutil.rmtree(self.folder)

    def _to_its_end(self) -> None:
        """Time passes, and processes take up what there is, until nothing is open."""
        for _ in range(100):
            self.world.time_passes()
            for plan_id in self.store.runs.claimable():
                self.world.run(plan_id, [])
            open_plans = [
                p for p in self.world.plans if self.world.state(p).status in {Status.APPROVED, Status.RUNNING}
            ]
            if not open_plans:
                return
            for plan_id in open_plans:
                self.world.stop(plan_id, resume=True)
        pytest.fail("some plans never end")

    def _judge(self) -> None:
        removed = Counter(self.world.removed)
        assert set(removed.values()) <= {1}, "nothing is removed twice"
        accounted: Counter[tuple[str, Kind, str]] = Counter()
        for plan_id in self.world.plans:
            state = self.world.state(plan_id)
            assert state.status in ENDED | {Status.PROPOSED}
            self._judge_plan(state, removed)
            accounted.update(
                (state.plan.host, i.item.kind, i.item.id) for i in state.items if i.outcome in GONE
            )
        assert set(removed) <= set(accounted), "everything that was removed is in the record of a plan"
        assert self.store.chain.verify().broken is None

    def _judge_plan(self, state: PlanState, removed: Counter[tuple[str, Kind, str]]) -> None:
        began = state.status in CLEANUP_OUTCOMES
        events = self.store.audit.events(state.plan.id)
        tags = Counter(link.event.tag for link in events)
        assert tags[Tag.CLEANUP_STARTED] == tags[Tag.CLEANUP_FINISHED] == int(began)
        ends = Counter(link.event.facts["id"] for link in events if link.event.tag is Tag.ITEM_ENDED)
        for item in state.items:
            this = (state.plan.host, item.item.kind, item.item.id)
            if not began or state.status is Status.STOPPED:
                assert item.outcome is not Outcome.REMOVING
            else:
                assert item.outcome not in OPEN
            if item.outcome is Outcome.REMOVED:
                assert removed[this] == 1, "removed is what an effect of ours removed"
            assert ends[item.item.id] == int(item.outcome not in OPEN)
            if item.outcome is Outcome.KEPT:
                self._names_are_back(state.plan.host, item.item.id, item.untagging)

    def _names_are_back(self, host: str, image: str, taken_off: tuple[str, ...]) -> None:
        universe = self.world.universes[host]
        if image not in universe.images:
            return  # somebody else removed it since
        for name in taken_off:
            assert (
                "@" in name or parse(name) in universe.references or name in self.world.untagged_by_others
            ), f"{name} was taken off an image that stayed, and not put back"


GONE = frozenset({Outcome.REMOVED, Outcome.GONE})


@contextmanager
def lives(template: Path) -> Iterator[Callable[..., None]]:
    machine = type("LivesHere", (Lives,), {"template": template})

    def run(examples: int, steps: int, *, derandomize: bool) -> None:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=derandomize,
                database=None, suppress_health_check=list(HealthCheck), print_blob=True,
            ),
        )  # fmt: skip

    yield run


def test_whatever_happens_only_what_was_approved_goes_once_and_is_accounted_for(
    sqlite_template: Path,
) -> None:
    with lives(sqlite_template) as run:
        run(often(8, 25), 12, derandomize=True)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(10))
def test_in_ten_thousand_lives_too(sqlite_template: Path, part: int) -> None:
    with lives(sqlite_template) as run:
        run(1000, 12, derandomize=False)
