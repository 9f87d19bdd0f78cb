"""What Docker does not remember."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.docker.inventory import Container, EngineInfo, Mounting
from bot.core.docker.services import Ran, Service, Use
from bot.core.docker.sightings import KnownEngine, Place, Sighting, Stream
from bot.core.docker.usage import LastLook


class Ledger(Protocol):
    """When images and volumes were seen in use, what hosts showed, and which engine each was."""

    def now(self) -> datetime:
        """The database's clock, by which all stored moments are compared. StoreUnavailableError."""
        ...

    def identify(self, host: str, engine: EngineInfo) -> KnownEngine:
        """The engine that the host is known to be: the one first seen there, which may be this one.

        StoreUnavailableError.
        """
        ...

    def known_engines(self) -> Mapping[str, KnownEngine]:
        """The engine of each host that was ever looked at. StoreUnavailableError."""
        ...

    def accept_engine(self, host: str, engine: EngineInfo, actor: str) -> None:
        """Let the host be this engine from now on, and write who said so into the audit."""
        ...

    def look(
        self, place: Place, present: Collection[str], used: Collection[str], at: datetime
    ) -> Mapping[str, Sighting]:
        """Remember that these images were there at ``at`` (the engine's clock), and which were in use.

        What is known of each since its first sight; images that are gone are forgotten. StoreUnavailableError.
        """
        ...

    def look_at_volumes(
        self, place: Place, volumes: Collection[str], containers: Sequence[Container], at: datetime
    ) -> Mapping[str, Mounting]:
        """Remember that these volumes were there at ``at``, and who mounted them; others are forgotten.

        What is known of each since its first sight. StoreUnavailableError.
        """
        ...

    def look_at_services(
        self,
        place: Place,
        seen: Mapping[tuple[Service, str], datetime],
        present: Collection[str],
        at: datetime,
    ) -> Ran:
        """Remember when each service ran each image the last time; what each ran, the latest first.

        StoreUnavailableError.
        """
        ...

    def hold_stream(self, place: Place, owner: str, lease: timedelta) -> Stream | None:
        """Hold the stream of a host's events, or go on holding it; None while another process does.

        StoreUnavailableError.
        """
        ...

    def note_uses(self, place: Place, owner: str, uses: Sequence[Use], until: datetime) -> bool:
        """Remember what a stream told up to that moment of the engine's clock; False when another holds it by now.

        StoreUnavailableError.
        """
        ...

    def release_stream(self, host: str, owner: str) -> None:
        """Let another process hold it. StoreUnavailableError."""
        ...

    def remember_look(self, host: str, look: LastLook) -> None:
        """Keep what a host showed, for whoever asks before it answers again. StoreUnavailableError."""
        ...

    def remember_looks(self, looked: Mapping[str, LastLook]) -> None:
        """The same for many hosts at once. StoreUnavailableError."""
        ...

    def last_looks(self, hosts: Collection[str]) -> Mapping[str, LastLook]:
        """What these hosts showed the last time; without those that were never looked at. StoreUnavailableError."""
        ...
