"""Listeners of the Home: that it was opened, its pages, and its buttons, which other listeners answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App

from bot.core.plan.plan import Person
from bot.slack.action_ids import HOME_OPEN, HOME_PAGE, HOME_REFRESH, LOOK
from bot.slack.door.asked import Body
from bot.slack.home.showing import HomeShow
from bot.slack.listeners import Listeners
from bot.slack.look.listeners import LookListeners
from bot.slack.plan.open import APPROVE, REJECT
from bot.slack.plan.running import STOP, TAKE_UP

HOME_TAB = "home"


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeListeners:
    """Registers them with Bolt."""

    show: HomeShow
    plans: Listeners
    looks: LookListeners

    def register(self, app: App) -> None:
        app.middleware(self.note_click)
        app.event("app_home_opened")(self.home_opened)
        app.action(HOME_REFRESH)(self.refresh_action)
        app.action(re.compile(f"^{HOME_PAGE}:"))(self.page_action)
        app.action(re.compile(f"^{HOME_OPEN}:"))(self.open_action)
        for prefix, answer in (
            (APPROVE, self.plans.approve_action),
            (REJECT, self.plans.reject_action),
            (STOP, self.plans.stop_action),
            (TAKE_UP, self.plans.take_up_action),
            (LOOK, self.looks.look_action),
        ):
            app.action(re.compile(f"^{prefix}:"))(answer)

    def note_click(self, body: Body, next_: Callable[[], Any]) -> None:
        """Before any button of a Home is answered: what it says may change with it."""
        if body.get("type") == "block_actions" and (body.get("view") or {}).get("type") == HOME_TAB:
            self.show.clicked(_person(body).id)
        next_()

    def home_opened(self, event: Body) -> None:
        """Bolt acknowledges events by itself."""
        if event.get("tab") == HOME_TAB:
            seen_hash = str((event.get("view") or {}).get("hash") or "")
            self.show.opened(Person(id=str(event.get("user") or "")), seen_hash)

    def refresh_action(self, ack: Ack, body: Body) -> None:
        ack()
        self.show.refresh(_person(body))

    def page_action(self, ack: Ack, body: Body, action: Body) -> None:
        ack()
        name, page = str(action["action_id"]).split(":")[1], str(action.get("value") or "")
        self.show.turn(_person(body), name, int(page) if page.isdecimal() else 0)

    def open_action(self, ack: Ack) -> None:
        """The browser has followed the link already."""
        ack()


def _person(body: Body) -> Person:
    return Person(id=str((body.get("user") or {}).get("id") or ""))
