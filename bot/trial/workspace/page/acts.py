"""What people do in the workspace: type, click, submit, look. The page and the tests both act here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.trial.workspace import payloads
from bot.trial.workspace.core import JSON, Refused
from bot.trial.workspace.desk import Desk, draft_of
from bot.trial.workspace.limits.elements import options_of
from bot.trial.workspace.limits.limits import check_suggestions, refuse_view
from bot.trial.workspace.links import Delivery
from bot.trial.workspace.menus import EXTERNAL, QUERY_LENGTH, filled
from bot.trial.workspace.messages import Draft, Message
from bot.trial.workspace.page.forms import Given, Values, action_of, find_element, mistakes_in, state_of
from bot.trial.workspace.people.team import Person
from bot.trial.workspace.people.typed import escaped


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the person saw come of it. `errors` are a modal's, by block_id."""

    ok: bool
    error: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    response: JSON = field(default_factory=dict)  # what the bot acked with

    def as_json(self) -> JSON:
        return {"ok": self.ok, "error": self.error, "errors": dict(self.errors)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A press or a choice. `where` is a message's ts or a view's id; `values` is what else is filled in."""

    where: str
    action_id: str
    block_id: str = ""
    value: Given | None = None
    values: Values = field(default_factory=dict)


class Acts:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def say(self, user: str, text: str, *, channel: str, thread_ts: str = "") -> Message:
        """Post what a person typed."""
        person, place = self._desk.team.person(user), self._place(user, channel)
        self._refuse_read_only(place)
        desk = self._desk
        draft = Draft(text=escaped(desk.team, text))
        message = desk.messages.post(draft, channel=place, user=person.id, thread_ts=thread_ts)
        where = desk.team.channel(place)
        if where.with_person or (where.has_bot and desk.team.overhears):
            desk.links.deliver("events_api", payloads.message_event(desk, person, message, "message"))
        if f"<@{desk.team.bot.id}" in message.text and where.has_bot and not where.with_person:
            desk.links.deliver("events_api", payloads.message_event(desk, person, message, "app_mention"))
        return message

    def command(self, user: str, command: str, text: str, *, channel: str) -> Outcome:
        desk, person = self._desk, self._desk.team.person(user)
        place = self._place(user, channel)
        self._refuse_read_only(place)
        known = desk.team.command(command)
        if known is None:
            desk.say_privately(f"`{command}` is not a valid command.", user=user, channel=place)
            return Outcome(ok=False, error="invalid_command")
        payload = payloads.slash_command(desk, person, desk.team.channel(place), known, text)
        delivery = desk.links.deliver("slash_commands", payload)
        error = delivery.error
        answer = delivery.response
        if not error and (answer.get("text") or answer.get("blocks") or answer.get("attachments")):
            try:
                desk.answer(answer, channel=place, user=user)
            except Refused:
                error = "invalid_command_response"
        if error:
            app = desk.team.app_name
            why = f" {app} is not connected." if error == "dispatch_failed" else ""
            desk.say_privately(f"{command} failed with the error “{error}”.{why}", user=user, channel=place)
        return Outcome(ok=not error, error=error, response=answer)

    def global_shortcut(self, user: str, callback_id: str, *, channel: str) -> Outcome:
        """Choose in the menu beside the composer; ``channel`` is the one that the person has before them."""
        desk, person = self._desk, self._desk.team.person(user)
        desk.team.shortcut(callback_id, of_messages=False)
        payload = payloads.global_shortcut(desk, person, callback_id, self._place(user, channel))
        return _outcome(desk.links.deliver("interactive", payload))

    def message_shortcut(self, user: str, callback_id: str, ts: str) -> Outcome:
        """Choose in a message's menu; what only one person sees has none."""
        desk, person, message = self._desk, self._desk.team.person(user), self._seen(user, ts)
        desk.team.shortcut(callback_id, of_messages=True)
        if message.only_for:
            raise Refused("message_not_found")
        payload = payloads.message_shortcut(desk, person, message, callback_id)
        return _outcome(desk.links.deliver("interactive", payload))

    def suggest(
        self, user: str, where: str, action_id: str, typed: str, *, block_id: str = ""
    ) -> Sequence[JSON]:
        """Give the options that the app has for what a person typed into one of its menus.

        Raises Refused where the menu asks for none yet (`query_too_short`), where the app does not answer in three
        seconds (`operation_timeout`), and for what Slack does not show (`invalid_options`).
        """
        desk, person = self._desk, self._desk.team.person(user)
        view = None if "." in where else desk.views.find(user, where)
        message = None if view is not None else self._seen(user, where)
        blocks = view["blocks"] if view is not None else message.surfaces() if message else []
        block, element = find_element(blocks, action_id, block_id)
        if element["type"] not in EXTERNAL:
            raise Refused("no_such_element", [action_id])
        if len(typed) < element.get("min_query_length", QUERY_LENGTH):
            raise Refused("query_too_short")
        holder = (
            payloads.in_view(view)
            if view is not None
            else payloads.in_message(desk, message)
            if message
            else {}
        )
        payload = payloads.block_suggestion(person, holder, block, element, typed)
        delivery = desk.links.deliver("interactive", payload)
        if not delivery.ok:
            raise Refused(delivery.error)
        problems = check_suggestions(delivery.response)
        if problems:
            raise Refused("invalid_options", problems)
        options = options_of(delivery.response)
        with desk.pulse:
            desk.suggested.remember(user, where, action_id, options)
        return options

    def click(self, user: str, click: Click) -> Outcome:
        """Act on an element of a message or a view, as it now stands."""
        desk, person = self._desk, self._desk.team.person(user)
        view = None if "." in click.where else desk.views.find(user, click.where)
        message = None if view is not None else self._seen(user, click.where)
        blocks = self._filled(
            user, click.where, view["blocks"] if view is not None else message.surfaces() if message else []
        )
        block, element = find_element(blocks, click.action_id, click.block_id)
        action = action_of(block, element, click.value, action_ts=desk.messages.stamp())
        values = dict(click.values)
        if click.value is not None and element["type"] != "button":
            values[block["block_id"]] = {element["action_id"]: click.value}
        state = state_of(blocks, values)
        if message is not None:
            payload = payloads.block_action(desk, person, message, action, state)
        else:
            payload = payloads.view_action(desk, person, view or {}, action, state)
        return _outcome(desk.links.deliver("interactive", payload))

    def submit(self, user: str, values: Values) -> Outcome:
        """Press the top modal's submit button."""
        desk, person = self._desk, self._desk.team.person(user)
        view = desk.views.top(user)
        if view is None:
            raise Refused("not_found")
        blocks = self._filled(user, view["id"], view["blocks"])
        state = state_of(blocks, values)
        mistakes = mistakes_in(blocks, state)
        if mistakes:
            return Outcome(ok=False, error="form_errors", errors=mistakes)
        delivery = desk.links.deliver("interactive", payloads.view_submission(desk, person, view, state))
        if not delivery.ok:
            return _outcome(delivery)
        return self._respond(person, view, delivery)

    def close(self, user: str, *, everything: bool = False) -> Outcome:
        """Close the top modal, or all of them; the bot hears of it only if it asked to."""
        desk, person = self._desk, self._desk.team.person(user)
        outcome = Outcome(ok=True)
        for view in desk.views.close(user, everything=everything):
            if view["notify_on_close"]:
                payload = payloads.view_closed(person, view, cleared=everything)
                outcome = _outcome(desk.links.deliver("interactive", payload))
        return outcome

    def open_home(self, user: str, tab: str = "home") -> Outcome:
        desk, person = self._desk, self._desk.team.person(user)
        return _outcome(desk.links.deliver("events_api", payloads.home_opened(desk, person, tab)))

    def dismiss(self, user: str, ts: str) -> Outcome:
        """Take an ephemeral message away, as a person may."""
        if not self._seen(user, ts).only_for:
            raise Refused("message_not_found")
        self._desk.messages.delete(ts)
        return Outcome(ok=True)

    def _respond(self, person: Person, view: JSON, delivery: Delivery) -> Outcome:
        views, answer = self._desk.views, delivery.response
        action = answer.get("response_action")
        if action == "errors":
            return Outcome(ok=False, error="form_errors", errors=answer.get("errors") or {}, response=answer)
        try:
            if action in ("update", "push"):
                refuse_view(answer.get("view") or {})
            if action == "update":
                views.update(answer["view"], view_id=view["id"])
            elif action == "push":
                views.push(person.id, answer["view"])
            else:
                views.close(person.id, everything=action == "clear")
        except Refused as refusal:
            return Outcome(ok=False, error=refusal.error, response=answer)
        return Outcome(ok=True, response=answer)

    def _filled(self, user: str, where: str, blocks: Sequence[JSON]) -> list[JSON]:
        """The same blocks, in which each menu says what this person can choose in it."""
        with self._desk.pulse:
            return filled(blocks, self._desk.team, self._desk.suggested, user, where)

    def _seen(self, user: str, ts: str) -> Message:
        message = self._desk.messages.get(ts)
        if message.only_for not in ("", user) or not self._desk.team.sees(user, message.channel):
            raise Refused("message_not_found")
        return message

    def _refuse_read_only(self, place: str) -> None:
        """Raise Refused where there is nothing to type into: a Messages tab that is read-only."""
        if self._desk.team.channel(place).with_person and not self._desk.team.takes_messages:
            raise Refused("messages_tab_read_only")

    def _place(self, user: str, channel: str) -> str:
        place = self._desk.team.channel(channel).id
        if not self._desk.team.sees(user, place):
            raise Refused("channel_not_found")
        return place


def answer_hook(desk: Desk, token: str, payload: JSON) -> None:
    """Do what a POST to a response URL asks for. Raises Refused."""
    with desk.pulse:
        hook = desk.hooks.use(token)
        if payload.get("delete_original"):
            if hook.source_ts:
                desk.messages.delete(hook.source_ts)
            return
        desk.check(payload, hook.channel)
        if payload.get("replace_original") and hook.source_ts:
            desk.messages.edit(hook.source_ts, draft_of(payload))
        else:
            desk.answer(payload, channel=hook.channel, user=hook.user, thread_ts=hook.thread_ts)


def _outcome(delivery: Delivery) -> Outcome:
    return Outcome(ok=delivery.ok, error=delivery.error, response=delivery.response)
