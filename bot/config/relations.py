"""Mistakes between the keys of a file, each with its place and remedy; looked for even where single keys are wrong.

A key that could not be read has its default and is in its table's ``model_fields_set``: that mistake is told already.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from bot.config import values
from bot.config.file import ConfigFile
from bot.config.of_telling import of_telling
from bot.config.pressure import contradictions, tables_of
from bot.config.tables import (
    DEFAULT_POLICY,
    HostTable,
    PolicyTable,
    RegistryTable,
    ScheduleTable,
)
from bot.config.taking import RULES, ProfileTable
from bot.config.toml import EXAMPLE
from bot.config.values import TAG_PREFIX, hosts_meant, policies_for
from bot.core.docker.inventory import Kind
from bot.core.errors import UsageError
from bot.core.plan.arguments import PICKED, narrowed, parse_arguments
from bot.core.plan.profiles import BUILT_IN, Profile
from bot.core.rules.policy import Volumes
from bot.core.units import duration_text

_RESERVED_PROFILES = frozenset({PICKED, "why", "help"})


def relations(file: ConfigFile) -> Iterator[str]:
    for name, profile in file.profiles.items():
        yield from (f"profiles.{name}{problem}" for problem in _of_profile(name, profile))
    for name, host in file.hosts.items():
        yield from (f"hosts.{name}{problem}" for problem in _of_host(host, file))
    for name, policy in file.policies.items():
        yield from (f"policies.{name}.{problem}" for problem in _of_policy(name, policy, file))
    for name, host in file.hosts.items():
        yield from (f"hosts.{name}: {problem}" for problem in _of_its_policies(host, file))
    for name, schedule in file.schedules.items():
        yield from (f"schedules.{name}.{problem}" for problem in _of_schedule(schedule, file))
    for name, table in file.on_call.items():
        yield from (
            f"on_call.{name}.{key}: is missing; {EXAMPLE}"
            for key in table.needed
            if key not in table.model_fields_set
        )
    yield from _of_watch(file)
    yield from _of_pressure(file)
    yield from _of_audit(file)
    for name, registry in file.registries.items():
        yield from (f"registries.{name}{problem}" for problem in _of_registry(registry))


def _of_watch(file: ConfigFile) -> Iterator[str]:
    for tag in file.watch.tags:
        if not hosts_meant(f"@{tag}", file.hosts):
            yield f"watch.tags.{tag}: {_no_tag(tag, file)}"
    for place, table in {
        "watch": file.watch,
        **{f"watch.tags.{t}": e for t, e in file.watch.tags.items()},
    }.items():
        every, volumes = table.every, table.volumes_every
        written = {"every", "volumes_every"} <= table.model_fields_set
        if written and every is not None and volumes is not None and volumes < every:
            yield (
                f"{place}.volumes_every: is shorter than every ({duration_text(every)}); volumes are counted with all "
                "else at most: write as much, or more"
            )


def _of_audit(file: ConfigFile) -> Iterator[str]:
    given = {"archive_after", "archive_to"} & file.audit.model_fields_set
    if len(given) == 1:
        missing = ({"archive_after", "archive_to"} - given).pop()
        example = '"400d"' if missing == "archive_after" else '"archive"'
        yield f"audit.{given.pop()}: says nothing without {missing}; write {missing} = {example} beside it"


def _of_pressure(file: ConfigFile) -> Iterator[str]:
    for tag in file.watch.pressure.tags:
        if not hosts_meant(f"@{tag}", file.hosts):
            yield f"watch.pressure.tags.{tag}: {_no_tag(tag, file)}"
    hosts = {name: (table.pressure, table.tags) for name, table in file.hosts.items()}
    for place, written, counts in tables_of(file.watch.pressure, hosts):
        yield from (f"{place}.{problem}" for problem in contradictions(written, counts))
        if "profile" in written.model_fields_set and _profiles(file).get(written.profile, True):
            why = (
                "takes volumes, which only a person picks"
                if written.profile in _profiles(file)
                else "is no profile"
            )
            others = [name for name, takes_volumes in _profiles(file).items() if not takes_volumes]
            yield f"{place}.profile: “{written.profile}” {why}{_hint(written.profile, others)}"


def _of_registry(table: RegistryTable) -> Iterator[str]:
    if table.model_fields_set in ({"docker_config"}, {"username", "password_file"}):
        return
    yield (
        ": says no one way to log in; write username and password_file, or docker_config = "
        '"~/.docker/config.json" alone'
    )


def _of_profile(name: str, table: ProfileTable) -> Iterator[str]:
    if name.lower() in _RESERVED_PROFILES:
        yield f": “{name}” means something else behind a host; choose another name"
    if not table.rules():
        yield f': takes nothing; write for example images = {{ take = "unused" }} ({", ".join(RULES)})'
    if "volumes" in table.rules() and len(table.rules()) > 1:
        yield ".volumes: volumes are in no profile but their own; move this rule into a profile for itself"


def _of_host(table: HostTable, file: ConfigFile) -> Iterator[str]:
    given = table.model_fields_set
    ways = [key for key in ("ssh", "context", "docker") if key in given]
    if len(ways) != 1:
        yield (
            f": names {' and '.join(ways) or 'no way to its engine'}; write exactly one of "
            'ssh = "user@host:22", context = "name" or docker = "unix:///var/run/docker.sock"'
        )
    for key in ("identity", "known_hosts"):
        if key in given and "ssh" not in given:
            yield f".{key}: only means something beside ssh; remove it"
    if "tls" in given and ("docker" not in given or (table.docker or "tcp:").startswith("unix:")):
        yield '.tls: only means something beside docker = "tcp://…"; remove it'
    if table.policy is not None and table.policy not in file.policies:
        nearest = get_close_matches(table.policy, file.policies, n=1)
        yield f".policy: there is no [policies.{table.policy}]; " + (
            f"did you mean {nearest[0]}?" if nearest else "add it"
        )


def _of_its_policies(table: HostTable, file: ConfigFile) -> Iterator[str]:
    matching = policies_for(table, file.policies)
    if "policy" not in table.model_fields_set and len(matching) > 1:
        both = " and ".join(f"{policy} ({why})" for policy, why in matching)
        yield f'two policies are for it: {both}; name the one that counts with policy = "{matching[0][0]}"'


def _of_policy(name: str, table: PolicyTable, file: ConfigFile) -> Iterator[str]:
    if name == DEFAULT_POLICY and "tags" in table.model_fields_set:
        yield "tags: every host that no other policy is for has this one; remove the key"
    else:
        yield from (
            f"tags: {_no_tag(tag, file)}" for tag in table.tags if not hosts_meant(f"@{tag}", file.hosts)
        )
    yield from _of_its_profiles(table, file)
    yield from _of_its_limits(table, file)
    yield from of_telling(table, _effective(table, file), file)


def _of_its_profiles(table: PolicyTable, file: ConfigFile) -> Iterator[str]:
    known, effective = _profiles(file), _effective(table, file)
    for name in table.profiles or ():
        if name not in {*known, PICKED}:
            yield f"profiles: there is no profile “{name}”{_hint(name, [*known, PICKED])}"
    yield from _of_what_it_approves(table, effective, known)


def _of_what_it_approves(
    table: PolicyTable, effective: PolicyTable, known: Mapping[str, bool]
) -> Iterator[str]:
    """What it approves itself; ``known`` says of every profile whether it takes volumes."""
    for key in ("auto_approve", "auto_approve_to"):
        for name in getattr(effective, key) if {key, "profiles"} & table.model_fields_set else ():
            if name not in known:
                yield f"{key}: there is no profile “{name}”{_hint(name, known)}"
            elif known[name]:
                yield f"{key}: “{name}” takes volumes, which only a person approves; remove it"
            elif effective.profiles is not None and name not in effective.profiles:
                yield (
                    f"{key}: “{name}” is not among the profiles that this policy allows; add it "
                    "there, or remove it here"
                )
    for name in effective.auto_approve_to if "auto_approve_to" in table.model_fields_set else ():
        if name in effective.auto_approve:
            yield f"auto_approve_to: “{name}” is approved without a target already, by auto_approve; remove it from one"
    if (
        "auto_on_pressure" in table.model_fields_set
        and effective.auto_on_pressure
        and not effective.auto_approve_to
    ):
        yield (
            'auto_on_pressure: for which plan? Add auto_approve_to = { everything = "below=70%" }, or remove it'
        )
    if "auto_windows" in table.model_fields_set and not (effective.auto_approve or effective.auto_approve_to):
        yield (
            'auto_windows: the policy approves nothing itself; add auto_approve_to = { everything = "below=70%" }, '
            "or remove it"
        )


def _of_its_limits(table: PolicyTable, file: ConfigFile) -> Iterator[str]:
    effective = _effective(table, file)
    above = effective.quorum_above
    if above is None or not {"quorum", "quorum_above"} & table.model_fields_set:
        return
    if not {"max_bytes", "max_objects"} & effective.model_fields_set:
        yield (
            "quorum_above: above what? It only means something beside max_bytes or "
            'max_objects; add max_bytes = "50GB", or remove it'
        )
    elif above <= effective.quorum:
        yield f"quorum_above: is {above}, and quorum is {effective.quorum} already; write a higher one"


def _of_schedule(table: ScheduleTable, file: ConfigFile) -> Iterator[str]:
    for key in table.needed:
        if key not in table.model_fields_set:
            yield f"{key}: is missing; {EXAMPLE}"
    for entry in table.hosts:
        if not hosts_meant(entry, file.hosts):
            yield f"hosts: {_no_host(entry, file)}"
    if table.profile and table.profile not in _profiles(file):
        yield f"profile: there is no profile “{table.profile}”{_hint(table.profile, _profiles(file))}"
    objection = _arguments_objection(table, file)
    if objection:
        yield f"arguments: {objection}"
    for host in dict.fromkeys(host for entry in table.hosts for host in hosts_meant(entry, file.hosts)):
        objection = _forbidden(host, table.profile, file)
        if objection:
            yield f"profile: {objection}"


def _no_host(entry: str, file: ConfigFile) -> str:
    if entry.startswith(TAG_PREFIX):
        return _no_tag(entry.removeprefix(TAG_PREFIX), file)
    return f"there is no [hosts.{entry}]{_hint(entry, file.hosts)}; a tag is written like @ci"


def _no_tag(tag: str, file: ConfigFile) -> str:
    known = sorted({tag for table in file.hosts.values() for tag in table.tags})
    return f"no host has the tag “{tag}”{_hint(tag, known)}"


def _arguments_objection(table: ScheduleTable, file: ConfigFile) -> str | None:
    try:
        arguments = parse_arguments(table.arguments.split())
        profile = _profile(table.profile, file)
        if profile is not None:
            narrowed(profile, arguments)
    except UsageError as error:
        return str(error)
    narrows = not arguments.picks and arguments.profile is None
    return None if narrows else "write only what narrows the profile, like until=48h keep=3"


def _profile(name: str, file: ConfigFile) -> Profile | None:
    """The profile of that name; None where there is none, or not all of it can be read."""
    table = file.profiles.get(name)
    if table is None:
        return BUILT_IN.get(name)
    return None if None in table.rules().values() else values.profile(name, table)


def _forbidden(host: str, profile: str, file: ConfigFile) -> str | None:
    """Why a host's policy does not allow a profile."""
    name, _ = policies_for(file.hosts[host], file.policies)[0]
    policy = _effective(file.policies.get(name, PolicyTable()), file)
    if profile and policy.profiles is not None and profile not in policy.profiles:
        return f"“{profile}” is not among the profiles that policy “{name}” allows on {host}; add it there"
    if policy.volumes is Volumes.NEVER and _profiles(file).get(profile):
        return f"“{profile}” takes volumes, and policy “{name}” never lets that happen on {host}"
    return None


def _effective(table: PolicyTable, file: ConfigFile) -> PolicyTable:
    return table.over(file.policies.get(DEFAULT_POLICY, PolicyTable()))


def _profiles(file: ConfigFile) -> dict[str, bool]:
    """Every profile's name, and whether it takes volumes."""
    built_in = {name: Kind.VOLUME in profile.rules for name, profile in BUILT_IN.items()}
    return built_in | {name: "volumes" in table.rules() for name, table in file.profiles.items()}


def _hint(name: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(name, list(known), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else f"; there are: {', '.join(known) or 'none'}"
