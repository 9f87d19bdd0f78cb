"""The door: one table from what Slack names to who handles it; all that is the same for everything is done here once.

It acknowledges, says who asked where, takes the value, and hands the work to a thread of our own, where whatever goes
wrong is told to whoever asked. Bolt's own pool has few threads and Slack waits three seconds: no engine, SSH or
database work happens in a listener.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from secrets import token_hex
from typing import TypeAlias

from slack_bolt import Ack, App, Respond

from bot.core.errors import DeckhandError, RefusedError
from bot.core.traces import trace_of, traced
from bot.slack.door.answering import Answering
from bot.slack.door.asked import (
    Asked,
    Body,
    asked_by_click,
    asked_by_command,
    asked_by_event,
    asked_by_form,
    asked_by_menu,
    asked_by_shortcut,
)
from bot.slack.door.ways import READ, Turn
from bot.slack.kit.blocks import Block

Handler: TypeAlias = Callable[[Asked, str], object]
Options: TypeAlias = Callable[[Asked, str], Sequence[Block]]
Mistakes: TypeAlias = Callable[[Asked, str], Mapping[str, str]]

LOG = logging.getLogger(__name__)

_ANY = re.compile("")
_HOME = "home"
_OF_ANOTHER_RELEASE = (
    "This Deckhand does not know what you pressed: it is of another release. Nothing was changed."
)


class Act(StrEnum):
    """What a route answers, by Slack's words; in brackets: what its handler's value is."""

    COMMAND = "command"  # a slash command (the text behind it)
    ALONE = "command alone"  # the same with nothing behind it, where that is something of its own (nothing)
    SHORTCUT = "shortcut"  # a choice in the app's own menus (nothing)
    ACTION = "action"  # a button, or a choice in a menu (its value)
    OPTIONS = "options"  # a menu that asks for what it offers (what was typed to find it)
    VIEW = "view"  # a submitted form (the id that it carries)
    EVENT = "event"  # what Slack tells by itself (the tab of a Home, or what somebody wrote)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One line of the table."""

    act: Act
    name: str
    """A command, an action id up to its colon, a callback id, or the type of an event."""
    handle: Handler
    turn: Turn | None = READ
    """None where it is done at once: what is in memory alone, and answers by itself."""
    mistakes: Mistakes | None = None
    """What is wrong with a submitted form, by its field, told in the form: a single read before the acknowledgement."""


def command(name: str, handle: Handler) -> Route:
    return Route(act=Act.COMMAND, name=name, handle=handle)


def alone(name: str, handle: Handler, turn: Turn | None = READ) -> Route:
    return Route(act=Act.ALONE, name=name, handle=handle, turn=turn)


def shortcut(name: str, handle: Handler, turn: Turn | None = READ) -> Route:
    return Route(act=Act.SHORTCUT, name=name, handle=handle, turn=turn)


def options(name: str, handle: Options) -> Route:
    """Options are the acknowledgement: at most a hundred, from what is known without asking an engine."""
    return Route(act=Act.OPTIONS, name=name, handle=handle, turn=None)


def action(name: str, handle: Handler, turn: Turn | None = READ) -> Route:
    return Route(act=Act.ACTION, name=name, handle=handle, turn=turn)


def view(name: str, handle: Handler, mistakes: Mistakes, turn: Turn = READ) -> Route:
    return Route(act=Act.VIEW, name=name, handle=handle, turn=turn, mistakes=mistakes)


def event(name: str, handle: Handler, turn: Turn | None = READ) -> Route:
    return Route(act=Act.EVENT, name=name, handle=handle, turn=turn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Answers Slack by its table. What is in no table is a button of another release: whoever pressed it is told."""

    routes: Iterable[Route]
    answering: Answering
    pressed_at_home: Callable[[Asked], None]
    """Called before any button of a Home is answered: what it says may change with it."""
    _by_name: dict[tuple[Act, str], Route] = field(default_factory=dict)

    def open(self, app: App) -> None:
        """Register with Bolt."""
        self._by_name.update({(route.act, route.name): route for route in self.routes})
        app.command(_ANY)(self._command)
        app.shortcut(_ANY)(self._shortcut)
        app.block_action(_ANY)(self._action)
        app.options(_ANY)(self._options)
        app.view_submission(_ANY)(self._view)
        for act, name in self._by_name:
            if act is Act.EVENT:
                app.event(name)(self._event)

    def _command(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        name, text = str(body.get("command")), str(body.get("text") or "")
        alone = None if text.strip() else self._by_name.get((Act.ALONE, name))
        route = alone or self._by_name.get((Act.COMMAND, name))
        self._hand(route, asked_by_command(body, respond), text)

    def _shortcut(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        route = self._by_name.get((Act.SHORTCUT, str(body.get("callback_id"))))
        self._hand(route, asked_by_shortcut(body, respond), "")

    def _options(self, ack: Ack, body: Body, respond: Respond) -> None:
        """A menu shows no reason: where there is nothing to choose from it is empty, and the log says why."""
        route = self._by_name.get((Act.OPTIONS, str(body.get("action_id"))))
        found: object = ()
        try:
            asked = self.answering.identified(asked_by_menu(body, respond))
            found = route.handle(asked, str(body.get("value") or "")) if route else ()
        except DeckhandError as error:
            LOG.info("the menu %s has no options: %s", body.get("action_id"), error)
        finally:
            ack(options=list(found) if isinstance(found, Sequence) else [])

    def _action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        asked = asked_by_click(body, action, respond)
        if (body.get("view") or {}).get("type") == _HOME:
            self.pressed_at_home(asked)
        name = str(action.get("action_id")).partition(":")[0]
        chosen = action.get("selected_option")
        value = str(action.get("value") or (chosen.get("value") if isinstance(chosen, Mapping) else "") or "")
        self._hand(self._by_name.get((Act.ACTION, name)), asked, value)

    def _view(self, ack: Ack, body: Body, view: Body, respond: Respond) -> None:
        route = self._by_name.get((Act.VIEW, str(view.get("callback_id"))))
        asked, carried = asked_by_form(body, view, respond)
        try:
            wrong = route.mistakes(asked, carried) if route and route.mistakes else {}
        except DeckhandError as error:
            ack()
            self.answering.refuse(asked, error)
            return
        if wrong:
            ack(response_action="errors", errors=dict(wrong))
            return
        ack()
        self._hand(route, asked, carried)

    def _event(self, body: Body, event: Body, respond: Respond) -> None:
        """Bolt acknowledges events by itself. What bots write, and what was edited or deleted, asks for nothing.

        Nor does what people write to each other: an app that may look into channels hears of it.
        """
        overheard = event.get("type") == "message" and event.get("channel_type") != "im"
        if event.get("bot_id") or event.get("subtype") or overheard:
            return
        route = self._by_name.get((Act.EVENT, str(event.get("type"))))
        value = str(event.get("tab") or event.get("text") or "")
        self._hand(route, asked_by_event(body, event, respond), value)

    def _hand(self, route: Route | None, asked: Asked, value: str) -> None:
        """All that comes of it has the id of this one delivery, in the log and in the audit."""
        name = route.name if route else "what no route is for"
        with traced(trace_of(asked.trigger_id or token_hex()), name):
            LOG.info("%s of %s", name, asked.person.id)
            self._handed(route, asked, value)

    def _handed(self, route: Route | None, asked: Asked, value: str) -> None:
        if route is None:
            self.answering.refuse(asked, RefusedError(_OF_ANOTHER_RELEASE))
        elif route.turn is None:
            route.handle(asked, value)
        else:
            self.answering.submit(asked, lambda asked: route.handle(asked, value), route.turn)
