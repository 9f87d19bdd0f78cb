"""Modals, stacked up to three deep for each person, and each person's App Home."""

from collections.abc import Sequence

from bot.trial.workspace.core import JSON, Pulse, Refused, fresh_id
from bot.trial.workspace.messages import with_ids
from bot.trial.workspace.people.team import APP_ID, BOT_ID, TEAM_ID

MAX_STACK = 3


class Views:
    """Every view that someone has before them."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._stacks: dict[str, list[JSON]] = {}
        self._homes: dict[str, JSON] = {}

    def top(self, user: str) -> JSON | None:
        with self._pulse:
            stack = self._stacks.get(user)
            return stack[-1] if stack else None

    def depth(self, user: str) -> int:
        with self._pulse:
            return len(self._stacks.get(user, ()))

    def home(self, user: str) -> JSON | None:
        with self._pulse:
            return self._homes.get(user)

    def find(self, user: str, view_id: str) -> JSON:
        """Find a view that this person has before them: the top modal, or their Home."""
        for view in (self.top(user), self.home(user)):
            if view is not None and view["id"] == view_id:
                return view
        raise Refused("not_found")

    def open(self, user: str, view: JSON) -> JSON:
        with self._pulse:
            self._refuse_taken_external_id(view)
            opened = _dressed(view)
            self._stacks[user] = [opened]
            self._pulse.changed()
        return opened

    def push(self, user: str, view: JSON) -> JSON:
        with self._pulse:
            stack = self._stacks.get(user)
            if not stack:
                raise Refused("not_found")
            if len(stack) >= MAX_STACK:
                raise Refused("push_limit_reached")
            self._refuse_taken_external_id(view)
            pushed = _dressed(view, root=stack[0]["id"], previous=stack[-1]["id"])
            stack.append(pushed)
            self._pulse.changed()
        return pushed

    def update(self, view: JSON, *, view_id: str = "", external_id: str = "", seen_hash: str = "") -> JSON:
        with self._pulse:
            for stack in self._stacks.values():
                for place, old in enumerate(stack):
                    by_name = external_id and old["external_id"] == external_id
                    if old["id"] == view_id or by_name:
                        _refuse_stale(old, seen_hash)
                        stack[place] = _dressed(view, old=old)
                        self._pulse.changed()
                        return stack[place]
        raise Refused("not_found")

    def publish(self, user: str, view: JSON, seen_hash: str = "") -> JSON:
        with self._pulse:
            old = self._homes.get(user)
            if old is not None:
                _refuse_stale(old, seen_hash)
            self._homes[user] = _dressed(view, old=old)
            self._pulse.changed()
            return self._homes[user]

    def close(self, user: str, *, everything: bool = False) -> Sequence[JSON]:
        """Take the top view away, or the whole stack. Gives the closed ones, the top one first."""
        with self._pulse:
            stack = self._stacks.get(user, [])
            count = len(stack) if everything else min(1, len(stack))
            closed = [stack.pop() for _ in range(count)]
            self._pulse.changed()
        return closed

    def _refuse_taken_external_id(self, view: JSON) -> None:
        name = view.get("external_id")
        if name and any(open_["external_id"] == name for stack in self._stacks.values() for open_ in stack):
            raise Refused("duplicate_external_id")


def _refuse_stale(old: JSON, seen_hash: str) -> None:
    if seen_hash and seen_hash != old["hash"]:
        raise Refused("hash_conflict")


def _dressed(view: JSON, *, old: JSON | None = None, root: str = "", previous: str = "") -> JSON:
    view_id = old["id"] if old else fresh_id("V")
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": old["external_id"] if old else "",
        "title": None,
        "close": None,
        "submit": None,
        "clear_on_close": False,
        "notify_on_close": False,
        **view,
        "blocks": list(with_ids(view["blocks"])),
        "id": view_id,
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "state": {"values": {}},
        "hash": fresh_id("", 8),
        "root_view_id": old["root_view_id"] if old else root or view_id,
        "previous_view_id": old["previous_view_id"] if old else previous or None,
    }
