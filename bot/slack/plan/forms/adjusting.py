"""The form that narrows a plan before it is decided. Pure: a plan to a modal, and a submitted one to an adjustment."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.core.docker.inventory import ORDER, Kind, repository
from bot.core.life.states import PlanState
from bot.core.plan.arguments import PICKED, Adjustment, Arguments, Pick, keep_last_of, until_of
from bot.core.plan.plan import Item
from bot.core.plan.profiles import KIND_NAMES
from bot.core.units import duration_text, short_size
from bot.services.look.planning import request_of
from bot.slack.action_ids import ADJUST_PLAN
from bot.slack.kit.blocks import OPTION_VALUE_LIMIT, Block, chosen, field, modal, option, section, typed
from bot.slack.kit.names import frees_text, short_name
from bot.slack.kit.text import escape, one_line, plural

KINDS, UNTIL, KEEP, DROP, GROUPS = "kinds", "until", "keep", "drop", "groups"
OPTIONS_LIMIT = 100


def before(state: PlanState) -> Arguments:
    """What the plan was asked for with, as far as a form can narrow it."""
    if state.plan.draft.profile == PICKED:
        items = state.plan.draft.items
        return Arguments(picks=tuple(Pick(kind=item.kind, name=item.id) for item in items))
    return request_of(state.plan)


def adjust_form(state: PlanState, before: Arguments) -> Block:
    """The modal, filled with what the plan takes now; it carries the plan's id, and nothing else."""
    plan, items = state.plan, state.plan.draft.items
    counted = {kind: [item for item in items if item.kind is kind] for kind in ORDER}
    kinds = [
        option(
            f"{KIND_NAMES[kind].capitalize()}: {len(found):,}, {short_size(sum(i.bytes for i in found))}",
            str(kind),
        )
        for kind, found in counted.items()
        if found
    ]
    blocks = [
        section(
            f"*{escape(plan.draft.profile)}* on *{escape(plan.host)}* frees {frees_text(plan.draft)} in "
            f"{plural(len(items), 'object')}. What you leave makes a new plan in the place of this one; votes "
            "begin anew, and nothing comes in that this one does not list."
        ),
        field(KINDS, "Kinds", {"type": "checkboxes", "options": kinds, "initial_options": kinds}),
    ]
    if not before.picks:
        blocks += [*_rules(before, images=bool(counted[Kind.IMAGE])), *_groups(counted[Kind.IMAGE])]
    return modal(
        ADJUST_PLAN, "Adjust the plan", [*blocks, _dropping(state)], submit="Plan anew", metadata=plan.id
    )


def _rules(before: Arguments, *, images: bool) -> list[Block]:
    age: Block = {"type": "plain_text_input", "max_length": 20}
    if before.until:
        age["initial_value"] = duration_text(before.until)
    fields = [field(UNTIL, "At least this old", age, hint="Like 240h or 10d.", optional=True)]
    if images:
        last: Block = {
            "type": "number_input",
            "is_decimal_allowed": False,
            "min_value": "0",
            "max_value": "1000",
        }
        if before.keep_last:
            last["initial_value"] = str(before.keep_last)
        hint = "How many of the newest versions of each repository stay."
        fields.append(field(KEEP, "Keep the last versions", last, hint=hint, optional=True))
    return fields


def _groups(images: Sequence[Item]) -> Iterator[Block]:
    """Repositories of which several images go, the largest first: each may be left out as a whole."""
    found = sorted(repositories(images).items(), key=lambda each: -sum(item.bytes for item in each[1]))
    options = [
        option(
            f"{short_size(sum(i.bytes for i in some))} {plural(len(some), 'image')} of {one_line(name)}", name
        )
        for name, some in found
        if len(some) > 1 and name.isprintable() and len(name.split()) == 1 and len(name) <= OPTION_VALUE_LIMIT
    ]
    if options:
        element: Block = {"type": "multi_static_select", "options": options[:OPTIONS_LIMIT]}
        yield field(GROUPS, "Leave out whole repositories", element, optional=True)


def repositories(images: Sequence[Item]) -> Mapping[str, Sequence[Item]]:
    """The images by repository; one that has tags in several is in each of them."""
    found: dict[str, list[Item]] = {}
    for image in images:
        for name in {repository(reference) for reference in image.references}:
            found.setdefault(name, []).append(image)
    return found


def _dropping(state: PlanState) -> Block:
    """The largest objects, each of which may be left out."""
    ordered = sorted(state.items, key=lambda one: -one.item.bytes)
    options = [
        option(
            f"{short_size(one.item.bytes)} {one.item.kind.replace('_', ' ')} {one_line(short_name(one.item))}",
            str(one.position),
        )
        for one in ordered[:OPTIONS_LIMIT]
    ]
    more = len(ordered) - len(options)
    hint = f"The largest {len(options)}; {more:,} more are left out by kind, age or not=NAME." if more else ""
    return field(
        DROP, "Leave these out", {"type": "multi_static_select", "options": options}, hint=hint, optional=True
    )


def adjustment_of(view: Mapping[str, Any], state: PlanState) -> Adjustment:
    """What a submitted form asks for."""
    positions, groups = set(chosen(view, DROP)), set(chosen(view, GROUPS))
    known = {str(kind) for kind in Kind}
    return Adjustment(
        kinds=frozenset(Kind(kind) for kind in chosen(view, KINDS) if kind in known),
        until=typed(view, UNTIL),
        keep_last=typed(view, KEEP),
        dropped=tuple(one.item.id for one in state.items if str(one.position) in positions),
        excluded=tuple(name for name in repositories(state.plan.draft.items) if name in groups),
    )


def mistakes(adjustment: Adjustment, state: PlanState, before: Arguments) -> Mapping[str, str]:
    """What is wrong with a submitted form, by its field; empty when nothing is."""
    found = {}
    if not adjustment.kinds:
        found[KINDS] = "Choose at least one kind; to remove nothing, reject the plan."
    for name, text, read in ((UNTIL, adjustment.until, until_of), (KEEP, adjustment.keep_last, keep_last_of)):
        try:
            read(text, before)
        except ValueError as error:
            found[name] = one_line(str(error))
    if len(adjustment.dropped) == len(state.items):
        found[DROP] = "Nothing would be left of the plan. Reject it instead."
    return found
