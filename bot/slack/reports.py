"""Messages that answer a look: a host's disk usage, the list of hosts, why something stays."""

from collections.abc import Sequence

from bot.core.audit_format import Head
from bot.core.hosts import Host
from bot.core.objects import Explanation, Reason
from bot.core.plans import Draft
from bot.core.units import human_size
from bot.core.usage import DiskUsage
from bot.services.planning import HostReport
from bot.slack.blocks import Block, Message, actions, button, context, header, section, table
from bot.slack.text import (
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

PROPOSE = "propose"
"""Prefix of the action ids of the buttons that ask for a plan: ``propose:PROFILE``, with the host as value."""
TAGS_SHOWN = 8
OBJECTS_EXPLAINED = 3
USAGE_HEAD = ("TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE")
OUTCOME_EMOJI = {
    "done": ":white_check_mark:",
    "partial": ":warning:",
    "stopped": ":octagonal_sign:",
    "failed": ":x:",
}


def usage_table(usage: DiskUsage) -> Block:
    """Docker's own table, with the figures and units of the engine's own CLI."""
    return table(
        USAGE_HEAD,
        (row.cells for row in usage.rows),
    )


def report_message(report: HostReport) -> Message:
    """The answer to ``/docker-df HOST``."""
    engine, usage, disk = report.survey.inventory.engine, report.survey.usage, report.survey.disk
    headline = (
        f"{report.host}: {human_size(usage.size)} in Docker, {human_size(usage.reclaimable)} reclaimable"
    )
    if disk:
        headline += f", disk {disk}"
    offers = [draft for draft in report.offers if draft.items]
    blocks: list[Block] = [
        header(headline),
        context(
            f"Docker Engine {plain(engine.version)} · {plain(engine.operating_system or engine.name)} · "
            f"data root {code(engine.data_root)} · as of {date(report.survey.inventory.taken_at)}"
        ),
        usage_table(usage),
    ]
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
    blocks.append(
        context(
            "SIZE and RECLAIMABLE are this engine's own figures; what a plan frees is counted by Deckhand, "
            "layer by layer. Named volumes are never offered."
        )
    )
    rows = "; ".join(f"{row.type} {human_size(row.size)}" for row in usage.rows)
    return Message(text=f"{headline}. {rows}.", blocks=tuple(blocks))


def frees_text(draft: Draft) -> str:
    """``1.2GB`` when exact, a range when not."""
    low, high = human_size(draft.frees.low), human_size(draft.frees.high)
    if draft.frees.exact:
        return high
    return f"about {high}" if low == high else f"{low} to {high}"


def _offer_line(draft: Draft, most: int) -> str:
    return (
        f"`{bar(draft.frees.high / most)}` *{draft.profile}*: {frees_text(draft)} in "
        f"{plural(len(draft.items), 'object')}"
    )


def _offer_button(host: str, draft: Draft) -> Block:
    spoken = f"Plan the cleanup {draft.profile} on {host}, frees {frees_text(draft)}"
    label = f"{draft.profile}: {frees_text(draft)}"
    return button(label, f"{PROPOSE}:{draft.profile}", host, spoken=spoken)


def hosts_message(hosts: Sequence[Host]) -> Message:
    """The answer to ``/docker-df`` alone."""
    if not hosts:
        text = "No registered host is open to you. Deckhand's policies say who may look at which."
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


def head_message(head: Head) -> Message:
    """The daily post of where the audit's chain ends."""
    return Message(
        text=f"The audit stands at event {head.seq}: {head}",
        blocks=(
            section(f":lock: The audit stands at event {head.seq}: {code(str(head), 100)}"),
            context(
                f"Kept here, it shows whether the audit is rewritten later: `deckhand audit verify --head {head}`"
            ),
        ),
    )
