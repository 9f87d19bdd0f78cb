"""Clocks: the database's, by which every stored moment is compared, and who else's is far from it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.clocks import APART, ahead, disagreement
from bot.ports import Ledger

LOG = logging.getLogger(__name__)

CHECK_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Implements ``bot.ports.Clock`` with the database's clock: the same for all replicas, whatever theirs say.

    Whose clock is far from it is logged, once until that changes.
    """

    ledger: Ledger
    process: Callable[[], datetime]
    """This machine's clock, which is compared and nothing else."""
    _said: dict[str, timedelta] = field(default_factory=dict)

    def now(self) -> datetime:
        """StoreUnavailableError when the database cannot be asked."""
        moment, _ = self._asked()
        return moment

    def own(self) -> str | None:
        """What there is to say of this machine's own clock. StoreUnavailableError."""
        _, sentence = self._asked()
        return sentence

    def check(self) -> None:
        """Call it now and then, so that the log has it even where nothing is asked. StoreUnavailableError."""
        self._asked()

    def of_engine(self, host: str, shown: datetime, began: datetime) -> str | None:
        """What there is to say of an engine whose clock showed ``shown`` between ``began`` and now."""
        by = ahead(shown, began, self.now())
        return self._told(host, by, disagreement(f"{host}'s engine", by))

    def _asked(self) -> tuple[datetime, str | None]:
        began = self.process()
        moment = self.ledger.now()
        by = -ahead(moment, began, self.process())
        return moment, self._told("", by, disagreement("the machine that Deckhand runs on", by))

    def _told(self, whose: str, by: timedelta, sentence: str | None) -> str | None:
        """Log it when the clock is another ``APART`` away from where it was when it was logged last."""
        if abs(by - self._said.get(whose, timedelta())) > APART:
            self._said[whose] = by if sentence else timedelta()
            LOG.warning(
                "%s", sentence or f"The clock of {whose or 'this machine'} agrees with the database's again."
            )
        return sentence
