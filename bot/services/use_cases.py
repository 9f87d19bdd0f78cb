"""What people ask for, of one process, as the wiring hands it to Slack."""

from dataclasses import dataclass

from bot.services.audit.review import Review
from bot.services.decide.decide import Decide
from bot.services.decide.propose import Propose
from bot.services.look.fleet import Fleet
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.run.restore import Restore
from bot.services.run.stop import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """The services behind commands, buttons and forms."""

    rights: Rights
    planning: Planning
    propose: Propose
    decide: Decide
    stop: Stop
    restore: Restore
    review: Review
    fleet: Fleet
