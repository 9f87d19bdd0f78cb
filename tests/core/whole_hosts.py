"""Whole hosts for property tests: whatever an engine may list, with what is rare in life made common."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.core.docker.inventory import CacheRecord, Container, Image, Inventory, Network, Volume
from bot.core.plan.arguments import Arguments, parse_arguments
from bot.core.plan.profiles import BUILT_IN, Profile
from bot.core.plan.protection import Protection
from bot.core.plan.selection.selector import ANONYMOUS_LABEL
from tests.core.things import ago, container, image, inventory, record

HOURS = (2000, 2000, 2000, 2000, 200, 168, 167, 100, 72, 24, 23, 2, 1, 0.5, 0)
STATES = (*("exited", "created", "dead") * 4, "running", "paused", "restarting", "removing", "")
PATHS = st.text("ab", min_size=1, max_size=3)
LABELS: st.SearchStrategy[Mapping[str, str]] = st.sampled_from(
    (*({},) * 6, {"keep": "yes"}, {"keep": "no"}, {"stage": "ci"}, {"stage": "ci", "keep": "yes"})
)
TAGS = tuple(f"{repository}:{tag}" for repository in ("app", "reg:5000/db") for tag in ("1", "2", "latest"))

moments: st.SearchStrategy[datetime] = st.sampled_from([ago(hours=hours) for hours in HOURS])
build_dates = st.sampled_from(
    [
        *(ago(hours=hours) for hours in HOURS),
        None,
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2099, 1, 1, tzinfo=UTC),
    ]
)
maybe_moments = st.sampled_from([*(ago(hours=hours) for hours in HOURS), None])


@dataclass(frozen=True)
class WholeHost:
    """An inventory, and which layers each of its shared records really holds."""

    seen: Inventory
    held: Mapping[str, str]
    """Chain ids, by record."""

    def without(self, gone: set[str]) -> "WholeHost":
        """The same host after these objects went: the engine counts again what uses and shares what."""
        seen = self.seen
        containers = tuple(c for c in seen.containers if c.id not in gone)
        fewer = {i.id: sum(c.image_id == i.id and c.id in gone for c in seen.containers) for i in seen.images}
        images = tuple(
            replace(i, containers=None if i.containers is None else i.containers - fewer[i.id])
            for i in seen.images
            if i.id not in gone
        )
        chains = {chain for one in images for chain in one.chain_ids}
        cache = tuple(
            replace(r, shared=r.shared and self.held.get(r.id, "") in {"", *chains})
            for r in seen.cache
            if r.id not in gone
        )
        return WholeHost(
            replace(
                seen, containers=containers, images=images, cache=cache,
                networks=tuple(n for n in seen.networks if n.id not in gone),
                volumes=tuple(v for v in seen.volumes if v.name not in gone),
            ),
            self.held,
        )  # fmt: skip


@st.composite
def whole_hosts(draw: st.DrawFn, stores: tuple[str, ...] = ("overlay2",)) -> WholeHost:
    sizes = draw(st.fixed_dictionaries({path: st.integers(0, 4) for path in _all_paths()}))
    images = draw(_images(sizes))
    networks, volumes = draw(_networks()), draw(_volumes())
    containers = draw(_containers(images, networks, volumes))
    counted = tuple(_counted(one, containers, draw(st.sampled_from((*(None, 0) * 5, 1)))) for one in images)
    chains = {path: one.chain_ids[-1] for path, one in _every_layer(sizes).items()}
    cache, paths = draw(_cache(sizes, {chain for one in images for chain in one.chain_ids}, chains))
    seen = inventory(*counted, *containers, *networks, *volumes, *cache, store=draw(st.sampled_from(stores)))
    seen = replace(seen, watched_since=draw(maybe_moments))
    return WholeHost(seen, {record_id: chains[path] for record_id, path in paths.items()})


def _all_paths() -> list[str]:
    return [a + b + c for a in "ab" for b in ("", "a", "b") for c in ("", "a", "b") if b or not c]


def _built(
    path: str, sizes: Mapping[str, int], number: int = 0, tags: tuple[str, ...] = (), **more: object
) -> Image:
    layers = [(path[:n], sizes[path[:n]]) for n in range(1, len(path) + 1)]
    return image(f"{path}{number}", *layers, tags=tags, **more)


def _every_layer(sizes: Mapping[str, int]) -> Mapping[str, Image]:
    return {path: _built(path, sizes) for path in sizes}


def _counted(one: Image, containers: tuple[Container, ...], more: int | None) -> Image:
    users = sum(user.image_id == one.id for user in containers)
    return replace(one, containers=None if more is None else users + more)


@st.composite
def _images(draw: st.DrawFn, sizes: Mapping[str, int]) -> tuple[Image, ...]:
    """Images on shared bases; some are built on each other, some have no name, or several."""
    free = list(draw(st.permutations(TAGS)))
    images: list[Image] = []
    for number, path in enumerate(draw(st.lists(PATHS, min_size=3, max_size=7))):
        below = [one.id for one in images if one.id.removeprefix("sha256:")[:-1] == path[:-1]]
        images.append(
            _built(
                path, sizes, number,
                tags=tuple(free.pop() for _ in range(draw(st.integers(0, 2))) if free),
                digests=draw(st.sampled_from(((), (), (f"app@sha256:{number}",)))),
                parent=draw(st.sampled_from(["", *below])),
                labels=draw(LABELS),
                built_at=draw(build_dates),
                tagged_at=draw(maybe_moments),
                arrived_at=draw(st.sampled_from((None, None, None, *(ago(hours=hours) for hours in HOURS)))),
                used_at=draw(maybe_moments),
                first_seen_at=draw(maybe_moments),
            )
        )  # fmt: skip
    return tuple(images)


@st.composite
def _containers(
    draw: st.DrawFn, images: tuple[Image, ...], networks: tuple[Network, ...], volumes: tuple[Volume, ...]
) -> tuple[Container, ...]:
    gone = image("gone", ("gone", 3))
    containers: list[Container] = []
    for number in range(draw(st.integers(0, 4))):
        of = draw(st.sampled_from((*images, *images, gone)))
        names = [reference for network in networks for reference in (network.id, network.name)]
        containers.append(
            container(
                f"c{number}", of, draw(st.sampled_from(STATES)),
                image=draw(st.sampled_from(["", *of.references, "app"])),
                created_at=draw(maybe_moments),
                ended_at=draw(maybe_moments),
                labels=draw(LABELS),
                binds=draw(st.sampled_from(((), (), ("/d/volumes/v1/_data/dumps",), ("/mnt/volumes/v2/_data",)))),
                networks=tuple(draw(st.lists(st.sampled_from(names), max_size=1))) if names else (),
                volumes=tuple(draw(st.lists(st.sampled_from([v.name for v in volumes]), max_size=1)))
                if volumes else (),
                size_rw=draw(st.integers(0, 9)),
                size_root_fs=draw(st.sampled_from((None, 50))),
            )
        )  # fmt: skip
    return tuple(containers)


@st.composite
def _networks(draw: st.DrawFn) -> tuple[Network, ...]:
    return tuple(
        Network(
            id=f"n{number}", name=name, driver="bridge", scope=draw(st.sampled_from(("local", "local", "swarm"))),
            labels=draw(LABELS), created_at=draw(maybe_moments),
            in_use=draw(st.sampled_from((False, False, True, None))),
        )
        for number, name in enumerate(draw(st.lists(st.sampled_from(("bridge", "lan", "wan")), max_size=3)))
    )  # fmt: skip


@st.composite
def _volumes(draw: st.DrawFn) -> tuple[Volume, ...]:
    names = draw(st.lists(st.sampled_from(("v1", "v2", "v3")), max_size=3, unique=True))
    anonymous = {ANONYMOUS_LABEL: ""}
    return tuple(
        Volume(
            name=name, driver="local", created_at=draw(maybe_moments), size=draw(st.integers(0, 9)),
            labels={**draw(LABELS), **draw(st.sampled_from((anonymous, anonymous, {})))},
            options=draw(st.sampled_from(({}, {}, {"type": "nfs"}))),
            ref_count=draw(st.sampled_from((0, 0, 1, None))),
        )
        for name in names
    )  # fmt: skip


@st.composite
def _cache(
    draw: st.DrawFn, sizes: Mapping[str, int], shared: set[str], chains: Mapping[str, str]
) -> tuple[tuple[CacheRecord, ...], Mapping[str, str]]:
    """Records that hold layers, each standing on the one below it, and some that hold none."""
    paths = sorted(
        {path[:n] for path in draw(st.lists(PATHS, min_size=1, max_size=3)) for n in range(1, len(path) + 1)}
    )
    records = [
        record(
            f"r{path}", draw(st.sampled_from((sizes[path], 0))), shared=chains[path] in shared,
            parents=(f"r{path[:-1]}",) if path[:-1] else (), **draw(_use()),
        )
        for path in paths
    ]  # fmt: skip
    for number in range(draw(st.integers(0, 3))):
        names = [one.id for one in records]
        parents = draw(st.lists(st.sampled_from(names), max_size=2, unique=True)) if names else []
        kind = draw(st.sampled_from(("exec.cachemount", "source.local", "frontend", "internal")))
        records.append(record(f"m{number}", number, type=kind, parents=tuple(parents), **draw(_use())))
    return tuple(records), {f"r{path}": path for path in paths}


@st.composite
def _use(draw: st.DrawFn) -> Mapping[str, object]:
    in_use = draw(st.sampled_from((False,) * 30 + (True,)))
    return {"in_use": in_use, "last_used_at": draw(maybe_moments), "created_at": draw(maybe_moments)}


# --- what is asked ------------------------------------------------------------------------------

WORDS = st.sampled_from((
    "arrival=build",
    "until=1h", "until=7d", "until=900d", "keep=1", "keep=2", "label=keep", "label=stage=ci", "label!=keep",
    "label!=keep=yes", "not=app*", "not=reg:5000/db", "not=c1", "not=lan", "only=images", "only=cache,images",
    "only=containers,networks,cache",
))  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> tuple[Profile, Arguments]:
    """A built-in profile, and arguments that it takes."""
    profile = BUILT_IN[draw(st.sampled_from((*BUILT_IN, *("everything", "routine") * 3)))]
    words = draw(st.sampled_from(((), draw(st.lists(WORDS, max_size=2)))))
    kinds = frozenset(profile.rules)
    for word in words:
        only = parse_arguments([word]).only
        kinds &= kinds if only is None else only
    if not kinds or any(not (parse_arguments([w]).only or set()) <= profile.rules.keys() for w in words):
        words = [word for word in words if not word.startswith("only=")]
    return profile, parse_arguments([profile.name, *words])


@st.composite
def protections(draw: st.DrawFn) -> Protection:
    def some(*values: str) -> tuple[str, ...]:
        return draw(st.sampled_from((*((),) * 6, *((value,) for value in values), values)))

    return Protection(
        images=some("app", "*:latest"),
        names=some("c0", "v?", "lan"),
        labels=some("keep=yes", "stage"),
        keep_last=draw(st.sampled_from((0, 0, 1, 2))),
        unused_for=draw(st.sampled_from((timedelta(), timedelta(), timedelta(hours=100)))),
        dangling_min_age=draw(st.sampled_from((timedelta(), timedelta(hours=1), timedelta(hours=24)))),
    )
