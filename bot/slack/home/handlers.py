"""What people do at their Home itself: open it, turn its pages, refresh it. The Home answers."""

from dataclasses import dataclass

from bot.core.errors import RefusedError
from bot.core.rules.telling import Wish
from bot.slack.door.asked import Asked
from bot.slack.home.showing import HomeShow

_HOME_TAB = "home"


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeHandlers:
    show: HomeShow

    def opened(self, asked: Asked, tab: str) -> None:
        if tab == _HOME_TAB:
            self.show.opened(asked.person, str(asked.view.get("hash") or ""))

    def pressed(self, asked: Asked) -> None:
        """Any button of the Home is about to be answered."""
        self.show.clicked(asked.person.id)

    def refresh(self, asked: Asked, _value: str) -> None:
        self.show.refresh(asked.person)

    def turn(self, asked: Asked, page: str) -> None:
        name = asked.detail.partition(":")[0]
        self.show.turn(asked.person, name, int(page) if page.isdecimal() else 0)

    def choose(self, asked: Asked, wish: str) -> None:
        """Keep how the person wants to be told, and show it."""
        known = {str(one): one for one in Wish}
        if wish not in known:
            raise RefusedError("This Deckhand does not know what you chose: it is of another release.")
        self.show.gather.choose(asked.person, known[wish])
        self.show.refresh(asked.person)

    def follow(self, _asked: Asked, _value: str) -> None:
        """The browser has followed the link already."""
