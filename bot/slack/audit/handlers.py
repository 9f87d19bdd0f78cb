"""Reading the audit: pages in place, one cleanup's record and the files of an export in the thread."""

from dataclasses import dataclass

from bot.core.audit.filters import split_line
from bot.core.audit.review import read_place
from bot.core.errors import RefusedError
from bot.services.audit.files import export
from bot.services.audit.review import Page, Review
from bot.slack import parsing
from bot.slack.audit.messages import nearest_note, page_message, record_message
from bot.slack.door.asked import Asked
from bot.slack.door.replying import Replies
from bot.slack.kit.text import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHandlers:
    """``/docker-audit``, and the buttons of its pages."""

    review: Review
    replies: Replies

    def search(self, asked: Asked, text: str) -> None:
        matching = self.review.parse(parsing.audit_words(text), asked.person, asked.channel)
        page = self.review.page(asked.person, matching, channel=asked.channel)
        self.replies.openly(asked, page_message(page, self._note(asked, page)))

    def latest(self, asked: Asked, _value: str) -> None:
        self.search(asked, "")

    def _note(self, asked: Asked, page: Page) -> str:
        return nearest_note(
            page.matching.texts, self.review.door(asked.person, asked.channel).known().by_name
        )

    def turn(self, asked: Asked, value: str) -> None:
        """Show another page in the same message, as who clicks may read it."""
        direction, at, plan, line = (*value.split(" ", 3), "", "", "")[:4]
        place = read_place(f"{direction} {at} {plan}")
        matching = self.review.parse(split_line(line), asked.person, asked.channel)
        page = self.review.page(asked.person, matching, place, channel=asked.channel)
        if not page.cleanups:
            raise RefusedError("There is nothing more that you may read.")
        self.replies.in_its_place(asked, page_message(page))

    def show(self, asked: Asked, plan_id: str) -> None:
        record = self.review.record(asked.person, plan_id, asked.channel)
        self.replies.openly(asked, record_message(record), asked.thread)

    def export(self, asked: Asked, value: str) -> None:
        line = value.partition(" ")[2]
        matching = self.review.parse(split_line(line), asked.person, asked.channel)
        files = export(self.review, asked.person, matching, asked.channel)
        if not files.cleanups:
            raise RefusedError("There is nothing that you may read.")
        count = plural(files.cleanups, "cleanup")
        title = count if files.whole else f"The newest {count}; `deckhand audit export` writes all"
        self.replies.files(asked, asked.thread, title, {"audit.csv": files.csv, "audit.json": files.json})
