"""The one message of a fleet plan through its whole life: a line a host, totals, and the buttons. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bot.core.docker.inventory import Kind
from bot.core.life.fleets import FleetState, LeftOut, Member
from bot.core.life.rollout import hold_words, troubled
from bot.core.life.states import ENDED, Status
from bot.core.plan.plan import Frees
from bot.core.rules.policy import EVERYONE
from bot.core.units import short_size
from bot.slack.action_ids import (
    FLEET_ADJUST,
    FLEET_APPROVE,
    FLEET_GO_ON,
    FLEET_ONE,
    FLEET_REJECT,
    FLEET_STOP,
    FLEET_WITHDRAW,
)
from bot.slack.fleet.hosts import (
    NOTHING,
    AboutHost,
    freed_words,
    hosts_words,
    lost_words,
    outcome_words,
    stands_words,
    until_words,
    waits_words,
)
from bot.slack.kit.blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    header,
    menu,
    option,
    section,
    table,
    whole,
)
from bot.slack.kit.names import range_text
from bot.slack.kit.text import clip, code, date, entry_text, escape, lines_within, mention, plain, plural
from bot.slack.plan.open import PRODUCTION

LOST_SHOWN, STANDS_SHOWN = 48, 46
"""Characters of a cell: with so many hosts as a plan may have, all lines have room in one message."""
LEFT_OUT_BUDGET, HELD_SHOWN, WHO_SHOWN, DATA_SHOWN = 1_000, 500, 6, 400
_GOING_ON = frozenset({Status.APPROVED, Status.RUNNING})
_HOSTS_IN_TEXT = 12

Abouts = Mapping[str, AboutHost]
"""By host."""


def fleet_message(state: FleetState, abouts: Abouts) -> Message:
    """Everything about a fleet as it stands, under one header."""
    waiting = state.with_status(Status.PROPOSED)
    title = _title(state, abouts)
    blocks: list[Block] = [header(title)]
    if state.doubt:
        blocks.append(
            whole(
                ":rotating_light: Somebody changed this plan in Deckhand's database. Nothing of it is decided."
            )
        )
    if state.held and not state.ended:
        blocks.append(whole(held_text(state)))
    if waiting:
        blocks.append(whole(undo_text(_of(state, waiting_only=True))))
        blocks.append(_open_table(state, abouts))
    else:
        blocks.append(_run_table(state))
    blocks += [section(text) for text in _left_out(state.fleet.left_out)]
    if buttons := _buttons(state):
        blocks.append(actions(buttons))
    blocks.append(context(" · ".join(_people(state, abouts))))
    return Message(text=f"{escape(title)}. {_spoken(state, abouts)}", blocks=tuple(blocks))


def _title(state: FleetState, abouts: Abouts) -> str:
    fleet, waiting = state.fleet, state.with_status(Status.PROPOSED)
    where = f"{hosts_words(len(fleet.members))} ({fleet.selection}) · {fleet.request}"
    if waiting:
        prod = " (PROD)" if any(on_production(abouts.get(one.host, NOTHING)) for one in waiting) else ""
        what = f"{total_words(_of(state, waiting_only=True))} on {hosts_words(len(waiting))}{prod}"
        return f"Approve? {what} · {fleet.selection} · {fleet.request}"
    if all(one.ended for one in state.standings):
        return f"{_sign(state)} {freed_words(state)} on {where}"
    if state.held:
        return f"Held: {freed_words(state)} on {where}"
    return f"Rolling out: {freed_words(state)} on {where}"


def _sign(state: FleetState) -> str:
    if not any(one.wave for one in state.standings):
        return "Closed:"
    return "✅" if {one.status for one in state.standings} <= {Status.DONE} else "⚠️"


def on_production(about: AboutHost) -> bool:
    return not PRODUCTION.isdisjoint(tag.lower() for tag in about.tags)


def _of(state: FleetState, *, waiting_only: bool) -> list[Member]:
    status = {one.plan: one.status for one in state.standings}
    return [one for one in state.fleet.members if not waiting_only or status.get(one.plan) is Status.PROPOSED]


def total_words(members: Sequence[Member]) -> str:
    """What all of them free together."""
    return range_text(
        Frees(
            low=sum(one.frees.low for one in members), high=sum(one.frees.high for one in members),
            exact=all(one.frees.exact for one in members), why="",
        )
    )  # fmt: skip


def undo_text(members: Sequence[Member]) -> str:
    """What nothing brings back, of all hosts together; the data first."""
    lost: Counter[Kind] = Counter()
    for one in members:
        lost.update(one.lost)
    objects, count = sum(one.objects for one in members), lost.total()
    if not count:
        return ":information_source: All of it can be made or pulled again."
    text = f":warning: *{count:,} of {objects:,} objects cannot be undone*: {lost_words(lost)}."
    data = [one for one in members if one.volumes]
    if data:
        hosts = ", ".join(
            f"{escape(one.host)} ({one.volumes:,}, {short_size(one.volume_bytes)})" for one in data
        )
        text += (
            f"\n*Data that is gone for good*: volumes on {clip(hosts, DATA_SHOWN)}. Approve lists them first."
        )
    return text


def _open_table(state: FleetState, abouts: Abouts) -> Block:
    """A line a host while any of them waits for its decision; figures are those of its list."""
    by_plan = {one.plan: one for one in state.standings}
    rows = []
    for member in state.fleet.members:
        one = by_plan[member.plan]
        about = abouts.get(member.host, NOTHING)
        stands = waits_words(one, about) if one.status is Status.PROPOSED else stands_words(state, one)
        rows.append((
            member.host, f"{member.objects:,}", range_text(member.frees),
            clip(lost_words(member.lost) or "nothing", LOST_SHOWN), clip(stands, STANDS_SHOWN),
        ))  # fmt: skip
    total = state.fleet.members
    if len(total) > 1:
        lost = sum(sum(one.lost.values()) for one in total)
        rows.append((
            "all", f"{sum(one.objects for one in total):,}", total_words(total), f"{lost:,} objects", "",
        ))  # fmt: skip
    return table(("HOST", "OBJECTS", "FREES", "CANNOT BE UNDONE", "STANDS"), rows)


def _run_table(state: FleetState) -> Block:
    """A line a host once all of them are decided; at the end it is the report."""
    high = {one.plan: one.frees.high for one in state.fleet.members}
    rows = [
        (
            one.host, str(one.wave or ""), clip(stands_words(state, one), STANDS_SHOWN),
            clip(outcome_words(one), LOST_SHOWN), short_size(one.reclaimed), short_size(high[one.plan]),
        )
        for one in state.standings
    ]  # fmt: skip
    if len(rows) > 1:
        freed = short_size(sum(one.reclaimed for one in state.standings))
        done = sum(one.done for one in state.standings)
        every = sum(one.objects for one in state.counted)
        planned = short_size(sum(one.frees.high for one in state.counted))
        rows.append(("all", "", "", f"{done:,} of {every:,}", freed, planned))
    return table(("HOST", "WAVE", "STANDS", "OBJECTS", "FREED", "PLANNED"), rows)


def held_text(state: FleetState) -> str:
    """Why no further host begins, and what to do."""
    now = hold_words(state.fleet.waves, troubled(state))
    why = state.held if not now or now == state.held else f"{state.held}; now {now}"
    left = sum(one.status in {Status.PROPOSED, Status.APPROVED} for one in state.standings)
    begun = len(state.with_status(Status.RUNNING))
    also = f" {hosts_words(begun)} still at it." if begun else ""
    return (
        f":rotating_light: *Held: no further host begins.* {plain(why, HELD_SHOWN)}\n"
        f"{hosts_words(left)} to come.{also} *Go on* lets the next wave begin, by whoever may approve there; *Stop* "
        "ends it."
    )


def _left_out(left_out: Sequence[LeftOut]) -> Iterator[str]:
    """Who has no plan, those with the same reason together."""
    if not left_out:
        return
    by_why: dict[str, list[str]] = {}
    for one in left_out:
        by_why.setdefault(one.why, []).append(one.host)
    lines, left = lines_within(
        (f"• {escape(', '.join(hosts))}: {plain(why, 300)}" for why, hosts in by_why.items()), LEFT_OUT_BUDGET
    )
    more = [f"_… and {plural(left, 'more reason')}: the file in the thread has all_"] if left else []
    yield "\n".join([f"*Left out*: {hosts_words(len(left_out))}", *lines, *more])


def _buttons(state: FleetState) -> list[Block]:
    fleet = state.fleet
    what = f"{fleet.request} on {fleet.selection}"
    found = []
    waiting = state.with_status(Status.PROPOSED)
    if state.held and not state.ended:
        found.append(button("Go on", FLEET_GO_ON, fleet.id, style="primary", spoken=f"Go on: {what}"))
    if waiting and not state.doubt:
        found += [
            button("Approve", FLEET_APPROVE, fleet.id, style="primary",
                   spoken=f"Approve: {what}, {hosts_words(len(waiting))}"),
            button("Reject", FLEET_REJECT, fleet.id, style="danger", spoken=f"Reject: {what}"),
            button("Leave hosts out", FLEET_ADJUST, fleet.id, spoken=f"Leave hosts out: {what}"),
        ]  # fmt: skip
        if any(one.approvers for one in waiting):
            found.append(
                button("Withdraw my approval", FLEET_WITHDRAW, fleet.id, spoken=f"Withdraw approval: {what}")
            )
    if state.with_status(*_GOING_ON):
        found.append(button("Stop", FLEET_STOP, fleet.id, style="danger", spoken=f"Stop all: {what}"))
    return [*found, one_menu(state)]


def one_menu(state: FleetState) -> Block:
    """All of one host's plan, one press away."""
    options = [option(one.host, one.plan) for one in state.fleet.members]
    return menu("All of one host…", FLEET_ONE, options)


def _people(state: FleetState, abouts: Abouts) -> Iterator[str]:
    fleet = state.fleet
    yield f"{mention(fleet.requester)} asked"
    if state.with_status(Status.PROPOSED):
        yield f"may approve: {may_approve_text(state, abouts)}"
        yield f"each host by its own policy, until {until_words(state)}"
    if not all(one.status in ENDED for one in state.standings):
        yield f"{fleet.waves.words()}"
    yield f"plan {code(fleet.id)}"
    yield date(fleet.created_at)


def may_approve_text(state: FleetState, abouts: Abouts) -> str:
    """Whom the policies of the hosts that wait name; which of them where is each policy's own."""
    entries: dict[str, None] = {}
    for one in state.with_status(Status.PROPOSED):
        about = abouts.get(one.host, NOTHING)
        own = state.fleet.requester.id
        entries |= dict.fromkeys(each for each in about.approvers if about.self_approval or each != own)
    if EVERYONE in entries:
        return "anyone"
    named = [entry_text(entry) for entry in entries]
    more = f" and {len(named) - WHO_SHOWN} more" if len(named) > WHO_SHOWN else ""
    return (", ".join(named[:WHO_SHOWN]) + more) or "nobody"


def _spoken(state: FleetState, abouts: Abouts) -> str:
    """The decision for those who hear the message."""
    waiting = _of(state, waiting_only=True)
    if not waiting:
        stands = Counter(stands_words(state, one).partition(",")[0] for one in state.standings)
        said = ", ".join(f"{hosts_words(count)} {escape(words)}" for words, count in stands.items())
        held = f" {held_text(state)}" if state.held and not state.ended else ""
        return f"{said}.{held}"
    named = ", ".join(escape(one.host) for one in waiting[:_HOSTS_IN_TEXT])
    more = f" and {len(waiting) - _HOSTS_IN_TEXT} more" if len(waiting) > _HOSTS_IN_TEXT else ""
    left = f" Left out: {hosts_words(len(state.fleet.left_out))}." if state.fleet.left_out else ""
    return (
        f"Removes {sum(one.objects for one in waiting):,} objects on {named}{more}. {undo_text(waiting)}{left} "
        f"May approve: {may_approve_text(state, abouts)}. Expires {until_words(state)}."
    )
