"""``/system/df`` of one engine: asked once at a time, and shared by all who ask at the same moment."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from functools import partial
from http import HTTPStatus
from typing import Any, TypeAlias

from bot.core.errors import EngineRequestError, EngineTimeoutError
from bot.core.traces import carried
from bot.engines.docker.shared import Shared
from bot.engines.docker.told.decode import Answer
from bot.engines.docker.told.usage import NO_VOLUMES

DF_SECONDS = 120.0
"""A df walks the files of every volume."""
VOLUMES_SECONDS = 90.0
"""Volumes have a time limit of their own where they can be asked for apart: the rest need not wait for them."""
QUICK, QUICK_SECONDS, PING_SECONDS = 1.0, 10.0, 5.0
"""An engine that took less than the first for its last answer is asked for all of it with one request, which costs
half as much; one that does not answer within the second is asked in parts at once."""
EARLY_AFTER = 1.0
"""Seconds that the volumes may take longer than all else before that is told without them."""
DF_TRIES = 5
TYPES_SINCE = (1, 42)
VOLUMES = frozenset({"Volumes", "VolumeUsage"})
"""Where an answer tells of volumes, up to API 1.51 and from 1.52 on."""
Early: TypeAlias = Callable[[Answer], None]
"""Is given an answer without its volumes, from the thread that asks: it must be quick."""


class Df:
    """Asks for the disk usage of one engine; ``lend`` gives its client, and turns errors into HostError."""

    def __init__(
        self,
        host: str,
        lend: Callable[[], AbstractContextManager[Any]],
        *,
        volumes_seconds: float = VOLUMES_SECONDS,
    ) -> None:
        self._host = host
        self._lend = lend
        self._volumes_seconds = volumes_seconds
        self._quick = False
        self._early = threading.Lock()
        self._waiting: list[Early] = []
        self._without_volumes: Answer | None = None
        self._shared = Shared(self._whole, f"df {host}")

    def begin(self, *, fresh: bool, here: bool = False, early: Early | None = None) -> Future[Answer]:
        """Ask for the whole answer, or join who asked just now; ``fresh`` and ``here`` as of Shared.

        An engine that may take long is always asked in a thread of its own. ``early`` is called where the volumes
        take longer than all else.
        """
        if early is not None:
            with self._early:
                known = self._without_volumes
                self._waiting.append(early)
            if known is not None:
                early(known)
        return self._shared.begin(fresh=fresh, here=here and self._quick)

    def end(self, asked: Future[Answer], seconds: float = 2 * DF_SECONDS) -> Answer:
        """The answer that ``begin`` asked for; EngineTimeoutError after ``seconds``."""
        try:
            return asked.result(seconds)
        except TimeoutError as error:
            raise EngineTimeoutError(
                self._host,
                f"the engine did not count its disk usage within {seconds:g} s; it may still be at work.",
            ) from error

    def cache(self) -> Answer:
        """What the answer says of the build cache, asked for now; older engines tell everything."""
        return self._asked(["build-cache"], DF_SECONDS)

    def volumes(self) -> Answer:
        """The same of the volumes."""
        return self._asked(["volume"], self._volumes_seconds)

    def without_volumes(self, seconds: float) -> Answer | None:
        """All but the volumes, asked for now; None from an engine that would count those too."""
        return self._all_but_volumes(seconds) if self._tells_types_apart() else None

    def _whole(self) -> Answer:
        began = time.monotonic()
        try:
            if self._quick:
                try:
                    return self._asked([], QUICK_SECONDS)
                except EngineTimeoutError:
                    self._ping()  # an engine that says nothing at all is not asked for more
            return self._in_parts() if self._tells_types_apart() else self._asked([], DF_SECONDS)
        finally:
            self._quick = time.monotonic() - began < QUICK
            with self._early:
                self._waiting, self._without_volumes = [], None

    def _ping(self) -> None:
        with self._lend() as client:
            client._get(client._url("/_ping"), timeout=PING_SECONDS)  # noqa: SLF001 - the SDK's takes no time limit

    def _in_parts(self) -> Answer:
        """The volumes beside the rest, which need not wait for them."""
        with ThreadPoolExecutor(1, thread_name_prefix="df-volumes") as beside:
            volumes = beside.submit(carried(partial(self._asked, ["volume"], self._volumes_seconds)))
            without = self._all_but_volumes(DF_SECONDS)
            if not wait([volumes], EARLY_AFTER).done:
                self._tell_early(without)
            try:
                counted = volumes.result()
            except EngineTimeoutError:
                return without
        kept = {key: value for key, value in without.items() if key != NO_VOLUMES}
        return {**kept, **{key: value for key, value in counted.items() if key in VOLUMES}}

    def _all_but_volumes(self, seconds: float) -> Answer:
        rest = self._asked(["container", "image", "build-cache"], seconds)
        return {**{key: value for key, value in rest.items() if key not in VOLUMES}, NO_VOLUMES: True}

    def _tell_early(self, answer: Answer) -> None:
        with self._early:
            self._without_volumes, waiting = answer, [*self._waiting]
        for early in waiting:
            early(answer)

    def _tells_types_apart(self) -> bool:
        with self._lend() as client:
            version: str = client.api_version
        return tuple(int(part) for part in version.split(".")) >= TYPES_SINCE

    def _asked(self, types: Sequence[str], seconds: float) -> Answer:
        """Engine 20.10 answers 500 to a second df while one runs, so that is tried again, in ``seconds`` in all.

        On the containerd store 28.5 answers 404 when a snapshot goes while it counts: the same.
        """
        until = time.monotonic() + seconds
        for attempt in range(DF_TRIES):
            try:
                return self._once(types, max(PING_SECONDS, until - time.monotonic()))
            except EngineRequestError as error:
                passing = (
                    error.status == HTTPStatus.NOT_FOUND or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
                )
                if not passing or attempt == DF_TRIES - 1 or time.monotonic() > until:
                    raise
            time.sleep(0.2 * 2**attempt)
        raise AssertionError("the loop above returns or raises")

    def _once(self, types: Sequence[str], seconds: float) -> Answer:
        with self._lend() as client:
            # The SDK's df() takes no types (API 1.42, ignored by older engines), so its own helpers are used.
            answer = client._get(  # noqa: SLF001
                client._url("/system/df"),  # noqa: SLF001
                params=[("type", name) for name in types],
                timeout=seconds,
            )
            found: Answer = client._result(answer, json=True)  # noqa: SLF001
            return found
