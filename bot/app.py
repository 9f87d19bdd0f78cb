"""The only wiring: settings to a running Deckhand."""

import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import NoReturn

from pydantic import SecretStr
from slack_bolt import App

from bot.config.reloading import Reloading
from bot.config.settings import MetricsSettings, Settings, SlackSettings, load
from bot.core import ids
from bot.core.errors import ConfigurationError
from bot.core.rules.hosts import Hosts
from bot.core.rules.rules import Rules
from bot.engines.docker.registries.logins import Logins
from bot.engines.registry import DockerEngines
from bot.ports import NO_METRICS, Clock, Figures, Metrics
from bot.process.arriving import Arriving
from bot.process.clock import SteadyClock, process_now
from bot.process.ending import Ending, gone_at_the_latest, leave
from bot.process.systemd import READY, STOPPING, Manager
from bot.services.audit.heads import PostHead
from bot.services.audit.review import Review
from bot.services.clocks import CHECK_SECONDS, Clocks
from bot.services.decide.decide import Decide
from bot.services.decide.propose import Propose
from bot.services.home.gather import GatherHome
from bot.services.look.fleet import Fleet
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.run.execute import Execute
from bot.services.run.leases import Leases
from bot.services.run.restore import Restore
from bot.services.run.standing_rules import OfRun
from bot.services.run.starting import Starting
from bot.services.run.stop import Stop
from bot.services.run.waiting_rules import LOOP_SECONDS as RULES_SECONDS
from bot.services.run.waiting_rules import WaitingRules
from bot.services.watch.reminding import LOOP_SECONDS as REMINDERS_SECONDS
from bot.services.watch.reminding import Reminding
from bot.services.watch.schedules import Schedules
from bot.services.watch.streams import STREAMS_SECONDS, Streams
from bot.services.work.background import POLL_SECONDS, Background, Signals
from bot.services.work.budget import Budget
from bot.services.work.restoring import RestoreLoop
from bot.services.work.show import Show
from bot.slack.audit.handlers import AuditHandlers
from bot.slack.audit.heads import PostedHeads
from bot.slack.chat import SlackChat
from bot.slack.client import web_client
from bot.slack.directory import SlackDirectory
from bot.slack.door.ack_first import AckFirst
from bot.slack.door.answering import Answering
from bot.slack.door.http_mode import HttpReceiver
from bot.slack.door.replying import Replies
from bot.slack.door.routing import Routing
from bot.slack.door.server import Receiver, SocketReceiver, bolt_app
from bot.slack.door.ways import Ways, lanes
from bot.slack.home.handlers import HomeHandlers
from bot.slack.home.showing import LOOP_SECONDS, HomeShow
from bot.slack.look.handlers import LookHandlers
from bot.slack.look.picture import can_draw
from bot.slack.plan.copies import Copies
from bot.slack.plan.deciding import DecisionHandlers
from bot.slack.plan.forms.handlers import FormHandlers
from bot.slack.plan.proposing import ProposalHandlers
from bot.slack.plan.showing import ShownPlans
from bot.slack.routes import Handlers, routes
from bot.slack.words import WordHandlers
from bot.store.db import revisions
from bot.store.opening import Store, open_store
from bot.telemetry.health import Health
from bot.telemetry.listener import Listener
from bot.telemetry.registry import Registry

LOG = logging.getLogger(__name__)

BOLT_THREADS = 10
HEAD_SECONDS = 20.0
"""How late the daily head of the audit may come."""


def new_id() -> str:
    return "".join(secrets.choice(ids.ALPHABET) for _ in range(ids.LENGTH))


def process_name() -> str:
    """Names this process in leases, and no other one."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """What people ask for that several handlers and loops share."""

    planning: Planning
    propose: Propose
    decide: Decide
    stop: Stop


class Deckhand:
    """A whole bot: connected by ``start``, ended in order by ``stop``."""

    def __init__(self, settings: Settings, metrics: Metrics = NO_METRICS) -> None:
        self._settings = settings
        self._metrics = metrics
        self._closing = ExitStack()
        self._ending = Ending()
        self._signals = Signals()
        self._engines: DockerEngines | None = None
        self.health = Health()

    def start(self) -> None:
        """Open the database, connect to Slack, and begin to work; DeckhandError says what is in the way."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def adopt(self, settings: Settings) -> None:
        """Go on with other hosts, policies, schedules, profiles and protection; all else stays as it is."""
        before = self._settings
        asked = settings
        settings = replace(
            asked,
            slack=before.slack,
            database_url=before.database_url,
            audit=before.audit,
            metrics=before.metrics,
            log=before.log,
        )
        if asked != settings:
            LOG.warning(
                "[slack], [database], [audit], [metrics] and [log] count from the next start on; "
                "the rest of the file counts now"
            )
        self._settings = settings
        if self._engines is not None:
            self._engines.adopt(settings.rules.hosts.by_name, Logins(settings.registries))
        LOG.info("the configuration was read again: %d hosts registered", len(settings.rules.hosts.by_name))

    def stop(self) -> None:
        """Take no new work, let running items end, and close everything, the last opened first, within a bound."""
        self.health.end()
        self._signals.end()
        self._closing.close()

    def _start(self) -> None:
        settings = self._settings
        store = open_store(
            settings.database_url.get_secret_value(), for_bot=True, audit_keys=settings.audit.keys,
            metrics=self._metrics,
        )  # fmt: skip
        self._at_the_end("database", 2, store.close)
        store.chain.begin_sealing()
        engines = self._engines = DockerEngines(
            settings.rules.hosts.by_name, settings.pins, Logins(settings.registries)
        )
        fleets = ExitStack()
        self._at_the_end("engines", 3, engines.close)
        self._at_the_end("looks at fleets", 3, fleets.close)
        token, api_url = _plain(settings.slack.bot_token), settings.slack.api_url
        client = web_client(token, api_url, metrics=self._metrics)
        directory = SlackDirectory(client)
        chat = SlackChat(client, directory.name_of)
        clock, steady = Clocks(ledger=store.ledger, process=process_now), SteadyClock()
        quick = web_client(token, api_url, patient=False, metrics=self._metrics)
        impatient = SlackChat(quick, directory.name_of)
        shown = ShownPlans(
            chat=impatient, hosts=lambda: self._settings.rules.hosts, call=settings.slack.call_approvers,
            members=directory.members,
        )  # fmt: skip
        budget = Budget(clock=steady)
        show = Show(
            plans=store.plans, messages=store.messages, audit=store.audit, chat=shown, clock=steady, budget=budget
        )  # fmt: skip
        rights = Rights(directory=directory, record=store.trail.record_refusal)
        bolt_pool = ThreadPoolExecutor(BOLT_THREADS, thread_name_prefix="bolt")
        app = bolt_app(client, _plain(settings.slack.signing_secret), bolt_pool)
        ack_first, ways = AckFirst(), Ways(lanes=lanes(self._metrics))
        replies = Replies(chat=chat, budget=budget)
        answering = Answering(replies, rights, ways, ack_first.hold)
        fleet = Fleet.opened(engines, steady, fleets, store.ledger, self._metrics)
        fleets.callback(engines.close)  # before its threads: what is still being asked then ends at once
        homes = self._homes(store, rights, impatient, clock, steady)
        uses, background = self._use_cases(store, engines, chat, rights, show=show, clock=clock)
        background.also("homes", homes, LOOP_SECONDS)
        background.also(
            "reminders",
            Reminding(
                plans=store.plans,
                trail=store.trail,
                chat=shown,
                clock=clock,
                after=settings.slack.remind_after,
            ),
            REMINDERS_SECONDS,
        )
        restore = self._restore(store, engines, rights)
        review = Review(
            hosts=lambda: self._settings.rules.hosts, rights=rights, audit=store.audit, clock=clock
        )
        proposals = ProposalHandlers(
            planning=uses.planning,
            proposals=uses.propose,
            chat=chat,
            replies=replies,
            submit=answering.submit,
            show_now=show,
        )
        looks = LookHandlers(
            hosts=lambda: self._settings.rules.hosts,
            rights=rights,
            planning=uses.planning,
            fleet=fleet,
            clock=steady,
            replies=replies,
            submit=answering.submit,
            pictures=settings.slack.pictures and can_draw(),
        )
        audits = AuditHandlers(review=review, replies=replies)
        handlers = Handlers(
            looks=looks,
            proposals=proposals,
            decisions=DecisionHandlers(
                decide=uses.decide, stopping=uses.stop, restoring=restore, chat=chat, replies=replies,
                submit=answering.submit,
            ),
            forms=FormHandlers(asking=proposals, chat=chat, submit=answering.submit),
            audits=audits,
            words=WordHandlers(looks=looks, proposals=proposals, audits=audits, replies=replies),
            homes=HomeHandlers(show=homes),
            copies=Copies(plans=store.plans, chat=chat),
        )  # fmt: skip
        Routing(routes=routes(handlers), answering=answering, pressed_at_home=handlers.homes.pressed).open(
            app
        )

        background.start()
        self._at_the_end("cleanups", 7, background.stop)
        restoring = RestoreLoop(restore, self._signals.waker())
        restoring.start()
        self._at_the_end("restoring", 3, restoring.stop)
        self._at_the_end("decisions", 4, partial(ways.close, 2))
        self._at_the_end("acknowledgements", 2, bolt_pool.shutdown)
        receiver = make_receiver(settings.slack, app, ack_first)
        receiver.start()
        self._at_the_end("connection to Slack", 7, receiver.stop)
        checks = {
            "database": lambda: revisions.behind(store.sessions),
            "slack": lambda: "" if receiver.connected() else "is not connected",
        }
        self.health.watch(checks, background.ended)
        self._metrics.watch(partial(self._figures, store, receiver))

    def _figures(self, store: Store, receiver: Receiver) -> Figures:
        """What operators are shown beside what was counted. StoreUnavailableError."""
        hosts = self._settings.rules.hosts.by_name
        return Figures(
            counted=store.plans.counted(), looks=store.ledger.last_looks(hosts.keys()), hosts=len(hosts),
            slack_connected=receiver.connected(),
        )  # fmt: skip

    def _rules(self) -> Rules:
        """Those in force."""
        return self._settings.rules

    def _at_the_end(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        """Close it when the process ends, and wait so long for it: no engine's answer holds up the end."""
        self._closing.callback(self._ending.within, name, seconds, work)

    def _homes(self, store: Store, rights: Rights, chat: SlackChat, clock: Clocks, steady: Clock) -> HomeShow:
        gather = GatherHome(
            hosts=lambda: self._settings.rules.hosts, rights=rights, plans=store.plans, timers=store.timers,
            ledger=store.ledger, audit=store.audit, clock=clock,
        )  # fmt: skip
        return HomeShow(gather=gather, audit=store.audit, chat=chat, clock=steady, wake=self._signals.changed)

    def _restore(self, store: Store, engines: DockerEngines, rights: Rights) -> Restore:
        return Restore(
            hosts=lambda: self._settings.rules.hosts, rights=rights, plans=store.plans, trail=store.trail,
            restores=store.restores, engines=engines, owner=process_name(), changed=self._signals.changed,
            stopping=self._signals.ending,
        )  # fmt: skip

    def _use_cases(  # noqa: PLR0913 - what each of them is made of
        self,
        store: Store,
        engines: DockerEngines,
        chat: SlackChat,
        rights: Rights,
        *,
        show: Show,
        clock: Clocks,
    ) -> tuple[UseCases, Background]:
        def hosts() -> Hosts:
            return self._settings.rules.hosts

        changed = self._signals.changed
        planning = Planning(
            engines=engines, ledger=store.ledger, rules=self._rules, clocks=clock, metrics=self._metrics
        )
        decide = Decide(hosts=hosts, rights=rights, plans=store.plans, trail=store.trail, changed=changed)
        execute = Execute(
            plans=store.plans, runs=store.runs, audit=store.audit, engines=engines,
            leases=Leases(runs=store.runs, ticks=time.monotonic), owner=process_name(), changed=changed,
            stopping=self._signals.ending, pause=self._signals.pause, rules=partial(OfRun, planning),
            starting=Starting(hosts=hosts, rights=rights, plans=store.plans, clock=clock, changed=changed),
        )  # fmt: skip
        propose = Propose(
            hosts=hosts, rights=rights, planning=planning, plans=store.plans, trail=store.trail, clock=clock,
            new_id=new_id, changed=changed,
        )  # fmt: skip
        schedules = Schedules(
            rules=self._rules, propose=propose, plans=store.plans,
            timers=store.timers, trail=store.trail, chat=chat, clock=clock, stopping=self._signals.ending,
        )  # fmt: skip
        stop = Stop(hosts=hosts, rights=rights, plans=store.plans, trail=store.trail, changed=changed)
        uses = UseCases(planning=planning, propose=propose, decide=decide, stop=stop)
        background = Background(self._signals, store.runs, show, decide, execute)
        background.also("schedules", schedules, POLL_SECONDS)
        waiting = WaitingRules(planning=planning, engines=engines, plans=store.plans, changed=changed)
        background.also("rules of waiting plans", waiting, RULES_SECONDS)
        background.also("clocks", clock.check, CHECK_SECONDS)
        streams = Streams(
            hosts=hosts, engines=engines, ledger=store.ledger, owner=process_name(), clock=time.monotonic,
            stopping=self._signals.ending,
        )  # fmt: skip
        background.also("events", streams, STREAMS_SECONDS)
        audit = self._settings.audit
        if audit.head_channel is not None:
            post_head = PostHead(
                trail=store.trail,
                chat=PostedHeads(chat=chat),
                clock=clock,
                channel=audit.head_channel,
                at=audit.head_at,
            )
            background.also("head of the audit", post_head, HEAD_SECONDS)
        return uses, background


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def make_receiver(slack: SlackSettings, app: App, ack_first: AckFirst) -> Receiver:
    """Socket Mode or HTTP, as the settings say."""
    if slack.mode == "http":
        return HttpReceiver(app, slack.listen, _plain(slack.signing_secret))
    return SocketReceiver(app, _plain(slack.app_token), app.client, ack_first)


def make_listener(settings: MetricsSettings, health: Health, registry: Registry) -> Listener | None:
    """What answers operators, started; ConfigurationError when the address that somebody wrote cannot be had."""
    if settings.listen is None:
        return None
    listener = Listener(settings.listen, health, registry)
    try:
        LOG.info("health and metrics: %s", listener.start())
    except ConfigurationError as error:
        if settings.wanted:
            raise
        LOG.warning("health and metrics are not answered: %s", error)
        return None
    return listener


def run(settings: Settings, arriving: Arriving) -> NoReturn:
    """Run until SIGTERM or SIGINT arrives; logs one line ``ready`` when it is connected."""
    registry, manager = Registry(), Manager()
    deckhand = Deckhand(settings, registry)
    listener = make_listener(settings.metrics, deckhand.health, registry)
    reloading = Reloading(settings.file, partial(load, settings.file, for_slack=True), deckhand.adopt)
    deckhand.start()
    reloading.start()
    LOG.info("ready: %s mode, %d hosts registered", settings.slack.mode, len(settings.rules.hosts.by_name))
    manager.tell(READY)
    manager.keep_watch(deckhand.health.dead)
    while arriving.wait() is signal.SIGHUP:
        reloading.now()
    gone_at_the_latest()
    manager.tell(STOPPING)
    LOG.info("stopping: no new work, running items end first")
    Ending().within("configuration", 2, reloading.stop)
    deckhand.stop()
    if listener is not None:
        Ending().within("listener", 2, listener.stop)
    LOG.info("stopped")
    leave()
