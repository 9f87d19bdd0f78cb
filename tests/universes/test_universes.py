"""What plans say they free against what leaves the disk, on engines made at random, with the engine's own store."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.core.docker.inventory import Inventory
from bot.core.life.states import Outcome
from bot.core.plan.arguments import narrowed, parse_arguments
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from bot.core.rules.hosts import Host, SocketAddress
from bot.core.rules.policy import Policy
from bot.engines.clients import Clients
from bot.engines.held import HeldDockerEngine
from tests.support.lying.holding import unproven
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.registry import PrivateRegistry, private_registry
from tests.universes import truth
from tests.universes.lives import Life
from tests.universes.making import Maker
from tests.universes.removing import removed

FEW, MANY = 12, 300
HOST = "prod-3"
REQUESTS = ("everything", "everything", "everything only=images", "everything only=cache", "everything only=containers",
            "everything only=containers,images", "system", "everything only=images,cache", "volumes")  # fmt: skip
MAKERS = {"acts": Maker, "lives": Life}
"""Two hands: each makes other universes of one seed."""
PLANS_EACH = 2
SETTLE_SECONDS = 1.0
"""A build that has ended lets go of its records a moment later: they would count as used since the plan."""


@pytest.fixture(scope="module")
def registry() -> Iterator[PrivateRegistry]:
    with private_registry() as started:
        yield started


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    seed: int
    request: str
    plan: Draft
    freed: int
    reclaimed: int
    not_removed: int

    @property
    def right(self) -> bool:
        frees = self.plan.frees
        return frees.low <= self.freed and (self.freed <= frees.high or "a lower bound" in frees.why)

    @property
    def width(self) -> float:
        frees = self.plan.frees
        return (frees.high - frees.low) / frees.high if frees.high else 0

    def __str__(self) -> str:
        frees = self.plan.frees
        said = f"exactly {frees.high}" if frees.exact else f"{frees.low} to {frees.high} ({frees.why})"
        return (
            f"seed {self.seed}, {self.request}: {said}, freed {self.freed}, reported {self.reclaimed}, "
            f"{self.not_removed} of {len(self.plan.items)} not removed"
        )


def planned(inventory: Inventory, request: str, protection: Protection) -> Draft:
    arguments = parse_arguments(request.split())
    profile = narrowed(BUILT_IN[arguments.profile or "routine"], arguments)
    return draft(Measured.of(inventory), profile, protection)


def protection(random: Random) -> Protection:
    """Half of the time nothing, else what has one of two tags; images without a name may go at once."""
    return Protection(dangling_min_age=timedelta(), images=random.choice(((), (), ("*:1",), ("*:2",))))


def results(
    engine: PrivateEngine, registry: PrivateRegistry, seed: int, maker: type[Maker | Life] = Maker
) -> Iterator[Result]:
    random = Random(seed)  # noqa: S311 - nothing is secret here
    engine.empty()
    maker(engine, random, registry.address).universe()
    time.sleep(SETTLE_SECONDS)
    host = Host(name=HOST, address=SocketAddress(url=engine.url), policy=Policy(name="default"))
    clients = Clients({HOST: host})
    try:
        held = HeldDockerEngine(HOST, unproven(lambda: clients.client(HOST)))
        for _ in range(PLANS_EACH):
            request = random.choice(REQUESTS)
            plan = planned(held.survey().inventory, request, protection(random))
            held.collect()  # what builds left held for minutes is nobody's, and no part of any plan
            before = truth.things(engine)
            ended = removed(held, plan)
            freed = truth.freed(before, truth.things(engine))
            stayed = [state for state in ended if state.outcome is not Outcome.REMOVED]
            yield Result(
                seed=seed, request=request, plan=plan, freed=freed, reclaimed=sum(s.bytes for s in ended),
                not_removed=len(stayed),
            )  # fmt: skip
    finally:
        clients.close()


def table(found: list[Result], engine: PrivateEngine) -> str:
    """One line of figures, and every plan that was wrong."""
    told = [one for one in found if one.plan.items and not one.not_removed]
    exact = [one for one in told if one.plan.frees.exact]
    ranges = [one for one in told if not one.plan.frees.exact]
    widths = sorted(one.width for one in ranges)
    store = "containerd" if engine.containerd_store else "overlay2"
    right, hits = sum(one.right for one in exact), sum(one.right for one in ranges)
    width = widths[len(widths) // 2] if widths else 0
    lines = [
        f"Docker {'.'.join(map(str, engine.version))} {store}: {len({one.seed for one in found})} universes",
        f"{len(told)} of {len(found)} plans took something, and all of it went: {len(exact)} exact, {right} right",
        f"{len(ranges)} ranges, median width {width:.1%}, {hits} right",
        f"{sum(one.reclaimed == one.freed for one in told)} reported what went",
        *(f"  wrong: {one}" for one in told if not one.right),
        *(f"  range: {one}" for one in ranges if one.right),
        *(f"  reported otherwise: {one}" for one in told if one.right and one.reclaimed != one.freed),
        *(f"  not removed: {one}" for one in found if one.not_removed),
    ]
    return "\n".join(lines)


def check(engine: PrivateEngine, registry: PrivateRegistry, maker: str, seeds: range) -> None:
    found = [result for seed in seeds for result in results(engine, registry, seed, MAKERS[maker])]
    text = table(found, engine)
    if path := os.environ.get("DECKHAND_TEST_TABLE"):
        with Path(path).open("a") as file:
            file.write(f"{maker}: {text}\n")
    wrong = [one for one in found if not one.right and not one.not_removed]
    assert not wrong, text


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.timeout(1200)
def test_what_plans_on_random_engines_say_is_what_leaves_the_disk(
    engine: PrivateEngine, registry: PrivateRegistry, maker: str
) -> None:
    check(engine, registry, maker, range(FEW))


@pytest.mark.long
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.timeout(3 * 3600)
def test_what_plans_on_very_many_random_engines_say_is_what_leaves_the_disk(
    engine: PrivateEngine, registry: PrivateRegistry, maker: str
) -> None:
    check(engine, registry, maker, range(1_000, 1_000 + MANY))
