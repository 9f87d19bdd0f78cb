"""Every door of Deckhand in Slack, as it is registered with Bolt, and what a click or a word sends through each."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from slack_bolt import App, BoltRequest

from bot.core.life.states import PlanState
from bot.slack.action_ids import (
    ADJUST_PLAN,
    APPROVE_PLAN,
    ASK_HOST,
    ASK_PLAN,
    AUDIT_ALL,
    AUDIT_EXPORT,
    AUDIT_PAGE,
    DETAILS,
    FLEET_ADJUST_PLAN,
    FLEET_REJECT_REASON,
    HAND_PLAN,
    HISTORY,
    HOME_OPEN,
    HOME_PAGE,
    HOME_REFRESH,
    HOME_TOLD,
    LOOK,
    PICK_VOLUMES,
    PICTURE,
    PROPOSE,
    PROPOSE_OTHER,
    REJECT_REASON,
    VOLUMES,
    WHY_FULL,
)
from bot.slack.door.routing import Act, Route, Routing
from bot.slack.fleet.forms import LEAVE_OUT
from bot.slack.plan.asking.form import NARROW, PROFILE
from bot.slack.plan.forms.adjusting import KINDS
from bot.slack.plan.forms.handing import WHOM
from bot.slack.plan.forms.rejecting import REASON
from bot.slack.plan.forms.volumes import CHOICE, HOST
from bot.trial.workspace import Person
from tests.slack.place import JSON, PATIENCE, Place

CHANNEL = "C0OPS"
OF_HOSTS = {ASK_HOST, PROPOSE, LOOK, DETAILS, PICTURE, HISTORY, WHY_FULL, VOLUMES}
OF_NOTHING = {
    AUDIT_ALL: "",
    AUDIT_EXPORT: "export ",
    AUDIT_PAGE: "older 2030-01-01T00:00:00.000000Z x ",
    HOME_PAGE: "0",
    HOME_TOLD: "direct",
}
SILENT = {HOME_OPEN, HOME_REFRESH, HOME_PAGE, HOME_TOLD}
"""A Home is its own answer."""
IN_THE_FORM = {ASK_PLAN}
"""Forms in which stands what is wrong with them."""
SAYINGS = {
    "/docker-df": ("", "prod-3", "prod-3 -v", "prod-3 history", "prod-3 why-full", "all", "prod-*"),
    "/docker-prune": ("prod-3", "prod-3 everything", "prod-3 image=old:1", "prod-3 why old:1"),
    "/docker-audit": ("", "prod-3", "by=@ann"),
}
_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Deckhand's table, as it was opened to Bolt; ``knock`` sends a payload as Slack would."""

    apps: list[App] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)

    def knock(self, payload: JSON) -> None:
        answer = self.apps[-1].dispatch(BoltRequest(mode="socket_mode", body=payload))
        assert answer.status == 200, (answer.status, payload)

    def named(self, act: Act) -> Iterator[str]:
        yield from (route.name for route in self.routes if route.act is act)


def watched(monkeypatch: pytest.MonkeyPatch) -> Doors:
    """The doors of the Deckhand that starts from now on."""
    doors = Doors()
    opened = Routing.open

    def opening(routing: Routing, app: App) -> None:
        doors.apps.append(app)
        doors.routes.extend(routing.routes)
        opened(routing, app)

    monkeypatch.setattr(Routing, "open", opening)
    return doors


def saying(person: Person, command: str, text: str, channel: str = CHANNEL) -> JSON:
    return {
        "command": command, "text": text, "user_id": person.id, "user_name": person.name, "team_id": person.team_id,
        "channel_id": channel, "trigger_id": fresh(), "response_url": "http://127.0.0.1:9/none",
        "api_app_id": "A0DECK",
    }  # fmt: skip


def pressing(person: Person, action_id: str, value: str, ts: str = "1.2") -> JSON:
    return by(person, "block_actions") | {
        "channel": {"id": CHANNEL, "name": "ops"},
        "container": {"type": "message", "message_ts": ts, "channel_id": CHANNEL},
        "message": {"ts": ts},
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value}],
        "response_url": "http://127.0.0.1:9/none",
    }


def submitting(person: Person, view: str, plan_id: str) -> JSON:
    """A form as somebody would send it who has it open."""
    metadata = {PICK_VOLUMES: f"prod-3 {CHANNEL}", ASK_PLAN: f"{ASK_PLAN} {CHANNEL}"}.get(view, plan_id)
    kinds = {"type": "checkboxes", "selected_options": [{"value": "image"}]}
    values = {
        REJECT_REASON: {REASON: {REASON: {"type": "plain_text_input", "value": "because"}}},
        ADJUST_PLAN: {KINDS: {KINDS: kinds}},
        APPROVE_PLAN: {},
        FLEET_REJECT_REASON: {REASON: {REASON: {"type": "plain_text_input", "value": "because"}}},
        FLEET_ADJUST_PLAN: {
            LEAVE_OUT: {LEAVE_OUT: {"type": "checkboxes", "selected_options": [{"value": "prod-3"}]}},
        },
        HAND_PLAN: {WHOM: {WHOM: {"type": "users_select", "selected_user": "U0CYD"}}},
        ASK_PLAN: {
            ASK_HOST: {ASK_HOST: {"type": "external_select", "selected_option": {"value": "prod-3"}}},
            PROFILE: {PROFILE: {"type": "static_select", "selected_option": {"value": "system"}}},
            NARROW: {NARROW: {"type": "plain_text_input", "value": None}},
        },
        PICK_VOLUMES: {
            f"{CHOICE}_0": {f"{CHOICE}_0": {"type": "checkboxes", "selected_options": [{"value": "data"}]}},
            HOST: {HOST: {"type": "plain_text_input", "value": "prod-3"}},
        },
    }.get(view, {})  # the others have no fields
    about = {"id": fresh("V"), "type": "modal", "callback_id": view, "private_metadata": metadata}
    return by(person, "view_submission") | {"view": about | {"state": {"values": values}}}


def choosing(person: Person, callback_id: str, kind: str) -> JSON:
    """A shortcut: the global one, or that of a message in a thread."""
    about = by(person, kind) | {"callback_id": callback_id, "action_ts": "1.3"}
    if kind == "shortcut":
        return about
    return about | {
        "channel": {"id": CHANNEL, "name": "ops"}, "message_ts": "1.2", "message": {"ts": "1.2", "thread_ts": "1.1"},
        "response_url": "http://127.0.0.1:9/none",
    }  # fmt: skip


def filling(person: Person, menu: str, typed: str = "") -> JSON:
    """What asks for the options of a menu of a form."""
    view = {"id": "V1", "type": "modal", "private_metadata": f"{ASK_PLAN} {CHANNEL}"}
    return by(person, "block_suggestion") | {
        "action_id": menu, "block_id": menu, "value": typed, "view": view,
        "container": {"type": "view", "view_id": "V1"},
    }  # fmt: skip


def by(person: Person, kind: str) -> JSON:
    return {
        "type": kind, "team": {"id": "T0TRIAL", "domain": "deckhand-trial"}, "user": person.in_payload(),
        "api_app_id": "A0DECK", "trigger_id": fresh(), "enterprise": None,
    }  # fmt: skip


def fresh(prefix: str = "") -> str:
    return f"{prefix}{next(_numbers)}.{time.time_ns()}"


def knocks(doors: Doors, person: Person, plan: PlanState) -> Iterator[tuple[str, JSON, bool]]:
    """Every word, click and form of a person, what it is called, and whether an answer in words belongs to it."""
    plan_id, ts = plan.plan.id, plan.message.ts if plan.message else ""
    for command in doors.named(Act.COMMAND):
        for text in SAYINGS[command]:
            yield f"{command} {text}", saying(person, command, text), True
    for command in doors.named(Act.ALONE):
        yield f"{command} alone", saying(person, command, ""), True
    for callback_id in doors.named(Act.SHORTCUT):
        for kind in ("shortcut", "message_action"):
            yield f"{kind} {callback_id}", choosing(person, callback_id, kind), True
    for menu in doors.named(Act.OPTIONS):
        yield f"options of {menu}", filling(person, menu), False
    for name in doors.named(Act.ACTION):
        value = OF_NOTHING.get(name, "prod-3" if name in OF_HOSTS else plan_id)
        whole = {PROPOSE: f"{PROPOSE}:everything", PROPOSE_OTHER: f"{PROPOSE_OTHER}:prod-3"}
        action_id = {**whole, HOME_PAGE: f"{HOME_PAGE}:hosts"}.get(name, name)
        yield name, pressing(person, action_id, value, ts), name not in SILENT
    for view in doors.named(Act.VIEW):
        yield view, submitting(person, view, plan_id), view not in IN_THE_FORM


def answered(place: Place, user: str) -> int:
    """How often somebody was told something that only they see."""
    return len(place.workspace.ephemerals(user)) + len(place.workspace.direct_messages(user))


def through_all(place: Place, doors: Doors, person: Person, plan_id: str) -> list[str]:
    """Knock at every door, each after the answer of the one before; the names of those without an answer."""
    without = []
    for name, payload, speaks in knocks(doors, person, place.plan(plan_id)):
        before = answered(place, person.id)
        doors.knock(payload)
        try:
            if speaks:
                place.workspace.wait_for(lambda: answered(place, person.id) > before, PATIENCE)  # noqa: B023 - waited for
        except TimeoutError:
            without.append(name)
    return without
