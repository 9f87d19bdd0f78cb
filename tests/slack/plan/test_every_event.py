"""Each kind of event is written by something, and of a plan's each has a sentence for people."""

from pathlib import Path

import pytest

from bot.core.audit.events import ChainedEvent, Event, Tag
from bot.slack.plan import timeline
from tests.slack.states import MADE

BOT = Path(timeline.__file__).parents[2]
WRITERS = "".join(
    file.read_text()
    for file in sorted(
        [
            *(BOT / "services").rglob("*.py"),
            *(BOT / "store").rglob("*.py"),
            BOT / "core/audit/facts.py",
            BOT / "core/audit/alerts.py",
            BOT / "core/audit/fleets.py",
        ]
    )
    if file.name != "models.py"
)
OF_NO_PLAN = {"look", "request", "audit", "schedule", "host", "alert"}
"""What these are about is no plan, so no timeline has them; ``deckhand audit export`` does."""


@pytest.mark.parametrize("tag", Tag)
def test_an_event_is_written_and_told(tag: Tag) -> None:
    assert f"Tag.{tag.name}" in WRITERS
    if tag.split(":")[1] in OF_NO_PLAN:
        return
    event = Event(tag=tag, plan="p1", host="h", actor="U0ANN", facts={"reason": "a reason"})
    (line,) = timeline.timeline([ChainedEvent(seq=1, at=MADE, event=event, previous="", hash="")])
    assert str(tag) not in line
