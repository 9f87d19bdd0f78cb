"""Every reason that the core can give why an object goes or stays, each with an object that it is given for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import Container, Inventory, Kind, SwarmService
from bot.core.docker.labels import LabelFilter
from bot.core.docker.usage import DiskSpace, DiskUsage
from bot.core.errors import EngineRequestError, HostError
from bot.core.life.states import ItemState
from bot.core.plan.arguments import Pick
from bot.core.plan.objects import picked
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from bot.core.plan.recheck import (
    cache_objection,
    container_objection,
    image_objection,
    lost_reference,
    network_objection,
    service_objection,
    volume_objection,
)
from bot.core.plan.target.cutting import Goal, draft_to
from bot.core.plan.target.target import Target
from bot.services.run import outcomes
from tests.core.things import NOW, ago, container, image, inventory, item, network, planned, record, volume

APP, WEB = (image(name, (name, 1), tags=(f"{name}:1",)) for name in ("app", "web"))
BARE = image("bare", ("b", 1))
UNSEEN = image("unseen", ("u", 1), tags=("unseen:1",), first_seen_at=None, tagged_at=ago(days=8))
THERE = image("there", ("t", 9), tags=("there:1",), built_at=ago(days=400), first_seen_at=ago(days=1))
BELOW = image("below", ("t", 9), tags=("below:1",), built_at=ago(days=400), first_seen_at=ago(days=1))
ON_IT = replace(THERE, parent=BELOW.id)
BUILD = record("now", in_use=True)
SWARM = "com.docker.swarm.service.name"


def at(seen: Inventory, **engine: str) -> Inventory:
    return replace(seen, engine=replace(seen.engine, **engine))


def of(profile: str, *things: Any, protection: Protection | None = None, **changes: Any) -> Draft:
    """A plan of a profile, changed so."""
    changed = replace(BUILT_IN[profile], **changes)
    return draft(Measured.of(inventory(*things)), changed, protection or Protection())


def in_a_swarm(seen: Inventory, services: tuple[SwarmService, ...] | None) -> Inventory:
    return replace(at(seen, swarm="manager" if services else "locked"), services=services)


def service(name: str, **needs: tuple[str, ...]) -> SwarmService:
    return SwarmService(name=name, **needs)


def mounting(**more: Any) -> Container:
    return container("db", APP, "running", **more)


def built_on_by_a_picked_one() -> Draft:
    child = image("child", ("b", 1), ("c", 1), tags=("child:1",), parent=BARE.id)
    seen = inventory(BARE, child)
    return draft(Measured.of(seen), picked(seen, [Pick(kind=Kind.IMAGE, name=BARE.id)]), Protection())


def picked_volume() -> Draft:
    seen = inventory(volume("v", anonymous=False))
    return draft(Measured.of(seen), picked(seen, [Pick(kind=Kind.VOLUME, name="v")]), Protection())


def to_a_target(*things: Any) -> Draft:
    """A plan that is to free one byte."""
    target = Target(free=1)
    goal = Goal(
        target=target, disk=DiskSpace(size=9, free=0), usage=DiskUsage(rows=()), levels=[BUILT_IN["routine"]]
    )
    return draft_to(Measured.of(inventory(*things)), BUILT_IN["everything"], Protection(), goal)


class Row(NamedTuple):
    """An object of a plan, what the plan says of it, and what several such objects are counted as."""

    made: Callable[[], Draft]
    id: str
    says: str
    several: str = ""


STAYS = (
    # what a person or a profile left out
    Row(built_on_by_a_picked_one, "sha256:child",
        "nobody picked it: this plan takes what was picked by name, and no more", "nobody picked them"),
    Row(lambda: of("everything", APP, within=frozenset()), APP.id,
        "the plan that this one replaces did not list it", "came up after the plan before this one"),
    Row(lambda: of("everything", APP, dropped=frozenset({APP.id})), APP.id,
        "left out by the person who adjusted the plan", "left out"),
    Row(lambda: of("everything", APP, excluded=("app",)), APP.id, "left out by not=app", "left out"),
    Row(lambda: of("everything", APP, container("db", APP), excluded=("d*",)), "id-db", "left out by not=d*",
        "left out"),
    Row(lambda: of("routine", volume("v")), "v", "routine takes no volumes", "the profile does not take them"),
    Row(lambda: of("everything", APP, restorable=frozenset()), APP.id,
        "only what can be brought back may go here: no registry has just said that it has this image",
        "cannot be brought back"),
    Row(lambda: of("everything", APP, container("c", APP), restorable=frozenset()), "id-c",
        "only what can be brought back may go here: containers cannot", "cannot be brought back"),
    Row(lambda: of("everything", APP, labels=LabelFilter(wanted=("ci",))), APP.id,
        "it does not carry the label ci", "left out by label"),
    Row(lambda: of("everything", record("r"), labels=LabelFilter(wanted=("ci",))), "r",
        "build cache carries no labels", "left out by label"),
    # protection
    Row(lambda: of("everything", network("lan"), protection=Protection(names=("l*",))), "id-lan",
        "protected by the name pattern l*", "protected by name"),
    Row(lambda: of("everything", APP, protection=Protection(images=("app",))), APP.id,
        "protected by the pattern app", "protected by pattern"),
    Row(lambda: of("volumes", volume("v", labels={"keep": ""}), protection=Protection(labels=("keep",))), "v",
        "protected by the label keep", "protected by label"),
    Row(lambda: of("everything", APP, protection=Protection(keep_last=1)), APP.id,
        "among the newest versions of app, which stay", "among the newest versions"),
    Row(lambda: draft(Measured.of(replace(inventory(APP, WEB), ran={("container", "web"): (WEB.id, APP.id)})),
                      BUILT_IN["everything"], Protection(keep_ran=2)), APP.id,
        "ran before as web (1 release ago): the last 2 that it ran stay",
        "ran lately: there to go back to"),
    Row(lambda: draft(Measured.of(replace(inventory(APP), ran={("container", "web"): (APP.id,)})),
                      BUILT_IN["everything"], Protection(keep_ran=1)), APP.id,
        "ran last as web: the last one that it ran stays", "ran lately: there to go back to"),
    # ages
    Row(lambda: of("routine", image("a", tags=("a:1",), built_at=ago(days=6))), "sha256:a",
        "built 6 days ago: younger than 7 days", "younger than 7 days"),
    Row(lambda: of("routine", image("a", tags=("a:1",), tagged_at=ago(seconds=12))), "sha256:a",
        "tagged or pulled 12 seconds ago: younger than 7 days", "younger than 7 days"),
    Row(lambda: of("routine", APP, container("c", APP, ended_at=ago(hours=2))), "id-c",
        "stopped 2 hours ago: stopped for less than 1 day", "stopped for less than 1 day"),
    Row(lambda: of("routine", APP, container("c", APP, "created", created_at=NOW)), "id-c",
        "created just now: younger than 1 day", "younger than 1 day"),
    Row(lambda: of("routine", APP, container("c", APP, ended_at=None)), "id-c",
        "the engine does not say when it was stopped", "of an age that nobody knows"),
    Row(lambda: of("routine", image("a", tags=("a:1",), used_at=ago(days=6))), "sha256:a",
        "last seen in use 6 days ago: used within 7 days", "used within 7 days"),
    Row(lambda: of("everything", image("a", tags=("a:1",), first_seen_at=ago(days=2)),
                   protection=Protection(unused_for=timedelta(days=30))), "sha256:a",
        "first seen by Deckhand 2 days ago: known for less than 30 days", "known for less than 30 days"),
    Row(lambda: of("routine", record("r", last_used_at=ago(hours=5))), "r",
        "last used 5 hours ago: used within 3 days", "used within 3 days"),
    Row(lambda: of("routine", THERE), THERE.id,
        "built 400 days ago, but nobody knows when it arrived: first seen by Deckhand 1 day ago: known for less than "
        "7 days", "nobody knows when they arrived"),
    Row(lambda: of("routine", THERE, protection=Protection(unused_for=timedelta(days=30))), THERE.id,
        "first seen by Deckhand 1 day ago: known for less than 30 days", "known for less than 30 days"),
    # use
    Row(lambda: of("everything", APP, container("c", APP, "running")), "id-c", "it is running", "running"),
    Row(lambda: of("everything", APP, container("c", APP, "")), "id-c",
        "the engine does not say whether it runs", "state unknown"),
    Row(lambda: of("everything", APP, container("c", APP, "running")), APP.id, "container c uses it", "in use"),
    Row(lambda: of("everything", image("a", containers=1)), "sha256:a", "the engine counts 1 container on it",
        "in use"),
    Row(lambda: of("everything", image("a", containers=2)), "sha256:a", "the engine counts 2 containers on it",
        "in use"),
    Row(lambda: of("everything", APP, container("c", APP, "running", networks=("lan",)), network("lan")), "id-lan",
        "container c needs it", "in use"),
    Row(lambda: of("everything", network("lan", in_use=None)), "id-lan",
        "the engine counts a container on it, or does not say", "in use"),
    Row(lambda: of("everything", network("bridge")), "id-bridge",
        "it is one of Docker's own networks, which every engine has", "Docker's own"),
    Row(lambda: of("everything", network("mesh", scope="swarm")), "id-mesh",
        "other machines may use it: its scope is swarm", "may be used from elsewhere"),
    Row(lambda: of("everything", network("mesh", scope="")), "id-mesh",
        "other machines may use it: the engine does not say how far it goes", "may be used from elsewhere"),
    Row(lambda: of("volumes", APP, mounting(volumes=("v",)), volume("v")), "v", "container db mounts it", "in use"),
    Row(lambda: of("volumes", APP, mounting(binds=("/d/volumes/v/_data/x",)), volume("v")), "v",
        "container db mounts a path in it (/d/volumes/v/_data/x)", "in use"),
    Row(lambda: of("volumes", volume("v", ref_count=1)), "v",
        "the engine counts a container that mounts it, or does not say", "in use"),
    Row(lambda: of("volumes", volume("v", anonymous=False)), "v",
        "it has a name: only a person picks such volumes, each by its name", "have a name: yours to pick"),
    Row(lambda: of("volumes", volume("v", type="nfs")), "v",
        "its data may be on another machine (mounted with options)", "may be used from elsewhere"),
    Row(lambda: of("volumes", replace(volume("v"), driver="rexray")), "v",
        "its data may be on another machine (driver rexray)", "may be used from elsewhere"),
    # a swarm
    Row(lambda: planned("everything", in_a_swarm(inventory(
        APP, container("web.1", APP, labels={SWARM: "web"})), (service("web"),))), "id-web.1",
        "Swarm service web runs it, and removes it itself", "Swarm services run them"),
    Row(lambda: planned("everything", in_a_swarm(inventory(APP), (service("web", images=("app:1",)),))), APP.id,
        "Swarm service web needs it", "Swarm services need them"),
    Row(lambda: planned("everything", in_a_swarm(inventory(APP), (service("web", previous_images=("app:1",)),))),
        APP.id,
        "Swarm service web would need it to go back", "Swarm services need them"),
    Row(lambda: planned("volumes", in_a_swarm(inventory(volume("v")), (service("db", volumes=("v",)),))), "v",
        "Swarm service db mounts it", "Swarm services need them"),
    Row(lambda: planned("everything", in_a_swarm(inventory(APP), None)), APP.id,
        "a Swarm service may need it: the engine is in a swarm and does not tell of its services",
        "Swarm services may need them"),
    Row(lambda: planned("volumes", in_a_swarm(inventory(volume("v")), None)), "v",
        "a Swarm service may need it: the engine is in a swarm and does not tell of its services",
        "Swarm services may need them"),
    # a target
    Row(lambda: to_a_target(APP, image("more", ("m", 9), tags=("more:1",), used_at=ago(days=9))), "sha256:more",
        "the target is met without it: 2nd in line, as routine takes it", "not needed for the target"),
    Row(lambda: to_a_target(APP, network("lan")), "id-lan",
        "removing it would free nothing, and this plan is about space", "would free nothing"),
    # what else stands in the way
    Row(lambda: of("dangling", BARE, image("child", ("b", 1), tags=("child:1",), parent=BARE.id)), BARE.id,
        "image child:1 stays and is built on it", "images that stay are built on them"),
    Row(lambda: of("routine", ON_IT, BELOW), BELOW.id,
        "image there:1 stays and is built on it, and nobody knows when that one arrived",
        "nobody knows when they arrived"),
    Row(lambda: of("dangling", APP), APP.id,
        "tagged app:1: the profile takes only images without a tag", "have a tag"),
    Row(lambda: of("dangling", image("a", digests=("a@sha256:1",))), "sha256:a",
        "pulled by its digest: it is no leftover of a build", "were pulled by their digests"),
    Row(lambda: of("everything", replace(APP, id="")), "",
        "the engine tells no id to remove it by", "have no ids to remove them by"),
    Row(lambda: of("everything", APP, BUILD, container("c", APP, created_at=ago(minutes=1))), "id-c",
        "made or used 1 minute ago, and a build seems to run that may need it", "a build that runs may need them"),
    Row(lambda: of("everything", BUILD, record("r", last_used_at=None)), "r",
        "nobody knows how old it is, and a build seems to run that may need it", "a build that runs may need them"),
    Row(lambda: of("everything", BUILD), "now", "a build uses it, or the engine does not say", "in use"),
    Row(lambda: of("system", record("r", type="frontend")), "r",
        "the builder's own (frontend): only profiles that take all unused cache take it",
        "only profiles that take all cache take them"),
    Row(lambda: of("system", record("r", shared=True)), "r",
        "an image holds it too: only profiles that take all unused cache take it",
        "only profiles that take all cache take them"),
    Row(lambda: of("everything", APP, container("c", APP, "running"), record("r", 1, shared=True)), "r",
        "image app:1 stays and holds it too: removing it would free nothing", "images that stay hold them too"),
    Row(lambda: of("everything", record("r", 77, shared=True)), "r",
        "an image holds it too, and which one cannot be told", "images that stay hold them too"),
    Row(lambda: of("everything", record("low"), replace(BUILD, parents=("low",))), "low",
        "regular now stays and builds on it", "cache that stays builds on them"),
)  # fmt: skip
GOES = (
    Row(lambda: of("everything", APP, container("c", APP)), "id-c", "exited 30 days ago"),
    Row(lambda: of("everything", APP, container("c", APP, exit_code=137)), "id-c", "exited 30 days ago (137)"),
    Row(lambda: of("everything", APP, container("c", APP, "dead", ended_at=ago(days=12))), "id-c", "dead 12 days ago"),
    Row(lambda: of("everything", APP, container("c", APP, "created")), "id-c",
        "created 30 days ago, and never started"),
    Row(lambda: of("everything", APP, container("c", APP, ended_at=None)), "id-c",
        "exited, and the engine does not say since when"),
    Row(lambda: of("everything", network("lan")), "id-lan", "no container uses it"),
    Row(lambda: of("everything", replace(network("lan"), created_at=ago(days=3))), "id-lan",
        "no container uses it; created 3 days ago"),
    Row(lambda: of("routine", APP), APP.id, "unused for at least 60 days"),
    Row(lambda: to_a_target(APP), APP.id, "unused for at least 60 days; 1st in line, as routine takes it"),
    Row(lambda: of("routine", image("a", tags=("a:1",), used_at=ago(days=23))), "sha256:a",
        "no container used it for 23 days"),
    Row(lambda: of("routine", UNSEEN), UNSEEN.id, "no container uses it; tagged or pulled 8 days ago"),
    Row(lambda: of("dangling", BARE), BARE.id, "without a tag, unused for at least 60 days"),
    Row(lambda: of("routine", THERE, arrival=Arrival.BUILD), THERE.id,
        "unused for at least 1 day; it goes by its build date, since nobody knows when it arrived"),
    Row(lambda: of("everything", record("r")), "r", "no build used it for 30 days"),
    Row(lambda: of("everything", record("r", last_used_at=None)), "r", "no build uses it"),
    Row(lambda: of("volumes", volume("v")), "v",
        "without a name of its own, and no container mounts it; created 9 days ago, who mounted it last is not known"),
    Row(picked_volume, "v",
        "picked by name, and no container mounts it; created 9 days ago, who mounted it last is not known"),
)  # fmt: skip
THEN, SINCE = ago(minutes=5), ago(minutes=1)
STOPPED, IMAGE, CACHE = (item(kind, "x", name="x") for kind in (Kind.CONTAINER, Kind.IMAGE, Kind.BUILD_CACHE))
VOLUME = item(Kind.VOLUME, "v", bytes=7, created_at=ago(days=9))
V, RUNS = volume("v"), mounting(volumes=("v",), networks=("lan",))
AT_THE_LAST_LOOK: tuple[tuple[Callable[[], str | None], str], ...] = (
    (lambda: container_objection(STOPPED, container("x", APP, "running"), THEN), "it is running now"),
    (lambda: container_objection(STOPPED, container("x", APP, ""), THEN),
     "the engine does not say whether it runs now"),
    (lambda: container_objection(STOPPED, container("x", APP, started_at=SINCE), THEN),
     "it has run since the plan was made"),
    (lambda: container_objection(STOPPED, container("y", APP), THEN), "it was renamed to y since the plan was made"),
    (lambda: container_objection(STOPPED, container("x", APP, size_rw=None), THEN),
     "the engine does not tell what it holds now"),
    (lambda: container_objection(STOPPED, container("x", APP, size_rw=9_000), THEN),
     "it was written to since the plan was made: it holds 9,000 bytes now, and held 0 then"),
    (lambda: image_objection(IMAGE, APP, [container("c", APP)], THEN), "container c uses it now"),
    (lambda: image_objection(IMAGE, APP, [], THEN), "it has a new name: app:1"),
    (lambda: image_objection(IMAGE, replace(BARE, tagged_at=SINCE), [], THEN),
     "it has been tagged or pulled again since the plan was made"),
    (lambda: lost_reference(replace(IMAGE, references=("x:1",)), BARE), "x:1 no longer names it"),
    (lambda: service_objection(V, None, "/d"),
     "a Swarm service may need it: the engine is in a swarm and does not tell of its services"),
    (lambda: service_objection(V, [service("db", volumes=("v",))], "/d"), "Swarm service db mounts it"),
    (lambda: service_objection(APP, [service("web", images=("app:1",))], "/d"), "Swarm service web needs it"),
    (lambda: network_objection(network("lan"), [RUNS]), "container db needs it now"),
    (lambda: network_objection(network("lan", in_use=True), []), "the engine counts a container on it"),
    (lambda: volume_objection(VOLUME, V, [RUNS], THEN, "/d"), "container db mounts it now"),
    (lambda: volume_objection(VOLUME, replace(V, created_at=SINCE), [], THEN, "/d"),
     "it is not the volume that was planned: it was written to, or created anew, since"),
    (lambda: volume_objection(VOLUME, V, [], ago(days=9), "/d"),
     "it was created in the second of the plan: it may be a newer one of the same name"),
    (lambda: volume_objection(VOLUME, replace(V, size=8), [], THEN, "/d"),
     "it was written to since the plan was made: it holds 8 bytes now, and held 7 then"),
    (lambda: cache_objection(CACHE, BUILD, THEN), "a build uses it now"),
    (lambda: cache_objection(CACHE, record("x", last_used_at=SINCE), THEN),
     "a build has used it since the plan was made"),
    (lambda: cache_objection(CACHE, record("x", shared=True), THEN), "an image holds it now"),
    (lambda: cache_objection(replace(CACHE, shared=True), record("x", shared=True), THEN),
     "an image that stays holds it too: removing it would free nothing"),
)  # fmt: skip
_X = ItemState(position=0, item=IMAGE)
_HOST = "prod-3: nothing answers at its address"
_AWAY = HostError("prod-3", "nothing answers at its address")
IN_THE_RUN: tuple[tuple[Callable[[], str], str], ...] = (
    (lambda: outcomes.gone(_X).reason, "no longer there when we looked: gone, not confirmed by us"),
    (lambda: outcomes.gone(replace(_X, reconciled=True)).reason,
     "found gone when it was looked at again: gone, not confirmed by us"),
    (lambda: outcomes.gone_meanwhile(_X).reason, "somebody else removed it at the same moment"),
    (lambda: outcomes.refused(_X, EngineRequestError("prod-3", 500, "it is in use by container 1")).reason,
     "the engine refused: it is in use by container 1"),
    (lambda: outcomes.kept(_X, outcomes.STOPPED).reason, "the cleanup was stopped before it was removed"),
    (lambda: outcomes.kept(_X, outcomes.BUILT_ON).reason, "another image is built on it now"),
    (lambda: outcomes.needed_by_cache(_X).reason,
     "the engine left it: a build uses it, or other cache builds on it"),
    (lambda: outcomes.not_done(_X, _AWAY, begun=False, answered=False).reason,
     f"not tried: {_HOST}"),
    (lambda: outcomes.not_done(_X, _AWAY, begun=True, answered=False).reason,
     "the host went out of reach while it was being removed: look at the host"),
    (lambda: outcomes.not_done(_X, _AWAY, begun=True, answered=True).reason,
     f"{_HOST}: look at the host"),
    (lambda: outcomes.moved("x:1"), "x:1 names another image now"),
    (lambda: outcomes.went("x:1"), "x:1 no longer names it"),
    (lambda: outcomes.names_said(["x:1", "x:2"], ["x:3"]),
     "untagged and tagged again: x:1, x:2; already untagged: x:3"),
)  # fmt: skip
"""What a run says of an object that it did not remove, beside what is said at the last look."""
