"""The form that lets alerts sleep. Pure: alerts to a modal, and a submitted one to what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.watch.pressure.alert import Alert
from bot.slack.action_ids import SNOOZE_ALERT
from bot.slack.alerts.words import WHY_LIMIT, headline
from bot.slack.kit.blocks import Block, field, modal, option, section, submitted, typed
from bot.slack.kit.text import clip, escape, plural

HOW_LONG, WHY = "how_long", "why"
"""Block ids and action ids of its fields."""
WAKE = "wake"
_CHOICES = {
    "1": "For 1 hour", "8": "For 8 hours", "tomorrow": "Until tomorrow, 9:00", "over": "Until it is over",
}  # fmt: skip
NAMED = 10
_MEANWHILE = "Nobody is told of it meanwhile, unless it gets worse. The message stays up to date."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody chose."""

    hours: float | None = None
    tomorrow: bool = False
    wake: bool = False
    why: str = ""


def snooze_form(notice: str, place: str, alerts: Sequence[Alert]) -> Block:
    """The modal; ``place`` is the channel in which it was asked for."""
    options = [option(label, value) for value, label in _CHOICES.items()]
    if any(alert.snoozed for alert in alerts):
        options.append(option("Not any more: tell it again", WAKE))
    named = "\n".join(f"• {escape(headline(alert))}" for alert in alerts[:NAMED])
    more = f"\nand {plural(len(alerts) - NAMED, 'host')} more" if len(alerts) > NAMED else ""
    why: Block = {"type": "plain_text_input", "max_length": WHY_LIMIT}
    return modal(
        SNOOZE_ALERT, "Snooze",
        [
            section(f"{named}{more}\n{_MEANWHILE}"),
            field(HOW_LONG, "How long", {"type": "static_select", "options": options, "initial_option": options[0]}),
            field(WHY, "Why", why, hint="Everyone reads it in the message.", optional=True),
        ],
        submit="Snooze", metadata=f"{notice} {place}".strip(),
    )  # fmt: skip


def wanted_in(view: Mapping[str, Any]) -> Wanted:
    """What was chosen in a submitted form; an hour where that is not known."""
    value = str((submitted(view, HOW_LONG).get("selected_option") or {}).get("value") or "1")
    why = clip(" ".join(typed(view, WHY).split()), WHY_LIMIT)
    if value == WAKE:
        return Wanted(wake=True)
    if value == "tomorrow":
        return Wanted(tomorrow=True, why=why)
    return Wanted(hours=None if value == "over" else 8 if value == "8" else 1, why=why)
