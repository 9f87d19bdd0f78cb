"""Metrics in the field's names and units, by prometheus-client: counted as it happens, or asked for at a scrape."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    Summary,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.core.audit.events import Event, Tag
from bot.core.audit.facts import deckhand
from bot.core.errors import DeckhandError
from bot.core.life.states import Status
from bot.ports.metrics import Figures
from bot.telemetry.kept import Kept

LOOK_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
QUICK_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30)
FRESH, PATIENCE = 5.0, 5.0
"""Seconds that what was asked of the database counts, and that a scrape waits for it."""


class Registry:
    """Implements ``bot.ports.metrics.Metrics``; ``scraped`` is what a collector reads."""

    def __init__(self, ticks: Callable[[], float] = time.perf_counter) -> None:
        self._ticks = ticks
        self._all = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._all)
        self._count_work()
        self._count_outside()
        build = self._gauge("deckhand_build_info", "Which Deckhand this is.", "version")
        build.labels(deckhand()).set(1)

    def _count_work(self) -> None:
        self._looks = self._histogram(
            "deckhand_look_duration_seconds", "Looks at hosts.", LOOK_SECONDS, "outcome"
        )
        self._looks_of = Summary(
            "deckhand_host_look_duration_seconds", "Looks at each host.", ["host"], registry=self._all
        )
        self._failures_of = self._counter("deckhand_host_look_failures_total", "Looks that failed.", "host")
        self._events = self._counter("deckhand_audit_events_total", "Events that this process wrote.", "tag")
        self._cleanups = self._counter(
            "deckhand_cleanups_total", "Cleanups that this process ended.", "outcome"
        )
        self._items = self._counter(
            "deckhand_items_total", "Objects of cleanups, by what became of them.", "outcome"
        )
        self._reclaimed = self._counter(
            "deckhand_reclaimed_bytes_total", "What engines say that removals freed."
        )
        self._waiting = self._gauge("deckhand_queue_waiting", "Work that waits for its turn.", "queue")
        self._waited = self._histogram(
            "deckhand_queue_wait_seconds", "How long work waited for its turn.", QUICK_SECONDS, "queue"
        )

    def _count_outside(self) -> None:
        self._transactions = self._histogram(
            "deckhand_database_transaction_duration_seconds",
            "Transactions.",
            QUICK_SECONDS,
            "kind",
            "outcome",
        )
        self._calls = self._counter("deckhand_slack_calls_total", "Calls to Slack.", "method", "outcome")
        self._call_seconds = self._histogram(
            "deckhand_slack_call_duration_seconds", "Calls to Slack, with their pauses.", LOOK_SECONDS
        )
        self._pauses = self._counter(
            "deckhand_slack_paused_seconds_total", "Waited because Slack asked for it."
        )

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self._all)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(name, about, labels, registry=self._all)

    def _histogram(self, name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, about, labels, buckets=buckets, registry=self._all)

    # --- the port -------------------------------------------------------------------------------

    def looking(self, host: str) -> AbstractContextManager[None]:
        def ended(outcome: str, seconds: float) -> None:
            self._looks.labels(outcome).observe(seconds)
            self._looks_of.labels(host).observe(seconds)
            self._failures_of.labels(host).inc(outcome == "failed")

        return self._timed(ended)

    def doing(self, what: str) -> AbstractContextManager[None]:  # noqa: ARG002 - its parts are counted, each by itself
        return nullcontext()

    def queued(self, queue: str) -> Callable[[], None]:
        began = self._ticks()
        self._waiting.labels(queue).inc()

        def begun() -> None:
            self._waiting.labels(queue).dec()
            self._waited.labels(queue).observe(self._ticks() - began)

        return begun

    def transaction(self, kind: str) -> AbstractContextManager[None]:
        return self._timed(lambda outcome, seconds: self._transactions.labels(kind, outcome).observe(seconds))

    @contextmanager
    def _timed(self, ended: Callable[[str, float], None]) -> Iterator[None]:
        """Say how it ended, and after how many seconds."""
        began, outcome = self._ticks(), "failed"
        try:
            yield
            outcome = "ok"
        finally:
            ended(outcome, self._ticks() - began)

    def written(self, event: Event) -> None:
        self._events.labels(str(event.tag)).inc()
        facts = event.facts
        if event.tag == Tag.CLEANUP_FINISHED:
            self._cleanups.labels(str(facts.get("outcome") or "ended")).inc()
            freed = facts.get("reclaimed_bytes")
            self._reclaimed.inc(freed if isinstance(freed, int) and freed > 0 else 0)
        elif event.tag == Tag.ITEM_ENDED:
            self._items.labels(str(facts.get("outcome"))).inc()

    def called_slack(self, method: str, outcome: str, seconds: float) -> None:
        self._calls.labels(method, outcome).inc()
        self._call_seconds.observe(seconds)

    def paused_by_slack(self, seconds: float) -> None:
        self._pauses.inc(seconds)

    def watch(self, figures: Callable[[], Figures]) -> None:
        self._all.register(_Now(figures))

    # --- a scrape -------------------------------------------------------------------------------

    def scraped(self, accept: str) -> tuple[bytes, str]:
        """The answer to who accepts this, and its content type."""
        try:
            encoder, kind = choose_encoder(accept)
        except (TypeError, ValueError):  # of a version that is no number
            encoder, kind = choose_encoder("")
        return encoder(self._all), kind


class _Now(Collector):
    """What is asked for at a scrape; left out, and said so, where it cannot be had."""

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self._figures = Kept(lambda: _asked(figures), FRESH, PATIENCE)

    def describe(self) -> Iterator[Metric]:
        return iter(())  # nobody is asked before the first scrape

    def collect(self) -> Iterator[Metric]:
        found = self._figures.get()
        known = found[0] if found else None
        yield _one(
            "deckhand_figures_known",
            "Whether the database told what this scrape is to show.",
            known is not None,
        )
        if known is not None:
            yield from _of_plans(known)
            yield from _of_hosts(known)


def _asked(figures: Callable[[], Figures]) -> tuple[Figures | None]:
    try:
        return (figures(),)
    except DeckhandError:
        return (None,)


def _one(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value)


def _of_plans(now: Figures) -> Iterator[Metric]:
    counted = now.counted
    plans = GaugeMetricFamily("deckhand_plans", "Plans in the database, by state.", labels=["state"])
    for status in Status:
        plans.add_metric([str(status)], counted.plans.get(str(status), 0))
    yield plans
    yield _one("deckhand_cleanups_needing_attention", "Cleanups that wait for a person.", counted.attention)
    if counted.oldest_proposed is not None:
        yield _one(
            "deckhand_plan_oldest_waiting_timestamp_seconds", "When the plan was proposed that waits longest.",
            counted.oldest_proposed.timestamp(),
        )  # fmt: skip
    yield _one("deckhand_audit_head", "The number of the audit's last event.", counted.head)
    if counted.head_at is not None:
        yield _one(
            "deckhand_audit_head_timestamp_seconds", "When the audit's last event was written.",
            counted.head_at.timestamp(),
        )  # fmt: skip
    yield _one("deckhand_slack_connected", "Whether events of Slack can come in.", now.slack_connected)


def _of_hosts(now: Figures) -> Iterator[Metric]:
    yield _one("deckhand_hosts", "Registered hosts.", now.hosts)
    sampled = GaugeMetricFamily(
        "deckhand_host_sample_timestamp_seconds", "When each host was seen.", labels=["host"]
    )
    disk = {
        "size": GaugeMetricFamily(
            "deckhand_host_disk_size_bytes", "The disk behind the engine.", labels=["host"]
        ),
        "free": GaugeMetricFamily("deckhand_host_disk_free_bytes", "What of it is free.", labels=["host"]),
        "inodes": GaugeMetricFamily("deckhand_host_disk_inodes", "Its inodes.", labels=["host"]),
        "free_inodes": GaugeMetricFamily(
            "deckhand_host_disk_inodes_free", "Its free inodes.", labels=["host"]
        ),
    }
    kinds = ["host", "kind"]
    size = GaugeMetricFamily("deckhand_docker_size_bytes", "What Docker counts.", labels=kinds)
    reclaimable = GaugeMetricFamily("deckhand_docker_reclaimable_bytes", "Docker's own figure.", labels=kinds)
    for host, look in now.looks.items():
        sampled.add_metric([host], look.at.timestamp())
        for name, family in disk.items():
            value = getattr(look.disk, name) if look.disk else None
            if value is not None:
                family.add_metric([host], value)
        for row in look.usage.rows:
            if row.known:
                kind = row.type.lower().replace(" ", "_")
                size.add_metric([host, kind], row.size)
                reclaimable.add_metric([host, kind], row.reclaimable)
    yield from (sampled, *disk.values(), size, reclaimable)
