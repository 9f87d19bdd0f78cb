"""Where a host's disk went, as blocks: Docker's own table, bars beside their numbers, and the objects by size. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.docker.ages import Arrival, image_born
from bot.core.docker.inventory import CacheRecord, Container, Image, Inventory, Volume, short_id
from bot.core.docker.services import by_project, compose_project
from bot.core.docker.usage import FEW_INODES, DiskSpace, DiskUsage, Survey
from bot.core.docker.users import Users
from bot.core.plan.going import use_words
from bot.core.spreadsheet import tab_line
from bot.core.units import short_size
from bot.core.watch.outlook import NOTHING_FORETOLD
from bot.slack.kit.blocks import Block, Message, context, section, table
from bot.slack.kit.text import SECTION_LIMIT, bar, code, lines_within, one_line, plain, plural
from bot.slack.watch.disk import disk_lines

USAGE_HEAD = ("TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE")
LARGEST_SHOWN = 10
NAME_SHOWN = 80
WORDS_SHOWN = 140
DAY = 86_400


def usage_table(usage: DiskUsage) -> Block:
    """Docker's own table, with the figures and units of the engine's own CLI."""
    return table(USAGE_HEAD, (row.cells for row in usage.rows))


def holds_words(usage: DiskUsage, disk: DiskSpace | None) -> str:
    """How much Docker holds, and how full the disk is: of a host, the same in a report, on a Home and in a fleet."""
    docker = f"Docker holds {short_size(usage.size)}"
    if not disk:
        return docker
    share, inodes = disk.used_share, disk.inodes_share
    few = f", {inodes:.0%} of its inodes taken" if inodes is not None and inodes >= FEW_INODES else ""
    return f"{docker} · disk {share:.0%} full{few}, {short_size(disk.free)} free"


def kinds_text(usage: DiskUsage) -> str:
    """What each kind takes, in one line, by Docker's own figures."""
    return " · ".join(
        f"{row.type} {short_size(row.size) if row.known else 'not counted'}" for row in usage.rows
    )


def bars_text(usage: DiskUsage, disk: DiskSpace | None, *, counting: bool = False) -> str:
    """How full the disk is, and each kind's share of what Docker takes; ``counting``: what is missing still comes."""
    lines = [f"`{bar(disk.used_share)}` {disk.used_share:.0%} of the disk: {disk}"] if disk else []
    whole = max(usage.size, 1)
    lines += [
        f"`{bar(row.size / whole)}` {row.size / whole:.0%} {row.type}: {short_size(row.size)}"
        for row in usage.rows
        if row.known
    ]
    missing = [row.type for row in usage.rows if not row.known]
    if missing:
        what = "still being counted" if counting else "not counted in time by the engine"
        lines.append(f":hourglass: {', '.join(missing)}: {what}")
    return "\n".join(lines)


# --- the objects, by size -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One object of a host: what a person calls it, its bytes where they are known, and what matters of it."""

    id: str
    name: str
    size: int | None
    words: tuple[str, ...]
    project: str = ""
    """The Compose project that it belongs to; those of one stand together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All objects of one kind, the largest first."""

    title: str
    objects: tuple[Listed, ...]


def listings(inventory: Inventory) -> tuple[Listing, ...]:
    """Everything that takes up space on an engine, each kind by size."""
    users = Users.of(inventory)
    return (
        _listing("Images", (_image(inventory, each, users) for each in inventory.images)),
        _listing("Containers", (_container(inventory, each) for each in inventory.containers)),
        _listing("Local Volumes", (_volume(inventory, each, users) for each in inventory.volumes)),
        _listing("Build Cache", (_record(inventory, each) for each in inventory.cache)),
    )


def details_message(host: str, found: Sequence[Listing], survey: Survey | None = None) -> Message:
    """Docker's own table, then the largest objects of each kind; the thread has all of those that do not fit."""
    blocks: list[Block] = []
    counted: dict[str, int] = {}
    if survey is not None:
        unseen = disk_lines(host, survey.usage, survey.disk, NOTHING_FORETOLD)
        bars = "\n".join([bars_text(survey.usage, survey.disk), *unseen])
        blocks += [usage_table(survey.usage), section(bars)]
        counted = {row.type: row.total for row in survey.usage.rows if row.known}
    for listing in found:
        if not listing.objects:
            continue
        left_out = len(listing.objects) - counted.get(listing.title, len(listing.objects))
        head = f"*{listing.title}*: {plural(len(listing.objects), 'object')}"
        if left_out > 0:
            head += f", {left_out:,} of them steps of builds: Docker's table leaves these out"
        lines, _ = lines_within(map(_line, listing.objects[:LARGEST_SHOWN]), SECTION_LIMIT - len(head) - 60)
        left = len(listing.objects) - len(lines)
        more = [f"_… and {left:,} more: the file lists all_"] if left else []
        blocks.append(section("\n".join([head, *lines, *more])))
    if not any(listing.objects for listing in found):
        blocks.append(section("There is nothing on this host that takes up space."))
    largest = [f"{one.objects[0].name} {_size(one.objects[0])}" for one in found if one.objects]
    blocks.append(
        context(
            "SIZE and RECLAIMABLE are this engine's own figures; what a plan frees is counted by Deckhand, layer by "
            "layer. Images have layers in common, so their sizes do not add up."
        )
    )
    return Message(
        text=plain(f"The largest on {host}: {', '.join(largest)}", SECTION_LIMIT), blocks=tuple(blocks)
    )


def shows_all(found: Sequence[Listing]) -> bool:
    """Whether the message has room for every object."""
    return all(len(listing.objects) <= LARGEST_SHOWN for listing in found) and not any(
        len(one_line(each.name)) > NAME_SHOWN for listing in found for each in listing.objects
    )


def files(host: str, found: Sequence[Listing]) -> dict[str, str]:
    """Every object as tab-separated text, a file for each kind; sizes in bytes, empty where unknown."""
    return {
        f"{host}-{listing.title.lower().replace(' ', '-')}.tsv": "".join(_row(one) for one in listing.objects)
        for listing in found
        if listing.objects
    }


def _row(one: Listed) -> str:
    size = "" if one.size is None else str(one.size)
    return tab_line(size, *map(one_line, (one.id, one.name, "; ".join(one.words))))


def _listing(title: str, objects: Iterator[Listed]) -> Listing:
    """The largest first; what belongs to a Compose project stands together, where its sum has its place."""
    found = tuple(objects)
    sums: dict[str, int] = {}
    for one in found:
        sums[_group(one)] = sums.get(_group(one), 0) + (one.size or 0)
    ordered = sorted(found, key=lambda one: (-sums[_group(one)], _group(one), -(one.size or 0), one.name))
    return Listing(title=title, objects=tuple(ordered))


def _group(one: Listed) -> str:
    return f"project {one.project}" if one.project else f"object {one.name} {one.id}"


def _line(one: Listed) -> str:
    words = f"· {', '.join(one.words)}" if one.words else ""
    return f"• {code(one.name, NAME_SHOWN)} {_size(one)} {plain(words, WORDS_SHOWN)}".rstrip()


def _size(one: Listed) -> str:
    return "size unknown" if one.size is None else short_size(one.size)


def _image(inventory: Inventory, image: Image, users: Users) -> Listed:
    born, what = image_born(image, inventory.taken_at)
    if born is None:
        born, what = image_born(image, inventory.taken_at, Arrival.BUILD)
    words = [f"{what} {_age(inventory, born)}"] if born else []
    if image.shared_size:
        words.append(f"{short_size(image.shared_size)} of it in other images too")
    containers = tuple({each.id: each for each in users.all_of(image)}.values())
    names = [container.name for container in containers]
    words.append(f"used by {_first(names)}" if names else "no container")
    project = by_project(container.labels for container in containers)
    if project:
        words.append(f"Compose project {project}")
    name = ", ".join(image.tags) or image.name
    return Listed(id=image.id, name=name, size=image.size, words=tuple(words), project=project)


def _container(inventory: Inventory, container: Container) -> Listed:
    words = [container.state, f"of {container.image or short_id(container.image_id)}"]
    if container.created_at:
        words.append(f"made {_age(inventory, container.created_at)}")
    project = compose_project(container.labels)
    if project:
        words.append(f"Compose project {project}")
    return Listed(
        id=container.id, name=container.name, size=container.size_rw, words=tuple(words), project=project
    )


def _volume(inventory: Inventory, volume: Volume, users: Users) -> Listed:
    words = [f"made {_age(inventory, volume.created_at)}"] if volume.created_at else []
    words += use_words(volume, users.by_volume.get(volume.name, ()), inventory.taken_at)
    return Listed(id=volume.name, name=volume.name, size=volume.size, words=tuple(words))


def _record(inventory: Inventory, record: CacheRecord) -> Listed:
    words = [
        record.type,
        *(["a build uses it"] if record.in_use else []),
        *(["an image holds it too"] if record.shared else []),
    ]
    if record.last_used_at:
        words.append(f"last used {_age(inventory, record.last_used_at)}")
    return Listed(id=record.id, name=record.name, size=record.size, words=tuple(words))


def _first(names: Sequence[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _age(inventory: Inventory, moment: datetime) -> str:
    days = int((inventory.taken_at - moment).total_seconds() // DAY)
    return "today" if days < 1 else f"{plural(days, 'day')} ago"
