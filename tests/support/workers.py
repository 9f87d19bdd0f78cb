"""Processes of Deckhand without Slack, to be killed and stopped: each runs cleanups as the bot's background does."""

import json
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bot.core.audit.events import ChainedEvent
from bot.core.audit.format import Head
from bot.core.errors import StoreUnavailableError
from bot.core.life.states import MessageRef, PlanState
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from bot.engines.docker.client import EngineClient
from bot.engines.registry import DockerEngines
from bot.services.decide.decide import EXPIRE_SECONDS, Decide
from bot.services.fleets.rollout import Rollout
from bot.services.leases import LEASE, Leases
from bot.services.rules.rights import Rights
from bot.services.run.execute import Execute
from bot.services.run.starting import Starting
from bot.services.work.budget import Budget
from bot.services.work.show import Show
from bot.services.work.worker import POLL_SECONDS, Signals, Worker
from bot.store.opening import Store, open_store
from bot.trial.sample import Builder, SampleEngine, Step, Universe, server
from tests.support.people import NoGroups

OPEN = Policy(name="open", look=("*",), request=("*",), approve=("*",), stop=("*",))
WORKER = "X-Worker"
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.support.workers"])


def hosts_at(urls: Mapping[str, str]) -> Hosts:
    return Hosts({n: Host(name=n, address=SocketAddress(url=url), policy=OPEN) for n, url in urls.items()})


class UtcClock:
    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)


class Silence:
    """A channel in which nobody reads."""

    @staticmethod
    def post_plan(state: PlanState) -> MessageRef:
        return MessageRef(channel="C0", ts=state.plan.id)

    @staticmethod
    def update_plan(state: PlanState) -> None:
        """Nothing."""

    @staticmethod
    def list_plan(state: PlanState, events: Sequence[ChainedEvent]) -> None:
        """Nothing."""

    @staticmethod
    def log_plan(state: PlanState, events: Sequence[ChainedEvent]) -> None:
        """Nothing."""

    @staticmethod
    def tell_requester(state: PlanState, events: Sequence[ChainedEvent]) -> None:
        """Nothing."""

    @staticmethod
    def tell(channel: str, sentence: str) -> None:
        """Nothing."""

    @staticmethod
    def post_head(channel: str, head: Head) -> None:
        """Nothing."""


# --- a process that works -----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a worker is started with."""

    database: str
    urls: Mapping[str, str]
    lease: float = 2.0
    poll: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What runs cleanups, wired as ``bot.app`` does, but for Slack."""

    decide: Decide
    worker: Worker


def assembled(
    store: Store, urls: Mapping[str, str], lease: timedelta = LEASE, poll: float = POLL_SECONDS
) -> Parts:
    hosts, signals = hosts_at(urls), Signals()
    rights, clock = Rights(directory=NoGroups()), UtcClock()
    decide = Decide(
        hosts=lambda: hosts, rights=rights, plans=store.plans, trail=store.trail, changed=signals.changed
    )
    starting = Starting(
        hosts=lambda: hosts, rights=rights, plans=store.plans, clock=clock, changed=signals.changed
    )
    execute = Execute(
        plans=store.plans, runs=store.runs, audit=store.audit, engines=DockerEngines(hosts.by_name),
        leases=Leases(
            claims=store.runs, owner=f"worker:{os.getpid()}", ticks=time.monotonic, lease=lease
        ),
        changed=signals.changed, stopping=signals.ending, starting=starting,
        pause=signals.pause, rules=lambda _plan, _engine: lambda _item: None,
    )  # fmt: skip
    show = Show(
        plans=store.plans, messages=store.messages, audit=store.audit, chat=Silence(), clock=clock,
        budget=Budget(clock=clock),
    )  # fmt: skip
    worker = Worker(signals, poll=poll, heartbeat=lease / 6)
    worker.take_up("cleanup", execute.leases, execute)
    worker.whenever("rollouts", Rollout(fleets=store.fleets, changed=signals.changed), poll)
    worker.every(EXPIRE_SECONDS, "expiry", decide.expire_due)
    worker.whenever("messages", show, poll, at_last=True)
    return Parts(decide=decide, worker=worker)


def worker(work: Work) -> None:
    """Run cleanups until killed, or until the test's own process has gone."""
    _die_with_the_test()
    _sign_requests()
    logging.getLogger().addHandler(logging.NullHandler())  # what it warns of is what the tests do to it
    store = _opened(work.database)
    parts = assembled(store, work.urls, timedelta(seconds=work.lease), work.poll)
    parts.worker.start()
    threading.Event().wait()


def _opened(url: str) -> Store:
    until = time.monotonic() + 30
    while True:
        try:
            return open_store(url, migrate=False, for_bot=True)
        except StoreUnavailableError:
            if time.monotonic() > until:
                raise
        time.sleep(0.05)


def _die_with_the_test() -> None:
    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _sign_requests() -> None:
    """Every request of this process says whose it is."""
    send = EngineClient.send

    def signed(self: EngineClient, request: Any, **options: Any) -> Any:
        request.headers[WORKER] = str(os.getpid())
        return send(self, request, **options)

    EngineClient.send = signed  # type: ignore[method-assign] # in a process of its own


class Workers:
    """So many workers, each replaced when it is killed."""

    def __init__(self, work: Work, count: int) -> None:
        self._work = work
        self.processes = [self._started() for _ in range(count)]

    def _started(self) -> BaseProcess:
        process = FORKS.Process(target=worker, args=(self._work,), daemon=True)
        process.start()
        return process

    def kill(self, number: int) -> None:
        """SIGKILL, and another in its place."""
        self.processes[number].kill()
        self.processes[number].join()
        self.processes[number] = self._started()

    def stop(self, number: int) -> int:
        """SIGSTOP; the pid, to let it go on."""
        pid = self.processes[number].pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        return pid

    def cpu_seconds(self) -> float:
        ticks = os.sysconf("SC_CLK_TCK")
        stats = [Path(f"/proc/{process.pid}/stat").read_text() for process in self.processes]
        return sum(sum(map(int, stat.rpartition(")")[2].split()[11:13])) for stat in stats) / ticks

    def threads(self) -> list[int]:
        return [len(list(Path(f"/proc/{process.pid}/task").iterdir())) for process in self.processes]

    def close(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.kill()
            process.join()


# --- engines in a process of their own ----------------------------------------------------------


def engines(folder: Path, names: Sequence[str], containers: int, images: int, pause: float) -> None:
    """Serve a sample engine for each name at ``folder/NAME.sock``; each removal takes a moment, and is logged."""
    _die_with_the_test()
    plain = server.application
    with ExitStack() as stack:
        for name in names:
            logged = _Logged(folder / f"{name}.log", pause)
            server.application = logged.around(plain)
            universe = _furnished(name, containers, images)
            stack.enter_context(SampleEngine(socket_path=folder / f"{name}.sock", universe=universe))
        threading.Event().wait()


def _furnished(name: str, containers: int, images: int) -> Universe:
    """Stopped containers of one image that is in use, and images of two names each that nothing uses."""
    universe, old = Universe(name=name), timedelta(days=30)
    build = Builder(universe)
    build.image("base:1", steps=(Step(command="COPY base /", size=100),), age=old)
    build.container("keeps-it", "base:1", state="running", created=old)
    for number in range(containers):
        build.container(f"job-{number}", "base:1", state="exited", created=old)
    for number in range(images):
        step = Step(command=f"COPY {number} /", size=10 + number)
        build.image(f"app:{number}", f"also:{number}", steps=(step,), age=old)
    return universe


class _Logged:
    """Writes down every removal: when it began and ended, how, whose it was, and of what."""

    def __init__(self, file: Path, pause: float) -> None:
        self._file, self._pause = file.open("a", buffering=1), pause

    def around(self, plain: Any) -> Any:
        return lambda *served: self._wrapped(plain(*served))

    def _wrapped(self, app: Any) -> Any:
        async def logged(scope: Any, receive: Any, send: Any) -> None:
            if scope.get("method") != "DELETE":
                await app(scope, receive, send)
                return
            status: list[int] = []

            async def watched(message: Any) -> None:
                if "status" in message:
                    status.append(message["status"])
                await send(message)

            began = time.monotonic()
            time.sleep(self._pause)  # noqa: ASYNC251 - an engine that is busy with one removal at a time
            try:
                await app(scope, receive, watched)
            finally:
                headers = {key.decode().lower(): value.decode() for key, value in scope["headers"]}
                self._file.write(
                    json.dumps(
                        {
                            "began": began, "ended": time.monotonic(), "status": status[0] if status else 0,
                            "worker": headers.get(WORKER.lower(), ""), "path": scope["path"],
                        }
                    )
                    + "\n"
                )  # fmt: skip

        return logged


def serve_engines(
    folder: Path, names: Sequence[str], *, containers: int, images: int, pause: float
) -> tuple[BaseProcess, dict[str, str]]:
    """A process with these engines, and their URLs by name."""
    process = FORKS.Process(target=engines, args=(folder, names, containers, images, pause), daemon=True)
    process.start()
    until = time.monotonic() + 30
    while not all((folder / f"{name}.sock").exists() for name in names):
        assert time.monotonic() < until, "the engines did not start"
        time.sleep(0.02)
    return process, {name: f"unix://{folder / name}.sock" for name in names}
