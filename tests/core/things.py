"""Small engines for the tests of the core: a base image, what is built on it, and what uses it."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bot.core.docker.content.layers import chain_ids
from bot.core.docker.inventory import (
    CacheRecord,
    Container,
    EngineInfo,
    Image,
    Inventory,
    Kind,
    Network,
    Volume,
)
from bot.core.plan.plan import Draft, Item
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import find_profile
from bot.core.plan.protection import Protection

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENGINE = EngineInfo(
    id="E1",
    name="sample",
    version="26.1.5",
    api_version="1.45",
    store="overlay2",
    data_root="/var/lib/docker",
)


def ago(**parts: float) -> datetime:
    return NOW - timedelta(**parts)


def image(name: str, *layers: tuple[str, int], tags: tuple[str, ...] = (), **more: object) -> Image:
    """An image of layers ``(content, size)``; old, and watched since its build, unless it says otherwise."""
    diffs = ["sha256:" + hashlib.sha256(content.encode()).hexdigest() for content, _ in layers]
    values: dict[str, object] = {
        "id": f"sha256:{name}",
        "tags": tags,
        "built_at": ago(days=60),
        "size": sum(size for _, size in layers),
        "chain_ids": chain_ids(diffs),
        "history": tuple(size for _, size in layers),
        **more,
    }
    values.setdefault("first_seen_at", values["built_at"])
    return Image(**values)  # type: ignore[arg-type] # the tests' own keywords, checked by the dataclass


def container(name: str, of: Image, state: str = "exited", **more: object) -> Container:
    values: dict[str, object] = {
        "id": f"id-{name}",
        "name": name,
        "state": state,
        "image_id": of.id,
        "created_at": ago(days=30),
        "size_rw": 0,
        **more,
    }
    values.setdefault("ended_at", values["created_at"])
    return Container(**values)  # type: ignore[arg-type] # as above


def network(
    name: str,
    *,
    in_use: bool | None = False,
    scope: str = "local",
    labels: Mapping[str, str] = MappingProxyType({}),
) -> Network:
    return Network(id=f"id-{name}", name=name, driver="bridge", scope=scope, in_use=in_use, labels=labels)


def volume(
    name: str,
    *,
    anonymous: bool = True,
    ref_count: int | None = 0,
    labels: Mapping[str, str] = MappingProxyType({}),
    **options: str,
) -> Volume:
    own = {"com.docker.volume.anonymous": ""} if anonymous else {}
    return Volume(
        name=name, driver="local", labels={**own, **labels}, options=options, created_at=ago(days=9), size=7,
        ref_count=ref_count,
    )  # fmt: skip


def record(name: str, size: int | None = 10, **more: object) -> CacheRecord:
    values: dict[str, object] = {
        "id": name,
        "type": "regular",
        "size": size,
        "shared": False,
        "in_use": False,
        "last_used_at": ago(days=30),
        **more,
    }
    return CacheRecord(**values)  # type: ignore[arg-type] # as above


def inventory(
    *things: Image | Container | Network | Volume | CacheRecord, store: str = "overlay2"
) -> Inventory:
    engine = EngineInfo(id="E1", name="e", version="26", api_version="1.45", store=store, data_root="/d")
    return Inventory(
        engine=engine,
        taken_at=NOW,
        images=tuple(t for t in things if isinstance(t, Image)),
        containers=tuple(t for t in things if isinstance(t, Container)),
        networks=tuple(t for t in things if isinstance(t, Network)),
        volumes=tuple(t for t in things if isinstance(t, Volume)),
        cache=tuple(t for t in things if isinstance(t, CacheRecord)),
    )


def planned(profile: str, seen: Inventory, protection: Protection | None = None) -> Draft:
    return draft(Measured.of(seen), find_profile(profile), protection or Protection())


def taken(plan: Draft) -> set[str]:
    return {item.id if item.kind is Kind.IMAGE else item.name or item.id for item in plan.items}


def rule(plan: Draft, object_id: str) -> str:
    """Why an object is kept."""
    return next(kept.rule for kept in plan.kept if kept.id == object_id)


def item(kind: Kind, object_id: str, **more: object) -> Item:
    values: dict[str, object] = {"kind": kind, "id": object_id, "name": object_id, "rule": "unused", **more}
    return Item(**values)  # type: ignore[arg-type] # as above
