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
from bot.core.rules.hosts import Hosts
from bot.core.rules.rules import Rules
from bot.engines.docker.registries.logins import Logins
from bot.engines.registry import DockerEngines
from bot.ports import NO_METRICS, Figures, Metrics
from bot.process.clock import SteadyClock, process_now
from bot.process.ending import Ending
from bot.process.names import new_id, process_name
from bot.services.audit.heads import PostHead
from bot.services.audit.review import Review
from bot.services.clocks import CHECK_SECONDS, Clocks
from bot.services.decide.decide import EXPIRE_SECONDS, Decide
from bot.services.decide.propose import Propose
from bot.services.home.gather import GatherHome
from bot.services.leases import Leases
from bot.services.look.fleet import Fleet
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.run.execute import Execute
from bot.services.run.restore import SILENCE, Restore
from bot.services.run.standing_rules import OfRun
from bot.services.run.starting import Starting
from bot.services.run.stop import Stop
from bot.services.run.waiting_rules import LOOP_SECONDS as RULES_SECONDS
from bot.services.run.waiting_rules import WaitingRules
from bot.services.use_cases import UseCases
from bot.services.watch.reminding import LOOP_SECONDS as REMINDERS_SECONDS
from bot.services.watch.reminding import Reminding
from bot.services.watch.schedules import Schedules
from bot.services.watch.streams import STREAMS_SECONDS, Streams
from bot.services.work.budget import Budget
from bot.services.work.show import Show
from bot.services.work.worker import PATIENCE, POLL_SECONDS, Signals, Worker
from bot.slack.audit.heads import PostedHeads
from bot.slack.chat import SlackChat
from bot.slack.client import web_client
from bot.slack.directory import SlackDirectory
from bot.slack.door.ack_first import AckFirst
from bot.slack.door.answering import Answering
from bot.slack.door.http_mode import HttpReceiver
from bot.slack.door.replying import Replies
from bot.slack.door.server import Receiver, SocketReceiver, bolt_app
from bot.slack.door.ways import Ways, lanes
from bot.slack.home.showing import LOOP_SECONDS as HOME_SECONDS
from bot.slack.home.showing import HomeShow
from bot.slack.opening import open_routes
from bot.slack.plan.showing import ShownPlans
from bot.store.db import revisions
from bot.store.opening import Store, open_store
from bot.telemetry.health import Health

LOG = logging.getLogger(__name__)

BOLT_THREADS = 10
HEAD_SECONDS = 20.0
"""How late the daily head of the audit may come."""


class Deckhand:
    """A whole bot: connected by ``start``, ended in order by ``stop``."""

    def __init__(self, settings: Settings, metrics: Metrics = NO_METRICS) -> None:
        self._settings, self._metrics = settings, metrics
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
        self._settings = (
            adopted  # first: they count although a connection that is to be closed takes its time
        )
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

    def _hosts(self) -> Hosts:
        return self._settings.rules.hosts

    def _at_the_end(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        """Close it when the process ends, and wait so long for it: no engine's answer holds up the end."""
        self._closing.callback(self._ending.within, name, seconds, work)

    def _start(self) -> None:
        settings, fleets = self._settings, ExitStack()
        store = open_store(
            settings.database_url.get_secret_value(), for_bot=True, audit_keys=settings.audit.keys,
            metrics=self._metrics,
        )  # fmt: skip
        self._at_the_end("database", 2, store.close)
        store.chain.begin_sealing()
        engines = self._engines = DockerEngines(
            self._hosts().by_name, settings.pins, Logins(settings.registries)
        )
        self._at_the_end("engines", 3, engines.close)
        self._at_the_end("looks at fleets", 3, fleets.close)
        fleet = Fleet.opened(engines, self._steady, fleets, store.ledger, self._metrics)
        fleets.callback(engines.close)  # before its threads: what is still being asked then ends at once

        token, api_url = _secret(settings.slack.bot_token), settings.slack.api_url
        client = web_client(token, api_url, metrics=self._metrics)
        quick = web_client(token, api_url, patient=False, metrics=self._metrics)
        directory = SlackDirectory(client)
        chat, impatient = SlackChat(client, directory.name_of), SlackChat(quick, directory.name_of)
        pool, ack_first = ThreadPoolExecutor(BOLT_THREADS, "bolt"), AckFirst()
        ways = Ways(lanes=lanes(self._metrics))
        app = bolt_app(client, _secret(settings.slack.signing_secret), pool)
        shown = ShownPlans(
            chat=impatient, hosts=self._hosts, call=settings.slack.call_approvers, members=directory.members
        )
        rights = Rights(directory=directory, record=store.trail.record_refusal)
        clock = Clocks(ledger=store.ledger, process=process_now)
        uses = self._use_cases(store, engines, rights, clock, fleet)
        budget = Budget(clock=self._steady)
        show = Show(
            plans=store.plans, messages=store.messages, audit=store.audit, chat=shown, clock=self._steady,
            budget=budget,
        )  # fmt: skip
        homes = self._homes(store, rights, impatient, clock)
        worker = self._worker(store, engines, uses, chat, shown, clock)
        worker.whenever("messages", show, POLL_SECONDS, at_last=True)
        worker.whenever("homes", homes, HOME_SECONDS)
        answering = Answering(Replies(chat=chat, budget=budget), rights, ways, ack_first.hold)
        open_routes(
            uses, hosts=self._hosts, homes=homes, show=show, chat=chat, answering=answering,
            clock=self._steady, pictures=settings.slack.pictures,
        ).open(app)  # fmt: skip

        worker.start()
        self._at_the_end("cleanups", 7, worker.stop)
        self._at_the_end("decisions", 4, partial(ways.close, 2))
        self._at_the_end("acknowledgements", 2, pool.shutdown)
        receiver = make_receiver(settings.slack, app, ack_first)
        receiver.start()
        self._at_the_end("connection to Slack", 7, receiver.stop)
        checks = {
            "database": lambda: revisions.behind(store.sessions),
            "slack": lambda: "" if receiver.connected() else "is not connected",
        }
        self.health.watch(checks, worker.ended)
        self._metrics.watch(partial(self._figures, store, receiver))

    def _figures(self, store: Store, receiver: Receiver) -> Figures:
        """What operators are shown beside what was counted. StoreUnavailableError."""
        hosts = self._hosts().by_name
        return Figures(
            counted=store.plans.counted(), looks=store.ledger.last_looks(hosts.keys()), hosts=len(hosts),
            slack_connected=receiver.connected(),
        )  # fmt: skip

    def _use_cases(
        self, store: Store, engines: DockerEngines, rights: Rights, clock: Clocks, fleet: Fleet
    ) -> UseCases:
        hosts, plans, trail, changed = self._hosts, store.plans, store.trail, self._signals.changed
        planning = Planning(
            engines=engines, ledger=store.ledger, rules=self._rules, clocks=clock, metrics=self._metrics
        )
        leases = Leases(claims=store.restores, owner=process_name(), ticks=time.monotonic, silence=SILENCE)
        return UseCases(
            rights=rights, planning=planning, fleet=fleet,
            propose=Propose(
                hosts=hosts, rights=rights, planning=planning, plans=plans, trail=trail, clock=clock,
                new_id=new_id, changed=changed,
            ),
            decide=Decide(hosts=hosts, rights=rights, plans=plans, trail=trail, changed=changed),
            stop=Stop(hosts=hosts, rights=rights, plans=plans, trail=trail, changed=changed),
            restore=Restore(
                hosts=hosts, rights=rights, plans=plans, trail=trail, changed=changed,
                restores=store.restores, engines=engines, leases=leases, stopping=self._signals.ending,
            ),
            review=Review(hosts=hosts, rights=rights, audit=store.audit, clock=clock),
        )  # fmt: skip

    def _worker(  # noqa: PLR0913, PLR0917 - what its work is made of
        self, store: Store, engines: DockerEngines, uses: UseCases, chat: SlackChat, shown: ShownPlans,
        clock: Clocks,
    ) -> Worker:  # fmt: skip
        """What happens without a click."""
        signals, audit, worker = self._signals, self._settings.audit, Worker(self._signals)
        starting = Starting(
            hosts=self._hosts, rights=uses.rights, plans=store.plans, clock=clock, changed=signals.changed
        )
        execute = Execute(
            plans=store.plans, runs=store.runs, audit=store.audit, engines=engines,
            leases=Leases(claims=store.runs, owner=process_name(), ticks=time.monotonic),
            changed=signals.changed, stopping=signals.ending, pause=signals.pause, starting=starting,
            rules=partial(OfRun, uses.planning),
        )  # fmt: skip
        worker.take_up("cleanup", execute.leases, execute)
        worker.take_up("restore", uses.restore.leases, uses.restore, PATIENCE)
        worker.every(EXPIRE_SECONDS, "expiry", uses.decide.expire_due)
        schedules = Schedules(
            rules=self._rules, propose=uses.propose, plans=store.plans, timers=store.timers,
            trail=store.trail, chat=chat, clock=clock, stopping=signals.ending,
        )  # fmt: skip
        worker.every(POLL_SECONDS, "schedules", schedules)
        waiting = WaitingRules(
            planning=uses.planning, engines=engines, plans=store.plans, changed=signals.changed
        )
        worker.every(RULES_SECONDS, "rules of waiting plans", waiting)
        reminding = Reminding(
            plans=store.plans, trail=store.trail, chat=shown, clock=clock,
            after=self._settings.slack.remind_after,
        )  # fmt: skip
        worker.every(REMINDERS_SECONDS, "reminders", reminding)
        worker.every(CHECK_SECONDS, "clocks", clock.check)
        streams = Streams(
            hosts=self._hosts, engines=engines, ledger=store.ledger, owner=process_name(), clock=time.monotonic,
            stopping=signals.ending,
        )  # fmt: skip
        worker.every(STREAMS_SECONDS, "events", streams)
        if audit.head_channel is not None:
            head = PostHead(
                trail=store.trail, chat=PostedHeads(chat=chat), clock=clock, channel=audit.head_channel,
                at=audit.head_at,
            )  # fmt: skip
            worker.every(HEAD_SECONDS, "head of the audit", head)
        return worker

    def _homes(self, store: Store, rights: Rights, chat: SlackChat, clock: Clocks) -> HomeShow:
        gather = GatherHome(
            hosts=self._hosts, rights=rights, plans=store.plans, timers=store.timers, ledger=store.ledger,
            audit=store.audit, clock=clock,
        )  # fmt: skip
        return HomeShow(
            gather=gather, audit=store.audit, chat=chat, clock=self._steady, wake=self._signals.changed
        )


def make_receiver(slack: SlackSettings, app: App, ack_first: AckFirst) -> Receiver:
    """Socket Mode or HTTP, as the settings say."""
    if slack.mode == "http":
        return HttpReceiver(app, slack.listen, _secret(slack.signing_secret))
    return SocketReceiver(app, _secret(slack.app_token), app.client, ack_first)


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""
