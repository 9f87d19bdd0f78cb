"""What the shell shows of hosts: their disks, their usage side by side, and what is wrong with them."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.config import toml
from bot.config.types import check_name
from bot.core.audit import facts
from bot.core.docker.inventory import EngineInfo
from bot.core.docker.sightings import KnownEngine
from bot.core.docker.twins import Twin, twins
from bot.core.docker.usage import UNKNOWN, DiskSpace
from bot.core.errors import EngineTimeoutError, HostError, by_cause
from bot.core.json import Json
from bot.core.rules.hosts import Host, Step
from bot.core.units import short_size
from bot.core.watch.outlook import Outlook
from bot.engines.ssh.known_hosts import KnownKeys, ShownKey, fingerprint
from bot.services.look.fleet import Gathering, HostAnswer, filling_first
from bot.shell.show.output import say, show_table


def show_hosts(hosts: Sequence[Host]) -> None:
    show_table(
        ("HOST", "ENGINE", "POLICY", "TAGS"),
        ((h.name, str(h.address), h.policy.name, ", ".join(h.tags)) for h in hosts),
    )


def show_disk(disk: DiskSpace | None) -> None:
    say(f"Disk behind it: {disk or 'unknown (neither statvfs nor SFTP leads there)'}")


def disk_json(disk: DiskSpace | None) -> Json:
    if disk is None:
        return None
    return {"size": disk.size, "free": disk.free, "inodes": disk.inodes, "free_inodes": disk.free_inodes}


def gathering_json(gathering: Gathering) -> Json:
    """Every host of a fleet, those that answered largest first; bytes are integers."""
    reached = gathering.reached
    failed: list[Json] = [
        {"host": error.host, "cause": error.cause, "message": str(error)}
        for error in (*gathering.failed, *_late(gathering))
    ]
    counted, same = gathering.counted, gathering.same
    return {
        "hosts": [_answer_json(answer, same) for answer in reached],
        "failed": failed,
        "total": {
            "hosts": len(counted),
            "size": sum(answer.glance.usage.size for answer in counted if answer.glance),
            "reclaimable": sum(answer.glance.usage.reclaimable for answer in counted if answer.glance),
        },
    }


def _answer_json(answer: HostAnswer, same: Mapping[str, str]) -> Json:
    if answer.glance is None:
        return None
    engine, usage = answer.glance.engine, answer.glance.usage
    return {
        "host": answer.host,
        "same_engine_as": same.get(answer.host),
        "engine": {"id": engine.id, "name": engine.name, "version": engine.version, "store": engine.store},
        "size": usage.size,
        "reclaimable": usage.reclaimable,
        "disk": disk_json(answer.glance.disk),
        "usage": facts.usage(usage),
    }


def show_gathering(gathering: Gathering, outlook: Outlook) -> None:
    """Those first whose disks are full first, where the bot foretold that."""
    reached = filling_first(gathering.reached, outlook)
    rows = [(*_row(answer), outlook.words(answer.host) or UNKNOWN) for answer in reached]
    if len(rows) > 1:
        sizes = [answer.glance.usage for answer in gathering.counted if answer.glance]
        size, free = sum(usage.size for usage in sizes), sum(usage.reclaimable for usage in sizes)
        rows.append((f"all {len(sizes)}", "", short_size(size), short_size(free), "", "", ""))
    show_table(
        ("HOST", "ENGINE", "SIZE", "RECLAIMABLE", "DISK FREE", "FULL", "LASTS"), rows, right=(2, 3, 4, 5, 6)
    )
    for host, first in gathering.same.items():
        say(f"note  {host} is the same engine as {first}: it is counted once")
    show_failed((*gathering.failed, *_late(gathering)))


def show_failed(errors: Sequence[HostError]) -> None:
    """A line for each host that failed; several stand under what they have in common."""
    for cause, alike in by_cause(errors):
        if len(errors) > 1:
            say(f"fail  {cause}: {len(alike)} host{'s' * (len(alike) > 1)}")
        say(*(f"fail  {error}" for error in alike))


def _late(gathering: Gathering) -> list[HostError]:
    sentence = f"no answer in {gathering.within.total_seconds():g} s."
    return [EngineTimeoutError(host, sentence) for host in gathering.waiting]


def _row(answer: HostAnswer) -> tuple[str, str, str, str, str, str]:
    if answer.glance is None:
        return (answer.host, *(UNKNOWN,) * 5)
    disk, usage = answer.glance.disk, answer.glance.usage
    free, full = (short_size(disk.free), f"{disk.used_share:.0%}") if disk else (UNKNOWN, UNKNOWN)
    return (
        answer.host, answer.glance.engine.version, short_size(usage.size), short_size(usage.reclaimable), free, full,
    )  # fmt: skip


def check_json(host: Host, steps: Sequence[Step]) -> Json:
    """Every step of a check; times in milliseconds."""
    return {
        "host": host.name,
        "address": str(host.address),
        "ok": all(step.ok for step in steps),
        "steps": [
            {"step": step.name, "ok": step.ok, "detail": step.detail,
             "milliseconds": round(step.seconds * 1000)}
            for step in steps
        ],
    }  # fmt: skip


def show_check(host: Host, steps: Sequence[Step]) -> None:
    """Print every step; what fails says what to do."""
    say(f"{host.name} ({host.address})")
    words = {True: "ok", False: "fail", None: "-"}
    for step in steps:
        took = f" ({step.seconds * 1000:.0f} ms)" if step.ok else ""
        say(f"  {words[step.ok]:<5} {step.name}{': ' if step.detail else ''}{step.detail}{took}")


def twins_told(engines: Mapping[str, EngineInfo], known: Mapping[str, KnownEngine]) -> Iterator[str]:
    """Which hosts share an engine id, whether they are one engine or clones, and what tells them apart."""
    by_host = {host: engine.identity for host, engine in engines.items()}
    for host, engine in sorted(by_host.items()):
        for twin in twins(host, engine, {other: by_host[other] for other in by_host if other > host}):
            if twin.same:
                yield f"{host} and {twin.host} are one engine: it is counted once, and one cleanup at a time runs on it"
                continue
            one, other = (
                _seen(Twin(host=each, engine=by_host[each], same=False), known) for each in (host, twin.host)
            )
            yield f"{one} and {other} share an engine id, as cloned machines do: they are two engines, told apart"


def _seen(twin: Twin, known: Mapping[str, KnownEngine]) -> str:
    first = known.get(twin.host)
    return replace(twin, first_at=first.first_at if first else None).described()


def show_key(shown: ShownKey, known: KnownKeys) -> None:
    """Print what is to be compared before a key is trusted."""
    say(f"{shown.name} shows the key {shown.fingerprint} ({shown.type}).")
    if known.by_type:
        before = sorted(fingerprint(blob) for blobs in known.by_type.values() for blob in blobs)
        say(f"Known until now: {', '.join(before)}. Somebody may be in between: ask the machine's owner.")
    say("On the machine itself, this shows its own: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")


def host_toml(name: str, key: str, taken: Collection[str]) -> str:
    """One host as a table of deckhand.toml; as a comment where Deckhand could not take the name."""
    try:
        check_name(name)
    except ValueError as error:
        return f"# left out: {' '.join(str(error).split())}\n"
    if name in taken:
        return f"# left out: another [hosts.{name}] stands above; give {key} = {json.dumps(name)} a name of its own\n"
    return toml.written({"hosts": {name: {key: name}}})
