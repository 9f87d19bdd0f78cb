"""Listeners of the audit: pages in place, one cleanup's record and the files of an export in the thread."""

import re

from slack_bolt import Ack, App, Respond

from bot.core.audit.filters import split_line
from bot.core.audit.review import read_place
from bot.core.errors import RefusedError
from bot.services.audit.files import export
from bot.services.audit.review import Page, Review
from bot.services.run.restore import Restore
from bot.slack import parsing
from bot.slack.action_ids import AUDIT_ALL
from bot.slack.audit.messages import DETAILS, EXPORT, PAGE, nearest_note, page_message, record_message
from bot.slack.chat import SlackChat
from bot.slack.door.answering import Submit
from bot.slack.door.asked import Asked, Body, asked_by_click, asked_by_command, message_ts, text_of, thread_of
from bot.slack.door.ways import DECIDE
from bot.slack.kit.text import escape, plural
from bot.slack.plan.restores import RESTORE


class AuditListeners:
    """Registers the audit's command and actions with Bolt; ``submit`` hands work to a thread and answers."""

    def __init__(self, review: Review, restore: Restore, chat: SlackChat, submit: Submit) -> None:
        self._review = review
        self._restore = restore
        self._chat = chat
        self._submit = submit

    def register(self, app: App) -> None:
        app.command(parsing.AUDIT)(self.handle_audit_command)
        app.action(re.compile(f"^{PAGE}:"))(self.page_action)
        app.action(re.compile(f"^{DETAILS}:"))(self.details_action)
        app.action(AUDIT_ALL)(self.all_action)
        app.action(EXPORT)(self.export_action)
        app.action(RESTORE)(self.restore_action)

    def handle_audit_command(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        text = text_of(body)
        self._submit(asked_by_command(body, respond), lambda asked: self._list(asked, text))

    def all_action(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        self._submit(asked_by_click(body, respond), lambda asked: self._list(asked, ""))

    def page_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        value, ts = str(action.get("value") or ""), message_ts(body)
        self._submit(asked_by_click(body, respond), lambda asked: self._turn(asked, ts, value))

    def details_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id, thread = str(action.get("value") or ""), thread_of(body)
        self._submit(asked_by_click(body, respond), lambda asked: self._show(asked, thread, plan_id))

    def export_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        line, thread = str(action.get("value") or "").partition(" ")[2], thread_of(body)
        self._submit(asked_by_click(body, respond), lambda asked: self._export(asked, thread, line))

    def restore_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id = str(action.get("value") or "")
        self._submit(
            asked_by_click(body, respond), lambda asked: self._restore_images(asked, plan_id), DECIDE
        )

    # --- the work, in our own threads -----------------------------------------------------------

    def _list(self, asked: Asked, text: str) -> None:
        matching = self._review.parse(parsing.audit_words(text), asked.person, asked.channel)
        page = self._review.page(asked.person, matching, channel=asked.channel)
        self._chat.post(asked.channel, page_message(page, self._note(asked, page)))

    def _note(self, asked: Asked, page: Page) -> str:
        return nearest_note(
            page.matching.texts, self._review.door(asked.person, asked.channel).known().by_name
        )

    def _turn(self, asked: Asked, ts: str, value: str) -> None:
        """Show another page in the same message, as who clicks may read it."""
        direction, at, plan, line = (*value.split(" ", 3), "", "", "")[:4]
        place = read_place(f"{direction} {at} {plan}")
        matching = self._review.parse(split_line(line), asked.person, asked.channel)
        page = self._review.page(asked.person, matching, place, channel=asked.channel)
        if not page.cleanups:
            raise RefusedError("There is nothing more that you may read.")
        self._chat.edit(asked.channel, ts, page_message(page))

    def _show(self, asked: Asked, thread: str, plan_id: str) -> None:
        record = self._review.record(asked.person, plan_id, asked.channel)
        self._chat.post(asked.channel, record_message(record), thread)

    def _export(self, asked: Asked, thread: str, line: str) -> None:
        matching = self._review.parse(split_line(line), asked.person, asked.channel)
        files = export(self._review, asked.person, matching, asked.channel)
        if not files.cleanups:
            raise RefusedError("There is nothing that you may read.")
        count = plural(files.cleanups, "cleanup")
        title = count if files.whole else f"The newest {count}; `deckhand audit export` writes all"
        self._chat.post_files(
            asked.channel, thread, title, {"audit.csv": files.csv, "audit.json": files.json}
        )

    def _restore_images(self, asked: Asked, plan_id: str) -> None:
        state = self._restore.ask(plan_id, asked.person, asked.channel)
        count = plural(len(state.restorable), "image")
        sentence = f"Deckhand pulls {count} on {escape(state.plan.host)}; the message of the cleanup shows how it goes."
        self._chat.post_private(asked.channel, asked.person.id, sentence)
