"""A year of fifty hosts through the real worker, by a clock that the test moves; and replicas that die meanwhile."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.core.audit.events import Tag
from bot.core.watch.pressure.notice import Step
from bot.services.watch.alerting import TellAlerts
from bot.services.work.worker import Signals, Worker
from bot.store.opening import Store
from tests.services.watch.alerted import ALERTS, LINES, Chat, both
from tests.services.watch.sampled import GB, QUARTER, Engines, Pretended, Replica, registered
from tests.support.waiting import wait_until

HOSTS = 50
DAY = timedelta(days=1)
EMPTY, FULLEST = 50, 96
"""GB of 100 that are used after a cleanup, and at most: it grows by one a day."""


def used(host: int, day: int) -> int:
    """GB on a disk; each begins elsewhere in its saw."""
    return EMPTY + (host + day) % (FULLEST - EMPTY + 1)


def expected(days: int) -> list[tuple[int, int]]:
    """The day on which each alert opens, and that on which it is over: two looks in a row say so. ``days``: not yet."""
    found: list[tuple[int, int]] = []
    for host in range(HOSTS):
        opened: int | None = None
        for day in range(1, days):
            two = (used(host, day - 1), used(host, day))
            if opened is None and min(two) >= 90:
                opened = day
            elif opened is not None and max(two) < 80:
                found.append((opened, day))
                opened = None
        found += [] if opened is None else [(opened, days)]
    return found


@pytest.mark.parametrize("days", [10, pytest.param(365, marks=pytest.mark.long)])
def test_what_opens_is_told_again_and_ends_in_a_year_of_fifty_hosts(store: Store, days: int) -> None:
    names = [f"host-{number}" for number in range(HOSTS)]
    hosts = registered(
        names,
        every=DAY,
        alerts=replace(ALERTS, lines=replace(LINES, gap=2 * DAY, clears=timedelta(minutes=15))),
    )
    engines, chat = Engines(), Chat()
    clock = Pretended(store.ledger.now() - timedelta(days=days + 5))
    told_at = Pretended(clock.at)
    replica = Replica(store, engines, hosts, clock, foretells=False)
    ids = itertools.count(1)
    telling = TellAlerts(
        hosts=lambda: hosts, alerts=store.alerts, chat=chat, clock=told_at, owner="a",
        new_id=lambda: f"n{next(ids)}", forget_unwatched=replica.pressure.forget_unwatched,
    )  # fmt: skip
    may_tell, told = threading.Event(), threading.Event()

    def tell() -> None:
        if may_tell.is_set():
            telling()
            may_tell.clear()
            told.set()

    def sampled(times: int) -> bool:
        return engines.asked.total() == HOSTS * times and not replica.sampling._busy

    def fill(day: int) -> None:
        engines.used_on = {name: used(number, day) * GB for number, name in enumerate(names)}

    fill(0)
    worker = Worker(Signals())
    worker.every(0.02, "samples", replica.sampling)
    worker.every(0.05, "alerts", tell)
    worker.start()
    try:
        for day in range(days):
            wait_until(partial(sampled, day + 1))
            told_at.at = clock.at + timedelta(minutes=1)
            told.clear()
            may_tell.set()
            assert told.wait(60)
            fill(day + 1)
            clock.at += DAY if day + 1 < days else timedelta()
    finally:
        worker.stop()
    alerts = expected(days)
    over = [day for _, day in alerts if day < days]
    messages: dict[int, int] = {}
    for opened, ended in alerts:
        messages[opened] = max(messages.get(opened, 0), ended)
    events = Counter(link.event.tag for link in store.audit.events(""))
    assert events[Tag.ALERT_OPENED] == len(alerts) > 0
    assert events[Tag.ALERT_ENDED] == len(over) > 0
    assert set(engines.asked.values()) == {days}
    assert len(chat.posts) == len(messages), "what opens on one day is one message"
    assert chat.steps.count(Step.OVER) == len([day for day in messages.values() if day < days])
    assert chat.steps.count(Step.REPEAT) == sum(ended - opened - 1 for opened, ended in messages.items())
    assert store.chain.verify().broken is None


def _idle(replica: Replica) -> bool:
    return not replica.sampling._busy


@both
def test_replicas_that_are_killed_at_random_sample_each_host_once_an_interval_and_open_no_alert_twice(
    store: Store, open_another: Callable[[], Store]
) -> None:
    draw = random.Random(4)  # noqa: S311 - it chooses whom to kill
    names = [f"host-{number}" for number in range(20)]
    hosts = registered(names, alerts=ALERTS)
    engines, chat = Engines(used=95 * GB), Chat()
    clock = Pretended(store.ledger.now() - timedelta(days=2))
    ids = itertools.count(1)

    def begin() -> tuple[Replica, TellAlerts]:
        number = next(ids)
        replica = Replica(open_another(), engines, hosts, clock, f"replica-{number}", foretells=False)
        replica.sampling.lease = timedelta(seconds=0.1)
        telling = TellAlerts(
            hosts=lambda: hosts, alerts=replica.store.alerts, chat=chat, clock=clock, owner=replica.name,
            new_id=lambda: f"n{number}-{next(ids)}", forget_unwatched=replica.pressure.forget_unwatched,
        )  # fmt: skip
        return replica, telling

    living = [begin() for _ in range(3)]
    intervals = 6
    for _ in range(intervals * 3):
        for replica, telling in living:
            replica.look(settle=False)
            telling()
            if draw.random() < 0.2:
                replica.ending = True  # whatever it is at, it neither keeps nor leaves
        dead = [each for each in living if each[0].ending]
        for each, _ in dead:
            wait_until(partial(_idle, each))
        living = [each for each in living if not each[0].ending] + [begin() for _ in dead]
        time.sleep(0.15)  # the leases of the dead are by the database's clock
        for replica, telling in living:
            replica.look()
            telling()
        clock.at += QUARTER / 3
    counts = {name: len(store.samples.history(name)) for name in names}
    assert set(counts.values()) <= {intervals - 1, intervals, intervals + 1}
    events = [link.event for link in store.audit.events("")]
    opened = Counter(event.host for event in events if event.tag is Tag.ALERT_OPENED)
    assert opened == dict.fromkeys(names, 1)
    of = Counter(alert.host for post in store.alerts.board().noticed for alert in post.alerts)
    assert of == dict.fromkeys(names, 1), "each is in one message"
    assert len(chat.posts) == len({post.notice.id for post in chat.posts}), "each is posted once"
