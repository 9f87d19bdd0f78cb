"""What a person writes behind a host's name to say what a cleanup may take: a profile, narrowed, or objects.

Arguments only ever narrow: a kind that the profile does not take cannot be added, an age cannot be lowered. The one
that widens says so wherever the plan is shown: ``arrival=build`` takes images by their build date, as Docker does.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import get_close_matches
from types import MappingProxyType

from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import ORDER, Kind, short_id
from bot.core.docker.labels import ANY_OBJECT, LabelFilter
from bot.core.errors import UsageError
from bot.core.plan.profiles import KIND_NAMES, Profile
from bot.core.plan.target.target import Target, parse_free, parse_percent, target_meant
from bot.core.units import duration_text, parse_duration

EXAMPLE = "routine until=240h keep=3 only=images,build_cache not=postgres"
PICKED = "picked"
"""The profile of a plan that takes single objects, each named by a person."""

_MOST_KEPT = 1_000
_VALUE = re.compile(r"[A-Za-z0-9_.:/@*?\[\]=!,+~%-]{1,512}")
"""Names, patterns, labels and durations; nothing that Slack or a shell would take for its own."""
_KINDS: Mapping[str, Kind] = MappingProxyType(
    {name: kind for kind in Kind for name in (kind.value, f"{kind.value}s", KIND_NAMES[kind])}
    | {"cache": Kind.BUILD_CACHE}
)
_SPELLED = re.compile(r"([0-9]+) ?(d|h|m|w)(?:ays?|ours?|rs?|in(?:ute)?s?|eeks?)")
"""A duration with its unit written out."""
VOLUMES_BY_NAME = (
    "A volume is picked by its name each time, and never behind a command: press Volumes… under the host's report in "
    "Slack. The profile volumes takes those without a name."
)
_PICKABLE = (Kind.CONTAINER, Kind.IMAGE, Kind.NETWORK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One object that a person named."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}={self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What was asked for; empty means the profile as it is."""

    profile: str | None = None
    until: timedelta = timedelta()
    keep_last: int = 0
    only: frozenset[Kind] | None = None
    labels: LabelFilter = ANY_OBJECT
    excluded: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    """Ids, whole or their first twelve characters, of objects that stay."""
    picks: tuple[Pick, ...] = ()
    arrival: Arrival = Arrival.SEEN
    target: Target | None = None
    """What the disk needs; of the rest that could go nothing is taken."""
    within: frozenset[str] | None = None
    """Ids of the only objects that may be taken: those of the plan that is to be replaced. Not written out."""
    words: tuple[str, ...] = ()
    """The arguments as they were written, without the profile."""


def parse_arguments(words: Sequence[str]) -> Arguments:
    """Read the words behind the host; UsageError says which word is wrong, and shows an example."""
    found = Arguments()
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key.endswith("!"):
            found = _with(found, key, value, word)
        elif equals:
            found = _with(found, key.lower(), value, word)
        elif found.profile is None and not found.words:
            found = replace(found, profile=word)
        else:
            raise UsageError(f"I do not understand “{word}”. Example: {EXAMPLE}")
    if found.picks and (found.profile not in {None, PICKED} or len(found.picks) < len(found.words)):
        raise UsageError(
            f"{found.picks[0]} names one object: no profile and no other argument goes with it. "
            "Example: image=myapp:1.0 container=old-job"
        )
    return found


def arguments_of(text: str) -> Arguments:
    """Read what narrowed a plan, as it is stored with it; UsageError for what another release wrote."""
    return parse_arguments(text.split())


def parse_several(words: Sequence[str]) -> tuple[Arguments, ...]:
    """Read several profiles and what narrows all of them; one request each, at least one."""
    profiles = [word for word in words if "=" not in word]
    rest = [word for word in words if "=" in word]
    return tuple(parse_arguments([*profile, *rest]) for profile in ([name] for name in profiles)) or (
        parse_arguments(rest),
    )


def _with(found: Arguments, key: str, value: str, word: str) -> Arguments:
    reader = _READERS.get(key)
    if key.rstrip("s") == Kind.VOLUME:
        raise UsageError(VOLUMES_BY_NAME)
    if reader is None:
        near = nearest(key, _READERS, 0.7)
        hint = f"Did you mean {near}=? " if near else ""
        said = f"There is no argument “{key}=”. {hint}The arguments are: {', '.join(f'{each}=' for each in _READERS)}."
        raise UsageError(said, wrong=word, right=f"{near}={value}" if near else "")
    if not _VALUE.fullmatch(value):
        what = "has a character that no name of Docker's has" if value else "names nothing"
        raise UsageError(f"“{word}” {what}. Example: {EXAMPLE}")
    try:
        changed = reader(found, value)
    except ValueError as error:
        right = _meant(key, value)
        hint = f" Did you mean {right}?" if right else f" Example: {EXAMPLE}"
        raise UsageError(f"{key}=: {error}.{hint}", wrong=word, right=right) from None
    return replace(changed, words=(*found.words, f"{key}={value}"))


def _meant(key: str, value: str) -> str:
    """The argument that was probably meant by one whose value is wrong; empty where nobody can tell."""
    spelled = _SPELLED.fullmatch(value.lower())
    if key == "until" and spelled:
        return f"until={spelled[1]}{spelled[2]}"
    if key in {"free", "below"}:
        return target_meant(key, value)
    if key == "only":
        kinds = [name if name.lower() in _KINDS else nearest(name, _KINDS) for name in value.split(",")]
        return f"only={','.join(kinds)}" if all(kinds) else ""
    near = nearest(value, list(Arrival)) if key == "arrival" else ""
    return f"arrival={near}" if near else ""


def nearest(word: str, known: Collection[str], alike: float = 0.6) -> str:
    """What of all that is known is written most like a word; empty where nothing is ``alike``, from 0 to 1."""
    found = get_close_matches(word.lower(), known, n=1, cutoff=alike)
    return found[0] if found else ""


def _until(found: Arguments, value: str) -> Arguments:
    return replace(found, until=max(found.until, parse_duration(value)))


def _keep(found: Arguments, value: str) -> Arguments:
    if not (value.isascii() and value.isdigit() and 0 < int(value) <= _MOST_KEPT):
        raise ValueError(f"“{value}” is no number of versions; write one from 1 to {_MOST_KEPT}")
    return replace(found, keep_last=max(found.keep_last, int(value)))


def _arrival(found: Arguments, value: str) -> Arguments:
    if value not in set(Arrival):
        raise ValueError(f"“{value}” is none of {', '.join(Arrival)}; build takes images by their build date")
    return replace(found, arrival=Arrival(value))


def _only(found: Arguments, value: str) -> Arguments:
    kinds = frozenset(map(_kind, value.split(",")))
    return replace(found, only=kinds if found.only is None else found.only & kinds)


def _free(found: Arguments, value: str) -> Arguments:
    return _to(found, Target(free=parse_free(value)))


def _below(found: Arguments, value: str) -> Arguments:
    return _to(found, Target(below=parse_percent(value)))


def _to(found: Arguments, target: Target) -> Arguments:
    return replace(found, target=found.target.and_also(target) if found.target else target)


def _kind(name: str) -> Kind:
    kind = _KINDS.get(name.lower())
    if kind is None:
        raise ValueError(f"“{name}” is no kind of object; the kinds are {', '.join(map(str, ORDER))}")
    return kind


def _label(found: Arguments, value: str) -> Arguments:
    return replace(found, labels=replace(found.labels, wanted=(*found.labels.wanted, value)))


def _no_label(found: Arguments, value: str) -> Arguments:
    return replace(found, labels=replace(found.labels, refused=(*found.labels.refused, value)))


def _not(found: Arguments, value: str) -> Arguments:
    return replace(found, excluded=(*found.excluded, value))


def _drop(found: Arguments, value: str) -> Arguments:
    return replace(found, dropped=(*found.dropped, *value.split(",")))


def _picker(kind: Kind) -> Callable[[Arguments, str], Arguments]:
    def pick(found: Arguments, value: str) -> Arguments:
        return replace(found, picks=(*found.picks, Pick(kind=kind, name=value)))

    return pick


_READERS: Mapping[str, Callable[[Arguments, str], Arguments]] = MappingProxyType(
    {
        "until": _until,
        "keep": _keep,
        "only": _only,
        "label": _label,
        "label!": _no_label,
        "not": _not,
        "drop": _drop,
        "free": _free,
        "below": _below,
        "arrival": _arrival,
    }
    | {str(kind): _picker(kind) for kind in _PICKABLE}
)
WORDS = tuple(_READERS)
"""What may stand before the equals sign."""


def narrowed(profile: Profile, arguments: Arguments) -> Profile:
    """The profile with these arguments; UsageError where they name a kind that it does not take."""
    kinds = arguments.only if arguments.only is not None else frozenset(profile.rules)
    foreign = sorted(kind for kind in kinds if kind not in profile.rules)
    if foreign or not kinds:
        taken = ", ".join(str(kind) for kind in ORDER if kind in profile.rules)
        what = f"takes no {KIND_NAMES[Kind(foreign[0])]}" if foreign else "would take nothing"
        raise UsageError(f"only=: {profile.name} {what}; it takes {taken}.")
    if arguments.target and Kind.VOLUME in kinds:
        raise UsageError(
            f"{profile.name} takes volumes, and no target does: their data would be gone for good. Leave out free= "
            "and below=."
        )
    rules = {
        kind: replace(
            rule,
            min_age=max(rule.min_age, arguments.until),
            keep_last=max(rule.keep_last, arguments.keep_last) if kind is Kind.IMAGE else rule.keep_last,
        )
        for kind, rule in profile.rules.items()
        if kind in kinds
    }
    labels = LabelFilter(
        wanted=(*profile.labels.wanted, *arguments.labels.wanted),
        refused=(*profile.labels.refused, *arguments.labels.refused),
    )
    return replace(
        profile,
        rules=MappingProxyType(rules),
        labels=labels,
        excluded=(*profile.excluded, *arguments.excluded),
        dropped=profile.dropped | frozenset(arguments.dropped),
        arrival=Arrival.BUILD if Arrival.BUILD in {profile.arrival, arguments.arrival} else profile.arrival,
        within=arguments.within,
        target=arguments.target,
        arguments=" ".join(arguments.words),
    )


# --- adjusting ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What a person changes of a plan that waits for its decision; it only ever narrows."""

    kinds: frozenset[Kind]
    until: str = ""
    """How old at least, as it was written; empty leaves it as it is."""
    keep_last: str = ""
    """How many versions of each repository stay, as it was written; empty leaves it as it is."""
    dropped: tuple[str, ...] = ()
    """Ids of objects that are to stay."""
    excluded: tuple[str, ...] = ()
    """Repositories all of whose images are to stay."""


def until_of(text: str, before: Arguments) -> timedelta:
    """The age that was written; ValueError when it is none, or less than before."""
    until = parse_duration(text) if text else before.until
    if until < before.until:
        raise ValueError(f"at least {duration_text(before.until)}, as before: a plan is only ever narrowed")
    return until


def keep_last_of(text: str, before: Arguments) -> int:
    """The number of tags that was written; ValueError when it is none, or less than before."""
    keep_last = _keep(Arguments(), text).keep_last if text and text != "0" else before.keep_last
    if keep_last < before.keep_last:
        raise ValueError(f"at least {before.keep_last}, as before: a plan is only ever narrowed")
    return keep_last


def adjusted(before: Arguments, change: Adjustment, within: Collection[str]) -> Arguments:
    """The arguments of the plan that is to take another one's place; nothing beyond ``within`` is in it.

    UsageError where nothing of it would be left to take.
    """
    try:
        until, keep_last = until_of(change.until, before), keep_last_of(change.keep_last, before)
    except ValueError as error:
        raise UsageError(str(error)) from None
    changed = {"until", "keep", "only", "drop"}
    words = [word for word in before.words if word.partition("=")[0] not in changed]
    dropped = dict.fromkeys((*before.dropped, *map(short_id, change.dropped)))
    words += [f"only={','.join(kind for kind in ORDER if kind in change.kinds)}"]
    words += [f"until={duration_text(until)}"] if until else []
    words += [f"keep={keep_last}"] if keep_last else []
    words += [f"drop={each}" for each in dropped]
    words += [f"not={each}" for each in change.excluded]
    profile = [before.profile] if before.profile else []
    return replace(parse_arguments([*profile, *words]), within=frozenset(within))
