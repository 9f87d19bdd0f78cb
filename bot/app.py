"""The only wiring: settings to a running Deckhand."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from pydantic import SecretStr
from slack_bolt import App

from bot.config.settings import Settings, SlackSettings
from bot.core.rules.policy import Tell
from bot.core.rules.rules import Rules
from bot.engines.disk.local import LOCAL_DISK, Disk
from bot.engines.docker.registries.logins import Logins
from bot.engines.registry import DockerEngines
from bot.ports import NO_METRICS, Figures, Metrics
from bot.process.clock import SteadyClock, process_now
from bot.process.ending import Ending
from bot.process.names import new_id, process_name
from bot.services.audit.archiving import Archiving
from bot.services.audit.heads import PostHead
from bot.services.background import background
from bot.services.clocks import Clocks
from bot.services.look.fleet import Fleet
from bot.services.rules.rights import Rights
from bot.services.use_cases import Base, open_use_cases
from bot.services.work.budget import Budget
from bot.services.work.worker import Signals, Worker
from bot.slack.api import SlackApi
from bot.slack.audit.heads import PostedHeads
from bot.slack.door.ack_first import AckFirst
from bot.slack.door.answering import Answering
from bot.slack.door.http_mode import HttpReceiver
from bot.slack.door.replying import Replies
from bot.slack.door.server import Receiver, SocketReceiver, bolt_app
from bot.slack.door.ways import Ways, lanes
from bot.slack.opening import open_routes
from bot.slack.showing import open_showing
from bot.store.db import revisions
from bot.store.opening import Store, open_store
from bot.telemetry.health import Health

LOG = logging.getLogger(__name__)

BOLT_THREADS = 10
HEAD_SECONDS = 20.0
"""How late the daily head of the audit may come."""
ARCHIVE_SECONDS = 60.0
"""How long after its start, or after the month's, a process archives at the latest."""


class Deckhand:
    """A whole bot: connected by ``start``, ended in order by ``stop``."""

    def __init__(
        self, settings: Settings, metrics: Metrics = NO_METRICS, local_disk: Disk = LOCAL_DISK
    ) -> None:
        """``local_disk`` tells the disk of an engine at a unix socket."""
        self._settings, self._metrics, self._local_disk = settings, metrics, local_disk
        self._closing, self._ending, self._signals = ExitStack(), Ending(), Signals()
        self._engines: DockerEngines | None = None
        self._steady = SteadyClock()
        self.health = Health()

    def start(self) -> None:
        """Open the database, connect to Slack, and begin to work; DeckhandError says what is in the way."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def adopt(self, settings: Settings) -> None:
        """Go on with other rules: hosts, policies, schedules, profiles, protection; all else stays as it is."""
        adopted = replace(self._settings, rules=settings.rules, registries=settings.registries)
        if adopted != settings:
            LOG.warning(
                "[slack], [database], [audit], [metrics] and [log] count from the next start on; "
                "the rest of the file counts now"
            )
        self._settings = adopted  # first: they count although a connection that is closed takes its time
        if self._engines is not None:
            self._engines.adopt(adopted.rules.hosts.by_name, Logins(adopted.registries))
        LOG.info("the configuration was read again: %d hosts registered", len(adopted.rules.hosts.by_name))

    def stop(self) -> None:
        """Take no new work, let running items end, and close everything, the last opened first, within a bound."""
        self.health.end()
        self._signals.end()
        self._closing.close()

    def _rules(self) -> Rules:
        """Those in force."""
        return self._settings.rules

    def _at_the_end(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        """Close it when the process ends, and wait so long for it: no engine's answer holds up the end."""
        self._closing.callback(self._ending.within, name, seconds, work)

    def _start(self) -> None:
        settings, steady = self._settings, self._steady
        store = self._open_store()
        engines, fleet = self._open_engines(store)
        slack = SlackApi(_secret(settings.slack.bot_token), settings.slack.api_url, self._metrics)
        clock = Clocks(ledger=store.ledger, process=process_now)
        base = Base(
            store=store, engines=engines, rules=self._rules, clock=clock, signals=self._signals,
            rights=Rights(directory=slack.directory, record=store.trail.record_refusal),
            owner=process_name(), ticks=time.monotonic, metrics=self._metrics,
        )  # fmt: skip
        uses = open_use_cases(base, fleet, new_id)
        budget = Budget(clock=steady)
        showing = open_showing(
            base, uses, slack, steady=steady, budget=budget, everywhere=Tell(settings.slack.call_approvers),
            remind_after=settings.slack.remind_after, new_id=new_id,
        )  # fmt: skip
        worker = background(base, uses, slack.chat)
        showing.work_in(worker)
        self._keep_audit(worker, store, clock, PostedHeads(chat=slack.chat))

        ways, ack_first = Ways(lanes=lanes(self._metrics)), AckFirst()
        answering = Answering(Replies(chat=slack.chat, budget=budget), base.rights, ways, ack_first.hold)
        routes = open_routes(
            uses, hosts=base.hosts, homes=showing.homes, show=showing.again, chat=slack.chat,
            answering=answering, clock=steady, pictures=settings.slack.pictures, batches=store.batches,
        )  # fmt: skip
        pool = ThreadPoolExecutor(BOLT_THREADS, "bolt")
        app = bolt_app(slack.client, _secret(settings.slack.signing_secret), pool)
        routes.open(app)
        worker.start()
        self._at_the_end("cleanups", 7, worker.stop)
        self._at_the_end("decisions", 4, partial(ways.close, 2))
        self._at_the_end("acknowledgements", 2, pool.shutdown)
        receiver = make_receiver(settings.slack, app, ack_first)
        receiver.start()
        self._at_the_end("connection to Slack", 7, receiver.stop)
        self._watch(store, worker, receiver)

    def _keep_audit(self, worker: Worker, store: Store, clock: Clocks, heads: PostedHeads) -> None:
        """Post its end each day, and archive what is old, where the configuration wants that."""
        audit = self._settings.audit
        if (channel := audit.head_channel) is not None:
            head = PostHead(trail=store.trail, chat=heads, clock=clock, channel=channel, at=audit.head_at)
            worker.every(HEAD_SECONDS, "head of the audit", head)
        if (after := audit.archive_after) is not None:
            archive = store.chain.archive_monthly(audit.archive_to, process_name())
            worker.every(ARCHIVE_SECONDS, "archive", Archiving(archive=archive, clock=clock, after=after))

    def _open_store(self) -> Store:
        url, keys = self._settings.database_url.get_secret_value(), self._settings.audit.keys
        store = open_store(url, for_bot=True, audit_keys=keys, metrics=self._metrics)
        self._at_the_end("database", 2, store.close)
        store.chain.begin_sealing()
        return store

    def _open_engines(self, store: Store) -> tuple[DockerEngines, Fleet]:
        settings, fleets = self._settings, ExitStack()
        logins = Logins(settings.registries)
        engines = DockerEngines(settings.rules.hosts.by_name, settings.pins, logins, self._local_disk)
        self._engines = engines
        self._at_the_end("engines", 3, engines.close)
        self._at_the_end("looks at fleets", 3, fleets.close)
        fleet = Fleet.opened(engines, self._steady, fleets, store.ledger, self._metrics)
        fleets.callback(engines.close)  # before its threads: what is still being asked then ends at once
        return engines, fleet

    def _watch(self, store: Store, worker: Worker, receiver: Receiver) -> None:
        """Have operators told how it is."""
        checks = {
            "database": lambda: revisions.behind(store.sessions),
            "slack": lambda: "" if receiver.connected() else "is not connected",
        }
        self.health.watch(checks, worker.ended)
        self._metrics.watch(partial(self._figures, store, receiver))

    def _figures(self, store: Store, receiver: Receiver) -> Figures:
        """What operators are shown beside what was counted. StoreUnavailableError."""
        hosts = self._rules().hosts.by_name
        return Figures(
            counted=store.plans.counted(), looks=store.ledger.last_looks(hosts.keys()), hosts=len(hosts),
            slack_connected=receiver.connected(),
        )  # fmt: skip


def make_receiver(slack: SlackSettings, app: App, ack_first: AckFirst) -> Receiver:
    """Socket Mode or HTTP, as the settings say."""
    if slack.mode == "http":
        return HttpReceiver(app, slack.listen, _secret(slack.signing_secret))
    return SocketReceiver(app, _secret(slack.app_token), app.client, ack_first)


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""
