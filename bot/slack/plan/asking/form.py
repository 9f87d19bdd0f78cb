"""The form that asks for a cleanup where typing is hard. Pure: what may be asked for to a modal, and back."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.plan.arguments import PICKED
from bot.core.plan.profiles import DEFAULT_PROFILE, Profile
from bot.core.rules.hosts import Host
from bot.core.rules.policy import allows, profile_objection
from bot.services.look.offered import Offers
from bot.slack.action_ids import ASK_HOST, ASK_PLAN
from bot.slack.kit.blocks import Block, field, modal, option, section, submitted, typed
from bot.slack.kit.names import range_text
from bot.slack.kit.profiles import good_for
from bot.slack.kit.text import clip, escape, one_line, plural

HOST, PROFILE, NARROW, CHANNEL = ASK_HOST, "profile", "narrow", "channel"
OPTIONS_LIMIT = 100
NARROW_LIMIT = 1_000
_SINGLE = option(
    "Single objects, by name", PICKED, "those that the line below names: image=app:1.0 container=job"
)
_HINT = (
    "As behind /docker-prune: below=70% or free=20GB (no more than the disk needs), until=240h, keep=3, "
    "only=images,build_cache, label!=keep, not=postgres*. "
    "It only ever narrows; /docker-prune help tells all of it."
)
_ALONE = (
    "What you choose makes a plan. Nothing is removed before it is approved, and then exactly what it lists."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a form holds: as it opens, as it stands, or as it was submitted."""

    host: str = ""
    profile: str = ""
    narrow: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a form was asked for, and so where its plan goes; it is carried."""

    channel: str = ""
    """Empty where a channel is chosen in the form."""
    thread: str = ""

    def carried(self) -> str:
        return f"{ASK_PLAN} {self.channel} {self.thread}".strip()


def asking_form(
    place: Place, given: Given, hosts: Sequence[Host], profiles: Collection[Profile], offers: Offers | None
) -> Block:
    """The modal. ``hosts`` are those whose profiles are on offer: the one that is chosen, or all while none is."""
    what = _profile(given, hosts, profiles, offers)
    blocks = [section(_ALONE), _host(given), *what, _narrow(given), *_channel(place, given)]
    return modal(
        ASK_PLAN,
        "Plan a cleanup",
        blocks,
        submit="Plan",
        metadata=place.carried(),
    )  # fmt: skip


def _host(given: Given) -> Block:
    element: Block = {
        "type": "external_select",
        "min_query_length": 0,
        "placeholder": {"type": "plain_text", "text": "Type to search, by name or tag"},
    }
    if given.host:
        element["initial_option"] = option(given.host, given.host)
    return {**field(HOST, "Host", element), "dispatch_action": True}


def _profile(
    given: Given, hosts: Sequence[Host], profiles: Collection[Profile], offers: Offers | None
) -> Iterator[Block]:
    frees = offers.frees if offers else {}
    options = [
        option(_named(each, frees), each.name, good_for(each.name, each.words()))
        for each in profiles
        if any(allows(host.policy, each) for host in hosts)
    ][: OPTIONS_LIMIT - 1]
    if any(profile_objection(host.policy, PICKED, ()) is None for host in hosts):
        options.append(_SINGLE)
    if not options:
        names = ", ".join(escape(host.name) for host in hosts)
        yield section(f":no_entry: Policy “{escape(hosts[0].policy.name)}” allows no cleanup on *{names}*.")
        return
    wanted = given.profile or DEFAULT_PROFILE
    element: Block = {"type": "static_select", "options": options}
    first = next((each for each in options if each["value"] == wanted), None)
    if first:
        element["initial_option"] = first
    yield field(PROFILE, "What may go", element, hint=_seen_text(offers) if offers else "")


def _named(profile: Profile, frees: Mapping[str, Any]) -> str:
    known = frees.get(profile.name)
    return f"{profile.name}: frees {range_text(known)}" if known else profile.name


def _seen_text(offers: Offers) -> str:
    age = f"{plural(int(offers.age // 60), 'minute')} ago" if offers.age >= 60 else "a moment ago"  # noqa: PLR2004 - seconds of a minute
    return f"What each frees is what a look found {age}; the plan asks the engine anew."


def _narrow(given: Given) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "max_length": NARROW_LIMIT,
        "placeholder": {"type": "plain_text", "text": "below=70% until=240h keep=3"},
    }
    if given.narrow:
        element["initial_value"] = clip(given.narrow, NARROW_LIMIT)
    return field(NARROW, "Narrowed to", element, hint=_HINT, optional=True)


def _channel(place: Place, given: Given) -> Iterator[Block]:
    if place.channel:
        return
    element: Block = {
        "type": "conversations_select",
        "default_to_current_conversation": True,
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if given.channel:
        element["initial_conversation"] = given.channel
    hint = "Whoever may approve it has to see it there, and I have to be a member."
    yield field(CHANNEL, "Where its plan is posted", element, hint=hint)


# --- the menu of hosts --------------------------------------------------------------------------


def host_options(hosts: Iterable[Host], searched: str) -> list[Block]:
    """The hosts whose name or tag has what was typed, those that begin with it first; at most a hundred."""
    wanted = searched.strip().lower()
    found = [host for host in hosts if any(wanted in word.lower() for word in (host.name, *host.tags))]
    found.sort(key=lambda host: (not host.name.lower().startswith(wanted), host.name))
    return [option(host.name, host.name, one_line(" ".join(host.tags))) for host in found[:OPTIONS_LIMIT]]


# --- what comes back ----------------------------------------------------------------------------


def given_in(view: Mapping[str, Any]) -> Given:
    """What stands in a form now."""

    def chosen(name: str) -> str:
        return str((submitted(view, name).get("selected_option") or {}).get("value") or "")

    channel = str(submitted(view, CHANNEL).get("selected_conversation") or "")
    return Given(host=chosen(HOST), profile=chosen(PROFILE), narrow=typed(view, NARROW), channel=channel)
