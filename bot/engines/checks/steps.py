"""Trying every step on the way to an engine, to say which one fails."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, TypeAlias

from bot.core.docker.swarm import MANAGER, node_words
from bot.core.errors import DiskFullError, EngineUnavailableError, HostError
from bot.core.rules.hosts import Host, Step
from bot.core.units import human_size
from bot.engines.checks import allowed
from bot.engines.clients import Clients
from bot.engines.docker.adapter import unix_dial
from bot.engines.docker.engine import DockerEngine
from bot.engines.failures import LinkError, translated
from bot.engines.held import HeldDockerEngine, asks_for_nothing
from bot.engines.limits import Limits
from bot.engines.ssh.link import SshLink
from bot.engines.targets import Ssh, Target, Tcp, Unix, target_of
from bot.engines.tcp import connect, resolve

Trial: TypeAlias = Callable[[], str]
"""Does one step, and says what it found; what it raises says what is wrong."""


class Checks:
    """The steps to one host's engine. What it opens it closes, but for the kept connection of the host."""

    def __init__(self, clients: Clients, engine: DockerEngine, host: Host) -> None:
        self._clients = clients
        self._engine = engine
        self._host = host
        self._target: Target | None = None
        self._links: tuple[SshLink, ...] = ()

    def __call__(self) -> tuple[Step, ...]:
        """Every step up to the first that fails; those behind it are told as not tried."""
        steps: list[Step] = []
        try:
            for name, trial in self._trials():
                failed = any(step.ok is False for step in steps)
                steps.append(Step(name=name, ok=None) if failed else self._tried(name, trial))
        finally:
            for link in reversed(self._links):
                link.close()
        return tuple(steps)

    def _tried(self, name: str, trial: Trial) -> Step:
        began = time.monotonic()
        try:
            with translated(self._host.name):
                detail, ok = trial(), True
        except HostError as error:
            detail, ok = str(error).removeprefix(f"{self._host.name}: "), False
        return Step(name=name, ok=ok, detail=detail, seconds=time.monotonic() - began)

    def _trials(self) -> Iterator[tuple[str, Trial]]:
        yield "configuration", self._configured
        target = self._target
        for link in self._links:
            yield from _hop(link, "" if link is self._links[-1] else f"jump host {link.route}: ")
        if isinstance(target, Tcp):
            limits = self._clients.limits
            yield "name", partial(_named, target.host, limits)
            yield "port", partial(_reached, target.host, target.port, limits)
        else:
            yield "socket", self._dialled
        yield "engine", self._answered
        yield "rights", self._read
        yield "disk usage", lambda: f"{human_size(self._engine.disk_usage().size)} in Docker"
        yield "disk", self._measured
        yield "cleanups", self._allowed

    def _configured(self) -> str:
        self._target = target = target_of(self._host.address)
        if isinstance(target, Ssh):
            self._links = self._clients.ssh.hops(target)
            way = " → ".join(f"{link.route.user}@{link.route}" for link in self._links)
            missing = dict.fromkeys(each for link in self._links for each in link.route.missing)
            return "; ".join([way, *missing])
        return str(target)

    def _dialled(self) -> str:
        if isinstance(self._target, Ssh):
            dial = self._clients.ssh.dial(self._target, self._links[-1])
            dial().close()
            return f"through {dial.way.value}" if dial.way else ""
        if isinstance(self._target, Unix):
            unix_dial(self._target.path, self._clients.limits)().close()
        return str(self._target)

    def _answered(self) -> str:
        return f"API {self._clients.client(self._host.name).api_version}"

    def _read(self) -> str:
        events = allowed.of_events(self._lent)
        needed = [*allowed.of_a_look(self._lent), *([events] if self._host.events else [])]
        self._check(allowed.forbidden(needed), "looks and plans need")
        info = self._engine.info()
        found = f"Docker Engine {info.version} ({info.store}), id {info.id}, data root {info.data_root}"
        found += node_words(info.swarm)
        if barred := self._engine.barred():
            found = f"{found}. Plans say estimates: {barred}"
        lost = [] if self._host.events else [("uses between two looks could not be seen", events)]
        if info.swarm == MANAGER:
            lost.append(("what services need is not known, and stays", allowed.of_services(self._lent)))
        without = [
            f"{', '.join(forbidden)} is forbidden, and so {missing}"
            for missing, ask in lost
            if (forbidden := allowed.forbidden([ask]))
        ]
        return "; ".join([found, *without])

    def _allowed(self) -> str:
        with self._clients.held(self._host.name, self._engine.info().identity) as held:
            asks = tuple(asks_for_nothing(HeldDockerEngine(self._host.name, held)))
            self._check(allowed.forbidden(asks), "cleanups need")
        return f"all {len(asks)} requests that they need, each for what does not exist"

    @contextmanager
    def _lent(self) -> Iterator[Any]:
        with translated(self._host.name):
            yield self._clients.client(self._host.name)

    @staticmethod
    def _check(forbidden: Sequence[str], who: str) -> None:
        if forbidden:
            raise LinkError(
                EngineUnavailableError,
                f"something between Deckhand and the engine, a filtering proxy perhaps, forbids what {who}: "
                f"{', '.join(forbidden)}. Allow that there, or register the engine's own socket.",
            )

    def _measured(self) -> str:
        disk = self._engine.disk_space()
        if disk is None:
            return "unknown, since neither statvfs nor SFTP leads there"
        if not disk.free or disk.free_inodes == 0:
            what = "disk is full" if not disk.free else "disk has no inodes left"
            raise LinkError(
                DiskFullError,
                f"its {what} ({disk}): the engine may fail at anything that writes, removals too. Free a little by "
                "hand (old logs, package caches), then clean up with Deckhand.",
            )
        return str(disk)


def _hop(link: SshLink, where: str) -> Iterator[tuple[str, Trial]]:
    """Over one connection, as a server demands that lets in one stranger at a time (PerSourceMaxStartups)."""
    route = link.route
    if route.command is not None:
        yield f"{where}proxy command", link.reach
    elif route.jump is None:
        yield f"{where}name", partial(_named, route.host, link.limits)
        yield f"{where}port", link.reach
    yield f"{where}host key", partial(_trusted, link)
    yield f"{where}login", partial(_logged_in, link)


def _named(host: str, limits: Limits) -> str:
    return ", ".join(sorted({str(found[4][0]) for found in resolve(host, 0, limits.name)}))


def _reached(host: str, port: int, limits: Limits) -> str:
    with closing(connect(host, port, limits)) as link:
        return f"{link.getpeername()[0]}, port {port}"


def _trusted(link: SshLink) -> str:
    shown, known = link.introduction()
    shown.check(known)
    return f"{shown.fingerprint} ({shown.type})"


def _logged_in(link: SshLink) -> str:
    link.connect()
    return f"as {link.route.user}"
