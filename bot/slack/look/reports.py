"""Messages that answer a look: a host's disk usage, the list of hosts, why something stays."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.core.docker.inventory import Kind
from bot.core.docker.swarm import node_words
from bot.core.docker.usage import VOLUMES, DiskSpace, DiskUsage, LastLook
from bot.core.errors import DeckhandError
from bot.core.plan.objects import Explanation, Reason
from bot.core.plan.plan import Draft, Kept
from bot.core.plan.reasons import NOT_IN_PROFILE, counted_as
from bot.core.plan.selection.selector import ANONYMOUS_LABEL
from bot.core.refusals import NOTHING_OPEN
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Right
from bot.core.units import human_size
from bot.core.watch.outlook import NOTHING_FORETOLD, Outlook
from bot.services.look.planning import HostReport
from bot.slack.action_ids import DETAILS, HISTORY, LOOK, PICTURE, PROPOSE
from bot.slack.action_ids import VOLUMES as PICK_VOLUMES
from bot.slack.kit.arrivals import unarrived_blocks
from bot.slack.kit.blocks import Block, Message, actions, button, context, header, section
from bot.slack.kit.names import counted, frees_text
from bot.slack.kit.text import (
    MESSAGE_BUDGET,
    SECTION_LIMIT,
    bar,
    code,
    date,
    escape,
    lines_within,
    one_line,
    paragraphs,
    plain,
    plural,
)
from bot.slack.look.usage import bars_text, usage_table
from bot.slack.watch.disk import disk_lines

TAGS_SHOWN = 8
TWINS_SHOWN = 3
OBJECTS_EXPLAINED = 3
REASONS_SHOWN = 6


def report_message(
    report: HostReport, host: Host | None = None, *, pictures: bool = False, known: Collection[str] = (),
    outlook: Outlook = NOTHING_FORETOLD,
) -> Message:  # fmt: skip
    """The answer to ``/docker-df HOST``: how full it is, Docker's table, and what cleanups would free.

    ``known`` are the hosts that its reader may know of, ``outlook`` is what is foretold of this one.
    """
    engine, usage, disk = report.survey.inventory.engine, report.survey.usage, report.survey.disk
    title = _headline(report.host, usage, disk)
    tags = "".join(f"{code(tag, 40)} " for tag in (host.tags if host else ())[:TAGS_SHOWN])
    offers = [draft for draft in report.offers if draft.items]
    blocks: list[Block] = [
        header(title),
        context(
            f"{tags}Docker Engine {plain(engine.version + node_words(engine.swarm))} · "
            f"{plain(engine.operating_system or engine.name)} · data root {code(engine.data_root)} · "
            f"as of {date(report.survey.inventory.taken_at)}"
        ),
        usage_table(usage),
        section("\n".join([bars_text(usage, disk), *disk_lines(report.host, usage, disk, outlook)])),
    ]
    blocks += [context(text) for text in _twin_texts(report, known)]
    if report.changed:
        blocks.append(section(f":warning: {plain(str(report.changed), 1_000)}"))
    elif offers:
        most = max(draft.frees.high for draft in offers) or 1
        lines = "\n".join(_offer_line(draft, most) for draft in offers)
        blocks.append(
            section(f"*What a cleanup would free* (nothing is removed without an approval)\n{lines}")
        )
        blocks.append(actions([_offer_button(report.host, draft) for draft in offers]))
    else:
        blocks.append(section(":white_check_mark: Nothing to clean up: no profile finds anything to remove."))
    blocks += unarrived_blocks(report.host, report.offers)
    blocks.append(context(_never_text(report)))
    blocks.append(actions(_look_buttons(report, pictures=pictures, past=report.host in outlook.forecasts)))
    rows = "; ".join(
        f"{row.type} {human_size(row.size) if row.known else 'not counted'}" for row in usage.rows
    )
    return Message(text=f"{escape(title)}. {rows}.", blocks=tuple(blocks))


def _twin_texts(report: HostReport, known: Collection[str]) -> list[str]:
    """Which other hosts have an engine of this id, of those that its reader may know of."""
    told = [plain(str(twin), 300) for twin in report.twins if twin.host in known][:TWINS_SHOWN]
    return [f":twisted_rightwards_arrows: {text}." for text in told]


def looking_message(host: str, last: LastLook | None, posted_at: datetime) -> Message:
    """What stands there until the engine has answered: the last known figures with their age."""
    title = f"Looking at {host}…"
    if last is None:
        text = f":hourglass_flowing_sand: Asked at {date(posted_at, '{time_secs}')}. Counting volumes takes longest."
        return Message(text=escape(title), blocks=(header(title), section(text)))
    return Message(
        text=f"{escape(title)} Last known: {escape(_headline(host, last.usage, last.disk))}.",
        blocks=(
            header(_headline(host, last.usage, last.disk)),
            context(
                f":hourglass_flowing_sand: These figures are of {date(last.at)}. Asked anew at "
                f"{date(posted_at, '{time_secs}')}; counting volumes takes longest."
            ),
            usage_table(last.usage),
            section(bars_text(last.usage, last.disk)),
        ),
    )


def counting_message(host: str, usage: DiskUsage, last: LastLook | None, posted_at: datetime) -> Message:
    """What stands there while the engine still counts its volumes: all else as it is now."""
    title = f"{host}: {human_size(usage.size)} in Docker beside its volumes"
    volumes = (
        next((row for row in last.usage.rows if row.type == VOLUMES and row.known), None) if last else None
    )
    before = f" They were {human_size(volumes.size)} {date(last.at)}." if last and volumes else ""
    note = (
        f":hourglass_flowing_sand: Local Volumes are still being counted, since {date(posted_at, '{time_secs}')}; "
        f"what cleanups would free comes with them.{before}"
    )
    blocks = (
        header(title),
        context(note),
        usage_table(usage),
        section(bars_text(usage, None, counting=True)),
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
            context(f"What it showed {date(last.at)}: {escape(_headline(host.name, last.usage, last.disk))}"),
            usage_table(last.usage),
        ]
    blocks.append(actions([button("Try again", LOOK, host.name, spoken=f"Look at {host.name} again")]))
    return Message(text=sentence, blocks=tuple(blocks))


def _headline(host: str, usage: DiskUsage, disk: DiskSpace | None) -> str:
    docker = f"{human_size(usage.size)} in Docker, {human_size(usage.reclaimable)} reclaimable"
    return (
        f"{host}: disk {disk.used_share:.0%} full, {human_size(disk.free)} free; {docker}"
        if disk
        else f"{host}: {docker}"
    )


def _never_text(report: HostReport) -> str:
    """What no plan on offer takes, and why; the figures' own meaning."""
    taken = {(item.kind, item.id) for draft in report.offers for item in draft.items}
    kept: dict[tuple[Kind, str], Kept] = {}
    for draft in report.offers:  # the last that has a rule for its kind goes furthest
        for one in draft.kept:
            if (one.kind, one.id) not in taken and one.because != NOT_IN_PROFILE:
                kept[one.kind, one.id] = one
    counts = Counter((one.kind, one.because) for one in kept.values()).most_common(REASONS_SHOWN)
    reasons = [
        f"{counted(count, kind)} ({plain(counted_as(because, count), 80)})"
        for (kind, because), count in counts
    ]
    never = f"Not on offer: {', '.join(reasons)}. " if reasons else ""
    return (
        f"{never}Named volumes are never taken by a rule. SIZE and RECLAIMABLE are this engine's own figures; what a "
        "plan frees is counted by Deckhand, layer by layer."
    )


def _look_buttons(report: HostReport, *, pictures: bool, past: bool) -> list[Block]:
    name = report.host
    named = any(ANONYMOUS_LABEL not in volume.labels for volume in report.survey.inventory.volumes)
    found = [
        button("Details", DETAILS, name, spoken=f"The largest objects on {name}"),
        button("Refresh", LOOK, name, spoken=f"Look at {name} again"),
    ]
    if pictures:
        found.insert(1, button("Picture", PICTURE, name, spoken=f"A picture of where the space of {name} is"))
    if past:
        found.append(button("History", HISTORY, name, spoken=f"How the disk of {name} filled"))
    if named and report.may_pick_volumes:
        found.append(button("Volumes…", PICK_VOLUMES, name, spoken=f"Choose volumes of {name} to remove"))
    return found


def _offer_line(draft: Draft, most: int) -> str:
    return (
        f"`{bar(draft.frees.high / most)}` *{draft.profile}*: {frees_text(draft)} in "
        f"{plural(len(draft.items), 'object')}"
    )


def _offer_button(host: str, draft: Draft) -> Block:
    spoken = f"Plan the cleanup {draft.profile} on {host}, frees {frees_text(draft)}"
    return button(f"Plan {draft.profile}", f"{PROPOSE}:{draft.profile}", host, spoken=spoken)


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
