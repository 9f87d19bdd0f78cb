"""Whether registries would give images again: they are asked by the engine, which would pull them."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from bot.core.errors import EngineRequestError, HostError, InBetweenError
from bot.core.life.restoring import Pullable, RegistrySays
from bot.engines.docker.registries.logins import NO_LOGIN, Logins

SECONDS = 20.0
"""For all images of a plan: who asked for it waits."""
ANSWER_SECONDS = 8.0
THREADS = 3
"""One of a host's connections stays free for others."""
MOST_REGISTRIES = 3
"""That are asked for one image."""
REFUSALS = (401, 403, 404)
WITHOUT_LOGIN = "no basic auth credentials"
"""The engine's words where a registry demands a login and there is none; its status is that of a failed connection."""


@dataclass(frozen=True, slots=True)
class Registries:
    host: str
    lend: Callable[[], AbstractContextManager[Any]]
    """Lends the client, and translates what it raises."""
    logins: Logins

    def __call__(self, images: Mapping[str, Sequence[str]]) -> Mapping[str, RegistrySays]:
        """What they say of each image, by its id; given are its digest references. SECONDS in all."""
        until = time.monotonic() + SECONDS
        silent: dict[str, RegistrySays] = {}

        def say(references: Sequence[str]) -> RegistrySays:
            said = RegistrySays(pullable=Pullable.UNKNOWN)
            for reference in references[:MOST_REGISTRIES]:
                registry = reference.partition("/")[0]
                left = until - time.monotonic()
                if left <= 0 or said.pullable is Pullable.YES:
                    break
                said = silent.get(registry) or self._said(reference, min(left, ANSWER_SECONDS))
                if said.pullable is Pullable.UNKNOWN:  # one that does not answer is not waited for again
                    silent[registry] = said
            return said

        with ThreadPoolExecutor(THREADS, thread_name_prefix="registries") as pool:
            return dict(zip(images, pool.map(say, images.values()), strict=True))

    def _said(self, reference: str, seconds: float) -> RegistrySays:
        try:
            with self.lend() as client:
                _ask(client, reference, self.logins.header(reference), seconds)
        except InBetweenError as error:
            return RegistrySays(pullable=Pullable.UNKNOWN, why=error.message)
        except EngineRequestError as error:
            if error.status not in REFUSALS and not error.message.endswith(WITHOUT_LOGIN):
                return RegistrySays(pullable=Pullable.UNKNOWN, why=error.message)
            hint = "" if self.logins.has(reference) else f" {NO_LOGIN}"
            return RegistrySays(pullable=Pullable.REFUSED, why=f"{error.message}{hint}")
        except HostError as error:
            return RegistrySays(pullable=Pullable.UNKNOWN, why=str(error).removeprefix(f"{self.host}: "))
        return RegistrySays(pullable=Pullable.YES)


def _ask(client: Any, reference: str, login: str, seconds: float) -> None:
    """Have the engine ask the registry for an image's manifest; what it raises says that the registry has none."""
    answer = client._get(  # noqa: SLF001 - the SDK's own would send the logins of this machine
        client._url("/distribution/{0}/json", reference),  # noqa: SLF001
        headers={"X-Registry-Auth": login},
        timeout=seconds,
    )
    client._raise_for_status(answer)  # noqa: SLF001 - as above
