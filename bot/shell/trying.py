"""``deckhand try``: the unchanged bot beside a local Slack look-alike and sample engines."""

import logging
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from bot.app import Deckhand
from bot.config import toml
from bot.config.settings import Settings, load
from bot.core.docker.inventory import EngineInfo
from bot.core.docker.sightings import Place
from bot.core.docker.usage import DiskSpace
from bot.core.errors import DeckhandError, HostError
from bot.core.rules.hosts import Host, SocketAddress
from bot.core.rules.policy import Policy
from bot.engines.disk.local import LOCAL_DISK, Disk
from bot.engines.registry import DockerEngines
from bot.process import private
from bot.process.arriving import Arriving
from bot.services.watch.histories import Histories
from bot.services.watch.pressure import Pressure
from bot.shell.stored import DatabaseClock
from bot.store.opening import Store, open_store
from bot.trial import setting
from bot.trial.disk import PretendedDisk
from bot.trial.past import PASTS, WATCHED, Past, pretended
from bot.trial.sample import UNIVERSES
from bot.trial.sample.server import SampleEngine
from bot.trial.workspace.server import Workspace

LOG = logging.getLogger(__name__)
SEEN = 3
"""Of the past looks, so many were looked at for what is too full."""
REMOVAL_SECONDS = 0.3
"""Of each object on the sample host: long enough for a cleanup to be watched, and stopped."""


@contextmanager
def trial(port: int, data: Path | None = None, *, local: bool = True) -> Iterator[tuple[Workspace, Settings]]:
    """A local Slack look-alike, sample engines, and the unchanged bot connected to all of them.

    ``local``: this machine's own engine too, where there is one. ``data`` is the folder that keeps the database;
    without one it ends with the trial. DeckhandError when the port is taken.
    """
    with ExitStack() as stack:
        # A folder of its own: a unix socket's path must stay below 108 bytes.
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="deckhand-try-")))
        engines = {name: stack.enter_context(_simulated(name, scratch)) for name in setting.SIMULATED}
        hosts = {name: engine.url for name, engine in engines.items()}
        if local and _answers(setting.local_url()):
            hosts[setting.LOCAL] = setting.local_url()
        folder = data or scratch
        private.make_folder(folder)
        file = folder / "deckhand.toml"
        toml.write(file, setting.tables(hosts, folder / "deckhand.db"))
        try:
            workspace = Workspace(port=port, notice=setting.notice(hosts))
        except OSError as error:
            raise DeckhandError(f"Port {port} on 127.0.0.1 is taken; choose another with --port.") from error
        stack.enter_context(workspace)
        settings = load(
            file,
            workspace.environment,
            for_slack=True,
        )
        disk = _disks(engines)
        _watch_in_the_past(settings, disk)
        deckhand = Deckhand(settings, local_disk=disk)
        deckhand.start()
        stack.callback(deckhand.stop)
        yield workspace, settings


def _simulated(name: str, folder: Path) -> SampleEngine:
    return SampleEngine(
        socket_path=folder / f"{name}.sock", universe=UNIVERSES[name](name=name),
        removal_seconds=REMOVAL_SECONDS,
    )  # fmt: skip


def _disks(engines: Mapping[str, SampleEngine]) -> Disk:
    """The disks behind engines at unix sockets: pretended ones behind the sample engines."""
    found = {
        engine.universe.engine_id: PretendedDisk.behind(engine.universe.taken, PASTS[name].full)
        for name, engine in engines.items()
    }

    def disk(engine: EngineInfo) -> DiskSpace | None:
        return found[engine.id].space() if engine.id in found else LOCAL_DISK(engine)

    return disk


def _watch_in_the_past(settings: Settings, disk: Disk) -> None:
    """Let Deckhand have watched the sample hosts for a month, and know when images arrived there since."""
    url, hosts = settings.database_url.get_secret_value(), settings.rules.hosts
    with closing(open_store(url)) as store, closing(DockerEngines(hosts.by_name, local_disk=disk)) as engines:
        known = store.ledger.known_engines()
        histories = Histories(samples=store.samples, audit=store.audit, clock=DatabaseClock(store.ledger))
        pressure = Pressure(hosts=lambda: hosts, alerts=store.alerts, histories=histories)
        for host, past in PASTS.items():
            if host not in known:  # else it has really looked before
                _watched(host, past, engines, store, pressure)


def _watched(host: str, past: Past, engines: DockerEngines, store: Store, pressure: Pressure) -> None:
    survey = engines.connect(host).survey()
    inventory = survey.inventory
    place = Place(host, inventory.engine.identity)
    built = {each.id: each.built_at for each in inventory.images if each.built_at}
    began = inventory.taken_at - WATCHED
    engine, disk = inventory.engine.identity.key, survey.disk
    samples = pretended(past, survey.usage, disk, store.ledger.now()) if disk else ()
    store.samples.keep(host, "", engine, *samples)
    pressure.histories.foretell(host)
    for sample in samples[-SEEN:]:
        pressure.saw(host, sample, engine)
    for at in sorted({began, *(moment for moment in built.values() if moment > began)}):
        store.ledger.look(place, [image for image, moment in built.items() if moment <= at], (), at)


def _answers(url: str) -> bool:
    """Whether this machine has an engine of its own that Deckhand can work on."""
    policy = Policy(name="probe")
    host = Host(name=setting.LOCAL, address=SocketAddress(url=url), policy=policy)
    with closing(DockerEngines({setting.LOCAL: host})) as engines:
        try:
            engines.connect(setting.LOCAL).info()
        except HostError:
            return False
        return True


def this_command() -> str:
    """How this very program is called in another shell: by its name only where that finds it."""
    called = Path(sys.argv[0]).absolute()
    found = shutil.which(called.name)
    return called.name if found and Path(found).samefile(called) else shlex.quote(str(called))


def try_it(
    port: Annotated[
        int, typer.Option(help="Where the page is served, on 127.0.0.1.", min=0, max=65535)
    ] = 8765,
    data: Annotated[
        Path | None, typer.Option(help="Keep the database here; else it ends with the trial.")
    ] = None,
) -> None:
    """Try Deckhand on a local page that looks like Slack, with sample hosts."""
    ended = Arriving(signal.SIGTERM, signal.SIGINT)
    with trial(port, data) as (workspace, settings):
        LOG.info("ready: open %s and type /docker-df sample", workspace.address)
        LOG.info("in another shell: %s audit list --config %s", this_command(), settings.file)
        ended.wait()
        LOG.info("stopping")
