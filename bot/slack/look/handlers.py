"""Looks: a host's report as one message that first shows what is known, its objects by size, and whole fleets."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.core.docker.usage import DiskUsage, Survey
from bot.core.errors import HostError, RefusedError, UsageError
from bot.core.rules.hosts import Host, Hosts
from bot.core.rules.policy import Right
from bot.ports import Clock
from bot.services.look.fleet import Fleet
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.slack import parsing
from bot.slack.door.answering import Submit
from bot.slack.door.asked import Asked
from bot.slack.door.replying import AT_ONCE, Replies, later
from bot.slack.door.ways import Turn, Way
from bot.slack.kit.blocks import Message
from bot.slack.look.fleet import FleetMessage
from bot.slack.look.picture import drawn_by_slack, picture_of
from bot.slack.look.reports import (
    counting_message,
    hosts_message,
    looking_message,
    report_message,
    unreachable_message,
)
from bot.slack.look.standing import Standing
from bot.slack.look.usage import details_message, files, listings, shows_all
from bot.slack.watch.handlers import HistoryHandlers

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookHandlers:
    """``/docker-df`` and the buttons of a report, whose value is the host's name."""

    hosts: Callable[[], Hosts]
    rights: Rights
    planning: Planning
    fleet: Fleet
    clock: Clock
    replies: Replies
    submit: Submit
    past: HistoryHandlers
    pictures: bool = True
    """Whether people may have a host's space drawn."""

    def df(self, asked: Asked, text: str) -> None:
        command = parsing.parse_df(text)
        known = asked.door(self.hosts(), self.rights).known()
        if command.host is None:
            if not known.by_name:
                raise self._none_open(asked)
            self.replies.openly(asked, hosts_message(known.all()))
        elif known.means_several(command.host):
            if command.history is not None:
                raise UsageError("A history is that of one host: name it.")
            if command.why_full:
                raise UsageError("Why a disk is full is told of one host: name it.")
            self._look_at_fleet(asked, known.select(command.host), command.host)
        elif command.history is not None:
            self.past.show(asked, self._open(asked, command.host).name, command.history)
        elif command.why_full:
            self.why_full(asked, command.host)
        else:
            self._look_at(asked, command.host, verbose=command.verbose)

    def look(self, asked: Asked, name: str) -> None:
        self._look_at(asked, name, asked.message)

    def history(self, asked: Asked, name: str) -> None:
        self.past.show(asked, self._open(asked, name).name)

    def why_full(self, asked: Asked, name: str) -> None:
        def work(asked: Asked) -> None:
            self.past.why_full(asked, self._open(asked, name).name)

        self._in_turn(asked, name, "why-full", work)

    def details(self, asked: Asked, name: str) -> None:
        def work(asked: Asked) -> None:
            host = self._open(asked, name)
            self._details(asked, asked.thread, host, self.planning.report(host.name).survey)

        self._in_turn(asked, name, "details", work)

    def picture(self, asked: Asked, name: str) -> None:
        def work(asked: Asked) -> None:
            host = self._open(asked, name)
            if not self.pictures:
                raise RefusedError(
                    "Pictures are switched off here ([slack] pictures), or what draws them is not installed "
                    "(deckhand[pictures])."
                )
            survey = self.planning.report(host.name).survey
            if self.replies.drawn_by_slack(asked, asked.thread, drawn_by_slack(host.name, survey)):
                return
            picture = picture_of(host.name, survey)
            title = f"Where the space of {host.name} is"
            self.replies.picture(asked, asked.thread, f"{host.name}.png", title, picture)

        self._in_turn(asked, name, "picture", work)

    # --- the work, in threads of its own --------------------------------------------------------

    def _look_at(self, asked: Asked, name: str, ts: str = "", *, verbose: bool = False) -> None:
        def work(asked: Asked) -> None:
            self._report(asked, self._open(asked, name), ts, verbose=verbose)

        self._open(asked, name)
        same = f"{name} report {ts} {verbose} {asked.channel}"
        self.submit(asked, work, Turn(way=Way.LOOK, host=name, same=same))

    def _in_turn(self, asked: Asked, name: str, what: str, work: Callable[[Asked], object]) -> None:
        """Look at a host when it is this person's turn, and this host's; who may not look waits for none."""
        self._open(asked, name)
        same = f"{name} {what} {asked.thread} {asked.channel}"
        self.submit(asked, work, Turn(way=Way.LOOK, host=name, same=same))

    def _open(self, asked: Asked, name: str) -> Host:
        """The host, where this person may look at it."""
        return asked.door(self.hosts(), self.rights).host(name)

    def _none_open(self, asked: Asked) -> RefusedError:
        return self.rights.closed(Right.LOOK, asked.person)

    def _look_at_fleet(self, asked: Asked, hosts: Sequence[Host], selection: str) -> None:
        if not hosts:
            raise self._none_open(asked)

        def work(asked: Asked) -> None:
            outlook = self.past.outlook([host.name for host in hosts])
            showing = FleetMessage(self.replies, asked, selection, outlook)
            showing.end(self.fleet.gather(hosts, showing))

        self.submit(asked, work, Turn(way=Way.LOOK, fleet=True, same=f"{asked.channel} {selection}"))

    def _report(self, asked: Asked, host: Host, ts: str = "", *, verbose: bool = False) -> None:
        place = Standing(self.replies, asked, ts)
        asked_at = self.clock.now()

        def known() -> Message:
            return looking_message(host.name, self.planning.last_look(host.name), asked_at)

        def early(usage: DiskUsage) -> None:
            last = self.planning.last_look(host.name)
            later(0, lambda: place.meanwhile(2, lambda: counting_message(host.name, usage, last, asked_at)))

        timer = later(AT_ONCE, lambda: place.meanwhile(1, known))
        try:
            report = self.planning.report(host.name, early)
        except HostError as error:
            timer.cancel()
            place.trouble(unreachable_message(host, error, self.planning.last_look(host.name)))
            return
        except BaseException:
            timer.cancel()
            place.forget()
            raise
        timer.cancel()
        others = asked.door(self.hosts(), self.rights).known().by_name if report.twins else ()
        outlook = self.past.outlook([host.name])
        place.end(report_message(report, host, pictures=self.pictures, known=others, outlook=outlook))
        if verbose:
            self._details(asked, place.thread, host, report.survey)

    def _details(self, asked: Asked, thread: str, host: Host, survey: Survey) -> None:
        found = listings(survey.inventory)
        self.replies.openly(asked, details_message(host.name, found, survey), thread)
        if not shows_all(found):
            self.replies.files(asked, thread, f"Everything on {host.name}, by size", files(host.name, found))
