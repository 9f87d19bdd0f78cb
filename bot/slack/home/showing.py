"""Keeping Homes fresh: who has theirs open, and publishing what has changed, seldom enough for Slack.

It is all in memory, and nothing depends on it: a Home is a projection, and each click on it is checked on its own.
Of several replicas each knows those whom it served; one that publishes over a view of another's stands back.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.errors import ChatError, ChatRefusedError, StoreUnavailableError, ViewGoneError
from bot.core.plan.plan import Person
from bot.ports import Audit, Clock
from bot.services.home.gather import GatherHome, Pages
from bot.slack.chat import SlackChat
from bot.slack.home.view import digest, home_view, trouble_view
from bot.slack.kit.blocks import Block

LOG = logging.getLogger(__name__)

LOOP_SECONDS = 2.0
WATCHED = timedelta(minutes=15)
"""How long a Home is kept fresh since its person was seen on it; Slack does not say when it is left."""
EVERY = timedelta(seconds=3)
"""Of one person's Home, at most; the newest state wins."""
AFTER_A_CLICK = timedelta(seconds=20)
"""How long what a click may bring about is looked for, beyond what changes a plan: a host's new figures."""
AT_LEAST = timedelta(minutes=1)
"""Time itself changes a Home (plans expire), and so do another's looks and a new configuration."""
MOST_A_MINUTE = 60
"""Of all people's together, beside those that a person asked for: Slack takes about 100 a workspace."""
RETRY_AFTER = timedelta(seconds=5)
MINUTE = timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class _Watch:
    """One person's Home, as this process knows it."""

    person: Person
    until: datetime
    pages: Pages = Pages()  # noqa: RUF009 - frozen
    wanted: bool = True
    """Whether the person asked for it just now."""
    forced: bool = False
    """Whether it is published even when it says the same: somebody pressed Refresh, or another view stands there."""
    eager: bool = False
    """Whether the next change is shown at once: it is what a click of this person has brought about."""
    shown: str = ""
    """What was published last, as a digest."""
    seen_hash: str = ""
    """Slack's own of the same."""
    gathered_at: datetime | None = None
    seq: int = 0
    """Where the audit ended then."""
    busy_until: datetime | None = None
    not_before: datetime | None = None


@dataclass(slots=True, kw_only=True)
class HomeShow:
    """Called in a loop of its own: what Slack makes it wait for, no listener and no message waits for."""

    gather: GatherHome
    audit: Audit
    chat: SlackChat
    clock: Clock
    wake: Callable[[], None]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _watches: dict[str, _Watch] = field(default_factory=dict)
    _not_before: datetime | None = None
    _published: deque[datetime] = field(default_factory=deque)

    # --- what people do -------------------------------------------------------------------------

    def opened(self, person: Person, seen_hash: str = "") -> None:
        """Somebody opened their Home, and the view with this hash stands there."""
        with self._lock:
            watch = self._seen(person)
            watch.wanted = True
            watch.forced |= seen_hash != watch.seen_hash or not seen_hash
        self.wake()

    def refresh(self, person: Person) -> None:
        """Publish it whatever it says: that it is of this moment is an answer too."""
        with self._lock:
            watch = self._seen(person)
            watch.wanted = watch.forced = True
        self.wake()

    def turn(self, person: Person, name: str, page: int) -> None:
        """Show another page of a list; a name that is none changes nothing."""
        with self._lock:
            watch = self._seen(person)
            watch.pages = watch.pages.turned(name, page)
            watch.wanted = True
        self.wake()

    def clicked(self, person_id: str) -> None:
        """Somebody pressed a button of their Home, which may change what it says a little later."""
        with self._lock:
            watch = self._seen(Person(id=person_id))
            watch.eager, watch.busy_until = True, self.clock.now() + AFTER_A_CLICK

    def _seen(self, person: Person) -> _Watch:
        until = self.clock.now() + WATCHED
        watch = self._watches.setdefault(person.id, _Watch(person=person, until=until))
        watch.until = until
        return watch

    # --- the loop -------------------------------------------------------------------------------

    def __call__(self) -> None:
        """Publish every Home that is open and may say something else by now."""
        now = self.clock.now()
        with self._lock:
            self._watches = {name: watch for name, watch in self._watches.items() if watch.until > now}
            watches = list(self._watches.values())
        if not watches:
            return
        seq = self._seq()
        for watch in _longest_first(watches):
            for each in (*self._asked_for(), watch):  # who asks meanwhile does not wait for all the others
                if not self._pauses() and self._is_due(each, seq):
                    self._draw(each, seq)

    def _asked_for(self) -> list[_Watch]:
        with self._lock:
            return [watch for watch in self._watches.values() if watch.wanted]

    def _pauses(self) -> bool:
        """Whether Slack has asked to be left alone for a while."""
        return self._not_before is not None and self.clock.now() < self._not_before

    def _seq(self) -> int:
        try:
            return self.audit.head().seq
        except StoreUnavailableError:
            return -1  # another than before: each Home says then what is the matter

    def _is_due(self, watch: _Watch, seq: int) -> bool:
        now = self.clock.now()
        if watch.not_before is not None and now < watch.not_before:
            return False
        if watch.wanted or watch.gathered_at is None:
            return True
        if watch.eager and seq != watch.seq:
            return True
        since = now - watch.gathered_at
        busy = watch.busy_until is not None and now < watch.busy_until
        return since >= EVERY and (seq != watch.seq or busy or since >= AT_LEAST) and self._has_room(now)

    def _has_room(self, now: datetime) -> bool:
        while self._published and now - self._published[0] > MINUTE:
            self._published.popleft()
        return len(self._published) < MOST_A_MINUTE

    def _draw(self, watch: _Watch, seq: int) -> None:
        with self._lock:
            forced, pages = watch.forced, watch.pages
            wanted, watch.wanted, watch.forced = watch.wanted, False, False
            watch.eager = watch.eager and seq == watch.seq
            watch.gathered_at, watch.seq = self.clock.now(), seq
        view = self._view(watch.person, pages)
        says = digest(view)
        if says == watch.shown and not forced:
            return
        try:
            # Who asked for it gets it; else only the view that we published is replaced, not another replica's.
            seen_hash = "" if wanted else watch.seen_hash
            published = self.chat.publish_home(watch.person.id, view, seen_hash)
        except ViewGoneError:
            self._forget(watch)  # another replica has shown something since: it goes on from there
        except ChatRefusedError as refused:
            LOG.warning("the Home of %s cannot be shown: %s", watch.person.id, refused)
            self._forget(watch)
        except ChatError as error:
            LOG.info("the Home of %s waits for its next turn: %s", watch.person.id, error)
            with self._lock:
                watch.wanted, watch.forced = watch.wanted or wanted, watch.forced or forced
                watch.seq, watch.not_before = 0, self.clock.now() + RETRY_AFTER
            if error.retry_after:  # Slack counts all Homes together
                self._not_before = self.clock.now() + timedelta(seconds=error.retry_after)
        else:
            watch.shown, watch.seen_hash = says, published
            self._published.append(self.clock.now())

    def _view(self, person: Person, pages: Pages) -> Block:
        try:
            return home_view(self.gather(person, pages))
        except StoreUnavailableError as error:
            return trouble_view(error)

    def _forget(self, watch: _Watch) -> None:
        with self._lock:
            if self._watches.get(watch.person.id) is watch and not watch.wanted:
                del self._watches[watch.person.id]


def _longest_first(watches: list[_Watch]) -> Iterator[_Watch]:
    """Who asked for theirs comes first, then who has waited longest."""

    def rank(watch: _Watch) -> tuple[bool, bool, float]:
        at = watch.gathered_at
        return (not watch.wanted, at is not None, at.timestamp() if at else 0)

    yield from sorted(watches, key=rank)
