"""Streams: what containers use between looks, told by the engines of hosts that allow it.

A stream is one request after the other, each of which waits for a bounded time and tells what happened in it; the next
one begins where the last one ended. So neither side's restart loses what the engine still remembers, and a look
never waits longer for a connection than one such request takes.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.docker.sightings import Place, changed_engine
from bot.core.errors import DeckhandError, EngineUnsupportedError
from bot.core.rules.hosts import Hosts
from bot.ports import Engines, Ledger

LOG = logging.getLogger(__name__)

TELL = timedelta(seconds=10)
"""How long one request waits; what happens is known that late."""
LEASE = timedelta(seconds=60)
"""When a process has died, another holds its streams after so long."""
MOST_STREAMS = 32
"""Streams of one process, each with a thread; other replicas hold others."""
REST = timedelta(minutes=5)
"""A host whose stream failed is left alone for so long."""
LONGEST_BACK = timedelta(hours=1)
"""How far back a stream asks after an interruption; engines remember their last 256 events."""
STREAMS_SECONDS = 5.0
"""How often it is looked for hosts without a stream."""


@dataclass(slots=True, kw_only=True)
class Streams:
    """Holds the streams that no other process holds; called from time to time."""

    hosts: Callable[[], Hosts]
    engines: Engines
    ledger: Ledger
    owner: str
    clock: Callable[[], float]
    """Seconds that never go back."""
    stopping: Callable[[], bool]
    tell: timedelta = TELL
    lease: timedelta = LEASE
    most: int = MOST_STREAMS
    _held: dict[str, threading.Thread] = field(default_factory=dict)
    _rests: dict[str, float] = field(default_factory=dict)

    def __call__(self) -> None:
        for over in [name for name, thread in self._held.items() if not thread.is_alive()]:
            del self._held[over]
        for host in self.hosts().all():
            if self.stopping() or len(self._held) >= self.most:
                return
            rests = self._rests.get(host.name, 0) > self.clock()
            if host.events and host.name not in self._held and not rests:
                thread = threading.Thread(
                    target=self._follow, args=(host.name,), name=f"events-{host.name}", daemon=True
                )
                self._held[host.name] = thread
                thread.start()

    def _follow(self, host: str) -> None:
        """Hold the stream of a host until the process ends, the host allows it no more, or something is wrong."""
        try:
            while not self.stopping() and self._allowed(host) and self.once(host):
                pass
        except DeckhandError as error:
            self._rest(host)
            if not self.stopping():
                LOG.warning("the events of %s are not followed for a while: %s", host, error)
        except Exception:
            self._rest(host)
            LOG.exception("following the events of %s failed in a way that nobody has thought of", host)
        finally:
            with suppress(DeckhandError):
                self.ledger.release_stream(host, self.owner)

    def _allowed(self, host: str) -> bool:
        found = self.hosts().by_name.get(host)
        return found is not None and found.events

    def _rest(self, host: str) -> None:
        self._rests[host] = self.clock() + REST.total_seconds()

    def once(self, host: str) -> bool:
        """One request of a stream; False when another process holds it, which is asked for again after a while."""
        engine = self.engines.connect(host)
        info = engine.info()
        changed = changed_engine(self.ledger.known_engines().get(host), host, info)
        if changed:
            raise changed
        place = Place(host, info.identity)
        held = self.ledger.hold_stream(place, self.owner, self.lease)
        if held is None:
            self._rests[host] = self.clock() + self.lease.total_seconds() / 2
            return False
        now = engine.clock()
        if now is None:
            raise EngineUnsupportedError(
                host, "the engine does not tell its time, which its events are counted by."
            )
        since = max(held.since or now, now - LONGEST_BACK)
        until = max(since, now) + self.tell
        uses = engine.uses(since, until)
        return self.ledger.note_uses(place, self.owner, uses, _whole(until))


def _whole(moment: datetime) -> datetime:
    """The engine counts in whole seconds: the one that was not over is asked for again."""
    return moment.replace(microsecond=0)
