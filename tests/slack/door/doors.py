"""Every door of Deckhand in Slack, as it is registered with Bolt, and what a click or a word sends through each."""

import itertools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from slack_bolt import App, BoltRequest

from bot.slack.action_ids import (
    AUDIT_ALL,
    DETAILS,
    HOME_OPEN,
    HOME_PAGE,
    HOME_REFRESH,
    LOOK,
    PICTURE,
    VOLUMES,
)
from bot.slack.audit.messages import EXPORT, PAGE
from bot.slack.look.reports import PROPOSE
from bot.slack.plan.adjusting import ADJUST_PLAN, KINDS
from bot.slack.plan.rejecting import REASON, REJECT_REASON
from bot.slack.plan.volumes import CHOICE, HOST, PICK_VOLUMES
from bot.trial.workspace import Person
from tests.slack.place import JSON, PATIENCE, Place

CHANNEL = "C0OPS"
OF_HOSTS = {PROPOSE, LOOK, DETAILS, PICTURE, VOLUMES}
OF_NOTHING = {AUDIT_ALL: "", EXPORT: "export ", PAGE: "older 2030-01-01T00:00:00.000000Z x ", HOME_PAGE: "0"}
SILENT = {HOME_OPEN, HOME_REFRESH, HOME_PAGE}
"""A Home is its own answer."""
SAYINGS = {
    "/docker-df": ("", "prod-3", "prod-3 -v", "all", "prod-*"),
    "/docker-prune": ("prod-3", "prod-3 everything", "prod-3 image=old:1", "prod-3 why old:1"),
    "/docker-audit": ("", "prod-3", "by=@ann"),
}
_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Doors:
    """What Deckhand has registered; ``knock`` sends a payload as Slack would."""

    apps: list[App] = field(default_factory=list)
    registered: list[tuple[str, str]] = field(default_factory=list)
    """Kind (``command``, ``action``, ``view``, ``event``) and name of each, a pattern by what begins so."""

    def knock(self, payload: JSON) -> None:
        answer = self.apps[-1].dispatch(BoltRequest(mode="socket_mode", body=payload))
        assert answer.status == 200, (answer.status, payload)

    def named(self, kind: str) -> Iterator[str]:
        yield from (name for each, name in self.registered if each == kind)


def watched(monkeypatch: pytest.MonkeyPatch) -> Doors:
    """The doors of every Deckhand that starts from now on."""
    doors = Doors()

    def watch(kind: str) -> None:
        register = getattr(App, kind)

        def registering(app: App, name: str | re.Pattern[str]) -> Callable[..., object]:
            if app not in doors.apps:
                doors.apps.append(app)
            told = name if isinstance(name, str) else name.pattern.removeprefix("^")
            doors.registered.append((kind, told))
            made: Callable[..., object] = register(app, name)
            return made

        monkeypatch.setattr(App, kind, registering)

    for kind in ("command", "action", "view", "event"):
        watch(kind)
    return doors


def saying(person: Person, command: str, text: str, channel: str = CHANNEL) -> JSON:
    return {
        "command": command, "text": text, "user_id": person.id, "user_name": person.name, "team_id": person.team_id,
        "channel_id": channel, "trigger_id": fresh(), "response_url": "http://127.0.0.1:9/none",
        "api_app_id": "A0DECK",
    }  # fmt: skip


def pressing(person: Person, action_id: str, value: str) -> JSON:
    return by(person, "block_actions") | {
        "channel": {"id": CHANNEL, "name": "ops"},
        "container": {"type": "message", "message_ts": "1.2", "channel_id": CHANNEL},
        "message": {"ts": "1.2"},
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value}],
        "response_url": "http://127.0.0.1:9/none",
    }


def submitting(person: Person, view: str, plan_id: str) -> JSON:
    """A form as somebody would send it who has it open."""
    metadata = f"prod-3 {CHANNEL}" if view == PICK_VOLUMES else plan_id
    kinds = {"type": "checkboxes", "selected_options": [{"value": "image"}]}
    values = {
        REJECT_REASON: {REASON: {REASON: {"type": "plain_text_input", "value": "because"}}},
        ADJUST_PLAN: {KINDS: {KINDS: kinds}},
        PICK_VOLUMES: {
            f"{CHOICE}_0": {f"{CHOICE}_0": {"type": "checkboxes", "selected_options": [{"value": "data"}]}},
            HOST: {HOST: {"type": "plain_text_input", "value": "prod-3"}},
        },
    }[view]
    about = {"id": fresh("V"), "type": "modal", "callback_id": view, "private_metadata": metadata}
    return by(person, "view_submission") | {"view": about | {"state": {"values": values}}}


def by(person: Person, kind: str) -> JSON:
    return {
        "type": kind, "team": {"id": "T0TRIAL", "domain": "deckhand-trial"}, "user": person.in_payload(),
        "api_app_id": "A0DECK", "trigger_id": fresh(), "enterprise": None,
    }  # fmt: skip


def fresh(prefix: str = "") -> str:
    return f"{prefix}{next(_numbers)}.{time.time_ns()}"


def knocks(doors: Doors, person: Person, plan_id: str) -> Iterator[tuple[str, JSON, bool]]:
    """Every word, click and form of a person, what it is called, and whether an answer in words belongs to it."""
    for command in doors.named("command"):
        for text in SAYINGS[command]:
            yield f"{command} {text}", saying(person, command, text), True
    for action in doors.named("action"):
        name = action.removesuffix(":")
        value = OF_NOTHING.get(name, "prod-3" if name in OF_HOSTS else plan_id)
        action_id = f"{action}everything" if action.endswith(":") else action
        if name == HOME_PAGE:
            action_id = f"{action}hosts"
        yield action, pressing(person, action_id, value), name not in SILENT
    for view in doors.named("view"):
        yield view, submitting(person, view, plan_id), True


def answered(place: Place, user: str) -> int:
    """How often somebody was told something that only they see."""
    return len(place.workspace.ephemerals(user)) + len(place.workspace.direct_messages(user))


def through_all(place: Place, doors: Doors, person: Person, plan_id: str) -> list[str]:
    """Knock at every door, each after the answer of the one before; the names of those without an answer."""
    without = []
    for name, payload, speaks in knocks(doors, person, plan_id):
        before = answered(place, person.id)
        doors.knock(payload)
        try:
            if speaks:
                place.workspace.wait_for(lambda: answered(place, person.id) > before, PATIENCE)  # noqa: B023 - waited for
        except TimeoutError:
            without.append(name)
    return without
