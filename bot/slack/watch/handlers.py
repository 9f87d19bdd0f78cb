"""``/docker-df HOST history``: what the database knows, at once; no engine is asked for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.core.watch.outlook import Outlook
from bot.services.watch.histories import SPAN, Histories, History
from bot.services.watch.whole import WhyFull
from bot.slack.door.answering import Submit
from bot.slack.door.asked import Asked
from bot.slack.door.replying import Replies
from bot.slack.door.ways import Turn, Way
from bot.slack.watch.chart import chart_of, drawn_at_all, drawn_by_slack
from bot.slack.watch.history import history_message
from bot.slack.watch.whole import whole_message


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryHandlers:
    """Whoever calls these has seen that the person may look at the host."""

    histories: Histories
    whole: WhyFull
    replies: Replies
    submit: Submit
    pictures: bool = True
    """Whether the picture comes too."""

    def why_full(self, asked: Asked, host: str) -> None:
        """Say what holds the whole disk, in a turn of the host's."""
        self.replies.openly(asked, whole_message(self.whole(host)), asked.thread)

    def outlook(self, hosts: Collection[str]) -> Outlook:
        return self.histories.outlook(hosts)

    def show(self, asked: Asked, host: str, span: timedelta = SPAN) -> None:
        def work(asked: Asked) -> None:
            history = self.histories.of(host, span)
            ts = self.replies.openly(asked, history_message(history))
            if self.pictures and drawn_at_all(history):
                # In a turn of its own: whoever asks again meanwhile is answered.
                draw = partial(self._draw, history, host, asked.within or ts)
                self.submit(asked, draw, Turn(way=Way.LOOK, host=host, same=f"chart {ts}"))

        self.submit(asked, work, Turn(way=Way.LOOK, host=host, same=f"{host} history {span} {asked.channel}"))

    def _draw(self, history: History, host: str, ts: str, asked: Asked) -> None:
        if not self.replies.drawn_by_slack(asked, ts, drawn_by_slack(history)):
            title = f"How the disk of {host} filled"
            self.replies.picture(asked, ts, f"{host}-history.png", title, chart_of(history))
