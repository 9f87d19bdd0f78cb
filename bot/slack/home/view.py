"""A person's Home: what waits for them, their plans, the hosts, the last cleanups. Pure: a value to a view.

A Home shows many plans, so the ids of their buttons end in the plan's id; what they carry is that id alone.
"""

from collections.abc import Iterator
from hashlib import sha256
from json import dumps
from typing import Any

from bot.core.errors import DeckhandError
from bot.core.life.states import Status
from bot.core.units import short_size
from bot.services.home.gather import FleetFigures, Home, Part, PlanLine
from bot.slack.action_ids import APPROVE, AUDIT_ALL, HOME_OPEN, HOME_PAGE, HOME_REFRESH, REJECT, STOP, TAKE_UP
from bot.slack.audit.messages import cleanup_block
from bot.slack.home.hosts import host_block
from bot.slack.home.plans import ended_text, stuck_text, waiting_text, yours_text
from bot.slack.home.told import told_blocks
from bot.slack.kit.blocks import DIVIDER, Block, actions, button, context, header, section
from bot.slack.kit.text import date, plain, plural
from bot.slack.plan.open import approve_button

CALLBACK = "home"
_OWN = frozenset({"yours", "ended"})
"""Parts that show a person's own plans."""
_PAGE_NAMES = {"waiting": "plans that wait for you", "yours": "plans of yours", "hosts": "hosts"}


def home_view(home: Home) -> Block:
    """The whole Home, as Slack takes it."""
    blocks = [
        header("Deckhand"),
        *_welcome(home),
        *_summary(home),
        *_stuck(home.stuck),
        *_waiting(home.waiting),
        *_yours(home),
        *_hosts(home),
        *_recent(home),
        *told_blocks(home.wished),
    ]
    return _view(blocks)


def trouble_view(error: DeckhandError) -> Block:
    """What a Home says while the database cannot be read."""
    return _view(
        [
            header("Deckhand"),
            section(
                f":x: {plain(str(error), 1_500)}\nThe Home comes back by itself; nothing is removed meanwhile."
            ),
            actions([_refresh()]),
        ]
    )


def digest(view: Block) -> str:
    """The same for two views that say the same, whenever each was drawn."""
    said = [block for block in view["blocks"] if block.get("block_id") != _DRAWN]
    return sha256(dumps(said, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


_DRAWN = "drawn"
"""Block id of what says when the Home was drawn."""


def _view(blocks: list[Block]) -> Block:
    return {"type": "home", "callback_id": CALLBACK, "blocks": blocks}


# --- the parts ----------------------------------------------------------------------------------


def _welcome(home: Home) -> Iterator[Block]:
    """For whoever has asked for nothing yet and has nothing to decide: the three things to do."""
    if home.yours.total or home.ended or home.waiting.total or not home.hosts.total:
        return
    yield section(
        ":wave: *Welcome.* Three things to do, here in *Messages* or in any channel:\n"
        "1. *Look*: `/docker-df` lists the hosts, `/docker-df HOST` shows where its disk went; or press *Look* below.\n"
        "2. *Propose*: press a cleanup under that report, or `/docker-prune HOST`. Nothing is removed by it.\n"
        "3. *Decide*: somebody else approves the plan, and exactly what it lists is removed."
    )


def _summary(home: Home) -> Iterator[Block]:
    waiting, stuck = home.waiting.total, home.stuck.total
    said = [
        f"*{plural(waiting, 'plan')}* {_s(waiting, 'wait')} for you." if waiting else "No plan waits for you."
    ]
    if stuck:
        said.append(f":rotating_light: *{plural(stuck, 'cleanup')}* {_s(stuck, 'need')} attention.")
    block = section("\n".join([" ".join(said), *_figures(home.fleet)]))
    block["accessory"] = _refresh()
    yield block
    yield {**context(f"As of {date(home.drawn_at, '{date_short_pretty} {time_secs}')}"), "block_id": _DRAWN}


def _figures(fleet: FleetFigures) -> Iterator[str]:
    if fleet.looked_at:
        free = f"*{short_size(fleet.free)}* free, " if fleet.disks else ""
        seen = f"{plural(fleet.looked_at, 'host')} that {'was' if fleet.looked_at == 1 else 'were'} looked at"
        yield f"Docker holds *{short_size(fleet.held)}*, {free}on {seen}."
    if fleet.problems:
        yield f":warning: Something is wrong with *{plural(fleet.problems, 'host')}*."


def _refresh() -> Block:
    return button("Refresh", HOME_REFRESH, "refresh", spoken="Draw this Home anew")


def _stuck(stuck: Part[PlanLine]) -> Iterator[Block]:
    if not stuck.shown:
        return
    yield header("Needs attention")
    for line in stuck.shown:
        plan, what = line.state.plan, _what(line)
        yield section(stuck_text(line))
        buttons = []
        if line.may_approve:
            spoken = f"Take up again: {what}"
            buttons.append(
                button("Take up again", f"{TAKE_UP}:{plan.id}", plan.id, style="primary", spoken=spoken)
            )
        if line.may_stop:
            buttons.append(_stop(line))
        yield actions([*buttons, *_open(line, "stuck")])
    if stuck.total > len(stuck.shown):
        yield context(f"… and {stuck.total - len(stuck.shown):,} more: those above come first.")


def _waiting(waiting: Part[PlanLine]) -> Iterator[Block]:
    yield header("Waiting for you")
    if not waiting.shown:
        yield context("No plan waits for your decision.")
    for line in waiting.shown:
        plan, what = line.state.plan, _what(line)
        yield section(waiting_text(line))
        yield actions(
            [
                approve_button(line.state, f"{APPROVE}:{plan.id}"),
                button("Reject", f"{REJECT}:{plan.id}", plan.id, style="danger", spoken=f"Reject: {what}"),
                *_open(line, "waiting"),
            ]
        )
    yield from _turning(waiting, "waiting")


def _yours(home: Home) -> Iterator[Block]:
    yield DIVIDER
    yield header("Your plans")
    if not home.yours.shown and not home.ended:
        yield context("You have asked for no plan yet: `/docker-df HOST` shows what a cleanup would free.")
    for line in home.yours.shown:
        yield section(yours_text(line.state))
        buttons = _open(line, "yours")
        if _can_be_stopped(line):
            buttons.insert(0, _stop(line))
        if buttons:
            yield actions(buttons)
    yield from _turning(home.yours, "yours")
    for state in home.ended:
        block, link = section(ended_text(state)), _open(PlanLine(state=state), "ended")
        if link:
            block["accessory"] = link[0]
        yield block


def _hosts(home: Home) -> Iterator[Block]:
    yield DIVIDER
    yield header(f"Hosts: {home.hosts.total:,}")
    if not home.hosts.total:
        yield context("No registered host is open to you. Deckhand's policies say who may look at which.")
    for line in home.hosts.shown:
        yield host_block(line)
    yield from _turning(home.hosts, "hosts")
    if home.hosts.total:
        yield context(
            "Figures are those of the last look; *Look* asks the host now and answers in your messages here."
        )
    if home.elsewhere:
        yield context(
            "Some hosts or decisions belong to a channel that a policy names: they are not here, ask there."
        )


def _recent(home: Home) -> Iterator[Block]:
    if not home.may_audit:
        return
    yield DIVIDER
    yield header("Recent cleanups")
    if not home.recent:
        yield context("No cleanup is in the audit yet.")
        return
    yield from map(cleanup_block, home.recent)
    yield actions([button("All cleanups", AUDIT_ALL, "all", spoken="The latest cleanups, page by page")])


# --- buttons ------------------------------------------------------------------------------------


def _what(line: PlanLine) -> str:
    return f"{line.state.plan.draft.profile} on {line.state.plan.host}"


def _can_be_stopped(line: PlanLine) -> bool:
    state = line.state
    begun = state.status in {Status.APPROVED, Status.RUNNING}
    return line.may_stop and begun and (state.stop is None or bool(state.attention))


def _stop(line: PlanLine) -> Block:
    plan_id = line.state.plan.id
    label = "Cancel" if line.state.status is Status.APPROVED else "Stop"
    return button(label, f"{STOP}:{plan_id}", plan_id, style="danger", spoken=f"{label}: {_what(line)}")


def _open(line: PlanLine, where: str) -> list[Block]:
    """The link to the plan's message; none where that stands in somebody else's conversation with the bot."""
    message, plan = line.state.message, line.state.plan
    if message is None or not message.permalink:
        return []
    if message.channel.startswith("D") and where not in _OWN:
        return []
    made = button("Open", f"{HOME_OPEN}:{where}:{plan.id}", plan.id, spoken=f"The message of {_what(line)}")
    made["url"] = message.permalink
    return [made]


def _turning(shown: Part[Any], name: str) -> Iterator[Block]:
    """Where a list goes on: which part of it this is, and the buttons that turn."""
    if shown.pages == 1:
        return
    yield context(f"Page {shown.page + 1:,} of {shown.pages:,}, {shown.total:,} {_PAGE_NAMES[name]}")
    pages = (("←", "back", shown.page - 1), ("→", "on", shown.page + 1))
    yield actions(
        [
            button(
                label,
                f"{HOME_PAGE}:{name}:{way}",
                str(page),
                spoken=f"Page {page + 1} of the {_PAGE_NAMES[name]}",
            )
            for label, way, page in pages
            if 0 <= page < shown.pages
        ]
    )


def _s(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb
