"""The planner: from what an engine holds and a profile to an exact list, with a reason for all the rest."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import TypeAlias

from bot.core.docker.ages import Arrival, container_born, image_born
from bot.core.docker.builds import WINDOW, running_build
from bot.core.docker.inventory import CacheRecord, Container, Image, Kind, Network, Volume, short_id
from bot.core.docker.services import ran_lately
from bot.core.docker.versions import newest_versions
from bot.core.plan.plan import CAREFUL, Draft, Item, Kept, Unarrived
from bot.core.plan.prediction import Measured, Taken, predict
from bot.core.plan.profiles import Profile
from bot.core.plan.protection import Protection
from bot.core.plan.reasons import ARRIVAL_UNKNOWN, BY_BUILD, LEFT_OUT, Verdict, ago, keep, old_enough
from bot.core.plan.selection.images import Spared
from bot.core.plan.selection.selector import Selector

_ID, _NAME_AND_ID = attrgetter("id"), attrgetter("name", "id")

RELEASES_TOLD = 20
"""How many of the last different images of a service are told as such where they go."""

Thing: TypeAlias = Container | Network | Image | CacheRecord | Volume


def draft(measured: Measured, profile: Profile, protection: Protection) -> Draft:
    """Decide what the profile would remove from the engine, in which order, and what that frees."""
    made = listed(measured, profile, protection)
    if not _waiting(made):
        return made
    by_build = listed(measured, replace(profile, arrival=Arrival.BUILD), protection)
    made = replace(made, kept=tuple(_kept_for_arrival(made.kept, by_build, measured.inventory.images)))
    waiting = _waiting(made)
    if not waiting:
        return made
    dues = [kept.due for kept in waiting if kept.due]
    rule = profile.rules[Kind.IMAGE]
    unarrived = Unarrived(
        count=len(waiting),
        bytes=max(by_build.frees.high - made.frees.high, 0),
        older_than=rule.min_age or protection.dangling_min_age,
        due=max(dues, default=None) if len(dues) == len(waiting) else None,
    )
    late = _images(by_build) - _images(made) - len(waiting)
    more = f" and {_counted(late)} that came since Deckhand looked first" if late else ""
    it = "it" if unarrived.count == 1 else "them"
    note = f"{unarrived.words()}. arrival=build includes {it}{more}, as Docker's own prune does."
    return replace(made, unarrived=unarrived, notes=(*made.notes, note))


def _waiting(made: Draft) -> Sequence[Kept]:
    return [kept for kept in made.kept if kept.because == ARRIVAL_UNKNOWN]


def _images(made: Draft) -> int:
    return sum(item.kind is Kind.IMAGE for item in made.items)


def _counted(images: int) -> str:
    return f"{images:,} image{'' if images == 1 else 's'}"


def _kept_for_arrival(kept: Iterable[Kept], by_build: Draft, images: Iterable[Image]) -> Iterator[Kept]:
    """What is kept, with the images that stay for their arrival told by what a plan by build date does with them.

    One that it keeps too has another reason; one that stays for nothing but such images on it waits as these do.
    """
    kept = tuple(kept)
    goes = {item.id for item in by_build.items if item.kind is Kind.IMAGE}
    stays = {one.id: one for one in by_build.kept if one.kind is Kind.IMAGE}
    ids = {one.id for one in kept if one.kind is Kind.IMAGE}
    on: dict[str, list[str]] = {}
    for image in images:
        if image.id in ids:
            on.setdefault(image.parent, []).append(image.id)
    dues: dict[str, datetime | None] = {}
    for one in kept:  # children first
        if one.kind is not Kind.IMAGE or one.id not in goes:
            yield stays[one.id] if one.because == ARRIVAL_UNKNOWN else one
            continue
        children = on.get(one.id, ())
        if one.because == ARRIVAL_UNKNOWN:
            dues[one.id] = one.due
            yield one
        elif children and dues.keys() >= set(children):
            known = [due for child in children if (due := dues[child])]
            dues[one.id] = max(known) if len(known) == len(children) else None
            rule = f"{one.rule}, and nobody knows when that one arrived"
            yield replace(one, because=ARRIVAL_UNKNOWN, rule=rule, due=dues[one.id])
        else:
            yield one


def listed(measured: Measured, profile: Profile, protection: Protection) -> Draft:
    """The same without a word on the images that only their arrival keeps."""
    inventory = measured.inventory
    build = running_build(inventory)
    choice = _Choice(Selector(inventory, profile, protection, measured.users), building=bool(build))
    containers = choice.containers()
    choice.networks({container.id for container in containers})
    images = choice.images({container.id for container in containers})
    records = choice.cache(images, measured)
    volumes = choice.volumes()
    frees, sizes, layers = predict(measured, Taken(containers, images, records, volumes))
    return Draft(
        profile=profile.name,
        words=profile.words(
            [one.name for one in choice.kept if one.because == LEFT_OUT and _dropped(one, profile)]
        ),
        commands=profile.commands(),
        arguments=profile.arguments,
        engine=replace(inventory.engine, swarm=""),
        taken_at=inventory.taken_at,
        items=tuple(
            _item(kind, thing, rule, sizes.get(kind, {}).get(thing.id, 0))
            for kind, thing, rule in choice.taken
        ),
        kept=tuple(choice.kept),
        frees=frees,
        layers=layers,
        notes=(
            *((f"{build} What is younger than an hour stays.",) if build else ()),
            *choice.by_build(),
            *choice.unmeasured(),
        ),
    )


def _dropped(kept: Kept, profile: Profile) -> bool:
    return not profile.dropped.isdisjoint((kept.id, short_id(kept.id)))


def _item(kind: Kind, thing: Thing, rule: str, size: int) -> Item:
    return Item(
        kind=kind,
        id=thing.id,
        name=thing.name,
        references=thing.references if isinstance(thing, Image) else (),
        bytes=size,
        rule=rule,
        created_at=thing.built_at if isinstance(thing, Image) else thing.created_at,
        shared=isinstance(thing, CacheRecord) and thing.shared,
        measured=not isinstance(thing, Volume) or thing.size is not None,
    )


@dataclass(slots=True)
class _Choice:
    """Collects verdicts kind by kind, in the order of removal; each kind sees what the earlier ones took."""

    selector: Selector
    building: bool
    taken: list[tuple[Kind, Thing, str]] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def unmeasured(self) -> Sequence[str]:
        """What to say of volumes whose size is not known."""
        names = [thing.name for _, thing, _ in self.taken if isinstance(thing, Volume) and thing.size is None]
        if not names:
            return ()
        which = f"volume {names[0]}" + (f" and {len(names) - 1:,} more" if names[1:] else "")
        return (
            f"{CAREFUL}The engine did not count {which}: what is written there before it goes is not noticed.",
        )

    def _decide(self, kind: Kind, thing: Thing, verdict: Verdict) -> bool:
        if verdict.take and not thing.id:
            verdict = keep("no id", "the engine tells no id to remove it by")
        if verdict.take:
            self.taken.append((kind, thing, verdict.rule))
        else:
            self.kept.append(
                Kept(kind=kind, id=thing.id, name=thing.name, rule=verdict.rule,
                     because=verdict.because, due=verdict.due)
            )  # fmt: skip
        return verdict.take

    def _last_word(self, thing: Thing, verdict: Verdict, born: datetime | None) -> Verdict:
        """What keeps an object that all rules let go: a plan before that did not list it, or a build.

        While a build seems to run, it may need whatever is young.
        """
        verdict = self.selector.within(thing.id, verdict)
        now = self.selector.inventory.taken_at
        young = old_enough(WINDOW, born, now, "made") if verdict.take and self.building else None
        if young is None:
            return verdict
        since = f"made or used {ago(now - born)}" if born else "nobody knows how old it is"
        return keep("for a running build", f"{since}, and a build seems to run that may need it", young.due)

    def containers(self) -> tuple[Container, ...]:
        ordered = sorted(self.selector.inventory.containers, key=_NAME_AND_ID)
        return tuple(one for one in ordered if self._decide(Kind.CONTAINER, one, self._container(one)))

    def _container(self, container: Container) -> Verdict:
        return self._last_word(container, self.selector.container(container), container_born(container).at)

    def networks(self, taken: Collection[str]) -> None:
        for one in sorted(self.selector.inventory.networks, key=_NAME_AND_ID):
            verdict = self._last_word(one, self.selector.network(one, taken), one.created_at)
            self._decide(Kind.NETWORK, one, verdict)

    def images(self, taken: Collection[str]) -> tuple[Image, ...]:
        """Children before parents: an image stays when one that is built on it stays."""
        images = self.selector.inventory.images
        rule = self.selector.profile.rules.get(Kind.IMAGE)
        last = max(rule.keep_last if rule else 0, self.selector.protection.keep_last)
        newest = newest_versions(images, last, self.selector.inventory.taken_at)
        ran = ran_lately(self.selector.inventory.ran, self.selector.protection.keep_ran)
        was = ran_lately(self.selector.inventory.ran, RELEASES_TOLD)
        kept_child: dict[str, Image] = {}
        chosen: list[Image] = []
        for image in _children_first(images):
            spared = Spared(
                kept_child=kept_child.get(image.id),
                newest_of=newest.get(image.id, ""),
                ran=ran.get(image.id, ""),
                was=was.get(image.id, ""),
            )
            verdict = self.selector.image(image, taken, spared)
            born = image_born(image, self.selector.inventory.taken_at, self.selector.profile.arrival)
            verdict = self._last_word(image, verdict, born.at)
            if self._decide(Kind.IMAGE, image, verdict):
                chosen.append(image)
            else:
                first = min((image, kept_child.get(image.parent, image)), key=lambda i: (i.name, i.id))
                kept_child[image.parent] = first
        return tuple(chosen)

    def by_build(self) -> Iterable[str]:
        """What an approver has to know of images that go by their build date alone."""
        count = sum(rule.endswith(BY_BUILD) for _, _, rule in self.taken)
        if count:
            many = count > 1
            said = f"{_counted(count)} {'go' if many else 'goes'} by {'their' if many else 'its'} build date"
            yield f"{CAREFUL}{said}: nobody knows when {'they' if many else 'it'} arrived."

    def cache(self, going: Sequence[Image], measured: Measured) -> tuple[CacheRecord, ...]:
        """A record stays when an image that stays shares it, or a record that stays builds on it."""
        inventory = self.selector.inventory
        kept = measured.kept_with({image.id for image in going})
        verdicts: dict[str, Verdict] = {}
        for record in inventory.cache:
            verdict = self.selector.cache_record(record)
            if verdict.take and record.shared:
                verdict = measured.spared(record, kept) or verdict
            times = [at for at in (record.last_used_at, record.created_at) if at is not None]
            verdicts[record.id] = self._last_word(record, verdict, max(times, default=None))
        by_id = {record.id: record for record in inventory.cache}
        _keep_what_stays_built_on(by_id, verdicts)
        depth = _depths(by_id)
        ordered = sorted(inventory.cache, key=_ID)
        ordered.sort(key=lambda record: depth[record.id], reverse=True)
        return tuple(r for r in ordered if self._decide(Kind.BUILD_CACHE, r, verdicts[r.id]))

    def volumes(self) -> tuple[Volume, ...]:
        ordered = sorted(self.selector.inventory.volumes, key=lambda v: v.name)
        return tuple(one for one in ordered if self._decide(Kind.VOLUME, one, self._volume(one)))

    def _volume(self, volume: Volume) -> Verdict:
        return self._last_word(volume, self.selector.volume(volume), volume.created_at)


def _keep_what_stays_built_on(by_id: dict[str, CacheRecord], verdicts: dict[str, Verdict]) -> None:
    """Keep every record that a kept one builds on, down to the roots."""
    waiting = sorted(record_id for record_id, verdict in verdicts.items() if not verdict.take)
    while waiting:
        child = by_id[waiting.pop()]
        for parent in child.parents:
            if parent in verdicts and verdicts[parent].take:
                verdicts[parent] = keep("a kept record builds on it", f"{child.name} stays and builds on it")
                waiting.append(parent)


def _children_first(images: Iterable[Image]) -> list[Image]:
    """Images in the order in which they can be deleted; equal ones by name, so that listings don't matter."""
    by_id = {image.id: image for image in images}
    depth = {image_id: _image_depth(image, by_id) for image_id, image in by_id.items()}
    ordered = sorted(by_id.values(), key=_NAME_AND_ID)
    ordered.sort(key=lambda image: depth[image.id], reverse=True)
    return ordered


def _image_depth(image: Image, by_id: dict[str, Image]) -> int:
    depth = 0
    while image.parent in by_id and depth < len(by_id):
        image, depth = by_id[image.parent], depth + 1
    return depth


def _depths(by_id: dict[str, CacheRecord]) -> dict[str, int]:
    """How many records lie below each, along its longest line of parents; a circle ends where it closes."""
    depths = {record_id: 0 for record_id, record in by_id.items() if not record.parents}
    for start in sorted(by_id.keys() - depths):
        path = [] if start in depths else [start]
        while path:
            record = by_id[path[-1]]
            below = [p for p in record.parents if p in by_id]
            unknown = [p for p in below if p not in depths and p not in path]
            if unknown:
                path.append(unknown[0])
            else:
                depths[record.id] = max((depths[p] + 1 for p in below if p in depths), default=0)
                path.pop()
    return depths
