"""Messages that answer a look: a host's disk usage, the list of hosts, why something stays."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.core.docker.swarm import node_words
from bot.core.docker.usage import VOLUMES, DiskUsage, LastLook
from bot.core.errors import DeckhandError
from bot.core.plan.objects import Explanation, Reason
from bot.core.plan.plan import Draft
from bot.core.plan.selection.selector import ANONYMOUS_LABEL
from bot.core.refusals import NOTHING_OPEN
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Right
from bot.core.units import short_size
from bot.core.watch.outlook import NOTHING_FORETOLD, Outlook
from bot.services.look.planning import HostReport
from bot.services.look.room import Share, recommended, room
from bot.slack.action_ids import DETAILS, HISTORY, LOOK, PICTURE, WHY_FULL
from bot.slack.action_ids import VOLUMES as PICK_VOLUMES
from bot.slack.kit.arrivals import unarrived_blocks
from bot.slack.kit.blocks import Block, Message, actions, button, context, header, section
from bot.slack.kit.names import frees_text
from bot.slack.kit.text import (
    MESSAGE_BUDGET,
    SECTION_LIMIT,
    code,
    date,
    escape,
    lines_within,
    one_line,
    paragraphs,
    plain,
    plural,
)
from bot.slack.look.offering import other_menu, plan_button
from bot.slack.look.usage import holds_words, kinds_text
from bot.slack.watch.disk import beside, lasts_line

TAGS_SHOWN = 8
TWINS_SHOWN = 3
OBJECTS_EXPLAINED = 3
REASONS_SHOWN = 6


def report_message(
    report: HostReport,
    host: Host | None = None,
    *,
    pictures: bool = False,
    known: Collection[str] = (),
    outlook: Outlook = NOTHING_FORETOLD,
) -> Message:
    """The answer to ``/docker-df HOST``: what can go now, where the rest is, and the cleanups on offer.

    ``known`` are the hosts that its reader may know of, ``outlook`` what is foretold of this one.
    """
    engine, usage = report.survey.inventory.engine, report.survey.usage
    chosen = recommended(report.offers, host.policy.profiles if host else None)
    title = f"{report.host}: {_headline(report, chosen)}"
    left = outlook.words(report.host)
    where = [*room_lines(report), *([lasts_line(report.host, outlook)] if left else [])]
    blocks: list[Block] = [
        header(title),
        section("\n".join([_holds_text(report, host, left), *where])),
    ]
    if report.changed:
        blocks.append(section(f":octagonal_sign: {plain(str(report.changed), 1_000)}"))
    blocks += [context(text) for text in _twin_texts(report, known)]
    blocks += unarrived_blocks(report.offers)
    looks = _look_row(report, pictures=pictures, past=report.host in outlook.forecasts)
    blocks += [actions(row) for row in (_cleanup_row(report, chosen), looks) if row]
    blocks.append(
        context(
            f"Docker's own table: Details · Docker Engine {plain(engine.version + node_words(engine.swarm))} · "
            f"{plain(engine.operating_system or engine.name)} · data root {code(engine.data_root)} · "
            f"as of {date(report.survey.inventory.taken_at)}"
        )
    )
    told = [plain(line.replace("*", "")).rstrip(".") for line in where]
    return Message(text=f"{escape(title)}. {'. '.join([holds_words(usage, report.survey.disk), *told])}.",
                   blocks=tuple(blocks))  # fmt: skip


def _headline(report: HostReport, chosen: Draft | None) -> str:
    if report.changed:
        return "another engine answers than before"
    if chosen is None:
        return "nothing can go now by any rule"
    return f"{frees_text(chosen)} can go now ({chosen.profile})"


def _holds_text(report: HostReport, host: Host | None, left: str) -> str:
    """How much Docker holds, and how full the disk is: what a report and the Home say of a host alike."""
    tags = "".join(f" · {code(tag, 40)}" for tag in (host.tags if host else ())[:TAGS_SHOWN])
    lasts = (f", {left}" if report.survey.disk else f" · disk: {left}") if left else ""
    return f"{holds_words(report.survey.usage, report.survey.disk)}{lasts}{tags}"


def room_lines(report: HostReport) -> list[str]:
    """Where the bytes are: what rules free at most, what a person may pick, and what stays."""
    if report.changed:
        return []
    found = room(report.survey.inventory, report.survey.usage, report.offers, report.unused)
    lines = [
        f"*{short_size(found.most)}* by rules, at most ({escape(found.most_by)})" if found.most_by else ""
    ]
    counting = any(row.type == VOLUMES and not row.known for row in report.survey.usage.rows)
    if counting:
        lines.append("Volumes: the engine did not count them in time")
    else:
        picks = "yours to pick" if report.may_pick_volumes else "the policy lets nobody pick them"
        lines.append(_volumes_line("anonymous volume", found.anonymous, ":warning: data"))
        lines.append(
            _volumes_line("named volume", found.named, f"that nobody mounts :warning: data, {picks}")
        )
    lines.append(f"*{short_size(found.spared)}* unused, but young or protected" if found.spared else "")
    lines.append(f"*{short_size(found.used)}* in use, or part of what is" if found.used else "")
    rest = beside(report.survey.usage, report.survey.disk)
    lines.append(f"*{short_size(rest)}* on the disk in no figure of Docker's" if rest else "")
    return [line for line in lines if line]


def _volumes_line(what: str, share: Share, aside: str) -> str:
    return f"*{short_size(share.bytes)}* in {plural(share.count, what)} {aside}" if share.count else ""


def _cleanup_row(report: HostReport, chosen: Draft | None) -> list[Block]:
    """One cleanup to begin with, a menu of the others, and the volumes that a person may pick."""
    name = report.host
    found = [plan_button(name, chosen)] if chosen else []
    others = other_menu(name, report.offers, chosen)
    found += [others] if others else []
    named = any(ANONYMOUS_LABEL not in volume.labels for volume in report.survey.inventory.volumes)
    if named and report.may_pick_volumes:
        found.append(button("Volumes…", PICK_VOLUMES, name, spoken=f"Choose volumes of {name} to remove"))
    return found


def _look_row(report: HostReport, *, pictures: bool, past: bool) -> list[Block]:
    name = report.host
    found = [button("Details", DETAILS, name, spoken=f"Docker's table and the largest objects on {name}")]
    if pictures:
        found.append(button("Picture", PICTURE, name, spoken=f"A picture of where the space of {name} is"))
    if past:
        found.append(button("History", HISTORY, name, spoken=f"How the disk of {name} filled"))
    found.append(
        button("Why full?", WHY_FULL, name, spoken=f"What holds the whole disk of {name}, and what to do")
    )
    return [*found, button("Refresh", LOOK, name, spoken=f"Look at {name} again")]


def _twin_texts(report: HostReport, known: Collection[str]) -> list[str]:
    """Which other hosts have an engine of this id, of those that its reader may know of."""
    told = [plain(str(twin), 300) for twin in report.twins if twin.host in known][:TWINS_SHOWN]
    return [f"{text}." for text in told]


def looking_message(host: str, last: LastLook | None, posted_at: datetime) -> Message:
    """What stands there until the engine has answered: the last known figures with their age."""
    title = f"Looking at {host}…"
    if last is None:
        text = f":hourglass_flowing_sand: Asked at {date(posted_at, '{time_secs}')}. Counting volumes takes longest."
        return Message(text=escape(title), blocks=(header(title), section(text)))
    return Message(
        text=f"{escape(title)} Last known: {holds_words(last.usage, last.disk)}.",
        blocks=(
            header(title),
            section(f"{holds_words(last.usage, last.disk)}\n{kinds_text(last.usage)}"),
            context(
                f":hourglass_flowing_sand: These figures are of {date(last.at)}. Asked anew at "
                f"{date(posted_at, '{time_secs}')}; counting volumes takes longest."
            ),
        ),
    )


def counting_message(host: str, usage: DiskUsage, last: LastLook | None, posted_at: datetime) -> Message:
    """What stands there while the engine still counts its volumes: all else as it is now."""
    title = f"{host}: Docker holds {short_size(usage.size)} beside its volumes"
    volumes = (
        next((row for row in last.usage.rows if row.type == VOLUMES and row.known), None) if last else None
    )
    before = f" They were {short_size(volumes.size)} {date(last.at)}." if last and volumes else ""
    note = (
        f":hourglass_flowing_sand: Local Volumes are still being counted, since {date(posted_at, '{time_secs}')}; "
        f"what cleanups would free comes with them.{before}"
    )
    blocks = (
        header(title),
        section(kinds_text(usage)),
        context(note),
    )
    return Message(text=f"{escape(title)}, which are still being counted.", blocks=blocks)


def unreachable_message(host: Host, error: DeckhandError, last: LastLook | None) -> Message:
    """That a host did not answer: what was tried and what to check, and what it showed the last time."""
    sentence = plain(str(error), 1_500)
    blocks: list[Block] = [
        header(f"{host.name} did not answer"),
        section(f":x: {sentence}"),
        context(
            f"Tried: {plain(str(host.address))}. `deckhand hosts check {escape(host.name)}` tries each step alone."
        ),
    ]
    if last is not None:
        blocks += [
            context(f"What it showed {date(last.at)}: {holds_words(last.usage, last.disk)}"),
            context(kinds_text(last.usage)),
        ]
    blocks.append(actions([button("Try again", LOOK, host.name, spoken=f"Look at {host.name} again")]))
    return Message(text=sentence, blocks=tuple(blocks))


def hosts_message(hosts: Sequence[Host]) -> Message:
    """The answer to ``/docker-df`` alone."""
    if not hosts:
        text = escape(NOTHING_OPEN[Right.LOOK])
        return Message(text=text, blocks=(section(text),))
    lines = [_host_line(host) for host in hosts]
    shown, left = lines_within(lines, MESSAGE_BUDGET)
    more = [context(f"… and {plural(left, 'more host')}")] if left else []
    return Message(
        text=f"{plural(len(hosts), 'registered host')}: {', '.join(host.name for host in hosts[:50])}",
        blocks=(
            header(f"{plural(len(hosts), 'registered host')}"),
            *(section(text) for text in paragraphs(shown)),
            *more,
            context(
                "`/docker-df HOST` shows where its disk went, `/docker-df @TAG` or `all` looks at many at once, "
                "`/docker-prune HOST PROFILE` plans a cleanup."
            ),
        ),
    )


def _host_line(host: Host) -> str:
    tags = " ".join(code(tag) for tag in host.tags[:TAGS_SHOWN])
    if len(host.tags) > TAGS_SHOWN:
        tags += f" and {len(host.tags) - TAGS_SHOWN} more"
    return f"• *{escape(host.name)}* · policy {escape(host.policy.name)}" + (f" · {tags}" if tags else "")


def why_message(host: str, name: str, explanations: Sequence[Explanation]) -> Message:
    """The answer to ``/docker-prune HOST why OBJECT``."""
    title = f"Why {one_line(name)} on {host}"
    shown = explanations[:OBJECTS_EXPLAINED]
    left = len(explanations) - len(shown)
    reasons, _ = lines_within(map(_reason_line, shown[0].reasons), SECTION_LIMIT)
    return Message(
        text=f"{escape(title)}: {'; '.join(reasons)}",
        blocks=(
            header(title),
            *(section(_explanation_text(one)) for one in shown),
            *([context(f"… and {plural(left, 'more object')} of that name")] if left else []),
        ),
    )


def _explanation_text(one: Explanation) -> str:
    names = ", ".join(one.thing.references) or one.thing.name
    kind = one.thing.kind.replace("_", " ")
    head = f"*{kind}* {code(names)} {code(one.thing.id, 80)}"
    lines, left = lines_within(
        (f"• {_reason_line(reason)}" for reason in one.reasons), SECTION_LIMIT - len(head) - 40
    )
    return "\n".join([head, *lines, *([f"_… and {plural(left, 'more profile')}_"] if left else [])])


def _reason_line(reason: Reason) -> str:
    verb = "would remove it" if reason.takes else "keeps it"
    due = f" (until {date(reason.due)}, if nothing else changes)" if reason.due else ""
    return f"*{escape(reason.profile)}* {verb}: {plain(reason.rule)}{due}"
