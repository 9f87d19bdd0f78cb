"""What holds a fleet's rollout, by its events alone."""

from sqlmodel import Session

from bot.store.events import genuine

HELD = "held"
"""Under which an event of a fleet says why no further host begins from then on; empty: they do."""


def why_held(session: Session, fleet_id: str) -> str:
    """Why no further host of a fleet begins; empty where nothing holds it."""
    said = [link.event.facts[HELD] for link in genuine.events(session, fleet_id) if HELD in link.event.facts]
    return str(said[-1]) if said else ""
