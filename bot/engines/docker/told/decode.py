"""The Engine API's answers (1.41 to 1.55) as values of the core.

Any field may be missing or null: then the value is unknown, and unknown means in use.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from bot.core.docker.content.layers import chain_ids
from bot.core.docker.inventory import CacheRecord, Container, EngineInfo, Image, Network, SwarmService, Volume
from bot.core.docker.logs import ContainerLog
from bot.core.docker.swarm import MANAGER, WORKER
from bot.core.docker.usage import (
    ACTIVE_STATES,
)

Answer: TypeAlias = Mapping[str, Any]

UNTAGGED = "<none>"
CONTAINERD_DRIVER_TYPE = "io.containerd.snapshotter.v1"
FIRST_YEAR, LAST_YEAR = 1970, 2999
"""Builds that are to be the same each time give their images dates as old as 1970."""
NEVER = "0001-"
"""How the engine writes a time that never was."""
CACHE_ID = re.compile(r"[a-z0-9]+")


def moment(value: object) -> datetime | None:
    """Read a time (RFC 3339 text or Unix seconds); None when unknown, or when the engine means "never".

    So are times that Docker cannot mean: ages are computed from them, and must not leave the calendar.
    """
    try:
        if isinstance(value, int) and value > 0:
            read = datetime.fromtimestamp(value, UTC)
        elif isinstance(value, str):
            read = datetime.fromisoformat(value)
        else:
            return None
        return read.astimezone(UTC) if FIRST_YEAR <= read.year <= LAST_YEAR and read.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None


def engine_info(info: Answer, version: Answer) -> EngineInfo:
    driver_type = dict(_pairs(info.get("DriverStatus"))).get("driver-type")
    return EngineInfo(
        id=str(info.get("ID") or ""),
        name=str(info.get("Name") or ""),
        version=str(info.get("ServerVersion") or version.get("Version") or ""),
        api_version=str(version.get("ApiVersion") or ""),
        store="containerd" if driver_type == CONTAINERD_DRIVER_TYPE else str(info.get("Driver") or ""),
        data_root=str(info.get("DockerRootDir") or ""),
        operating_system=str(info.get("OperatingSystem") or ""),
        swarm=_swarm(info.get("Swarm")),
    )


def _swarm(told: Answer | None) -> str:
    """What an engine is to a swarm; empty when it does not say."""
    state = str((told or {}).get("LocalNodeState") or "")
    if (told or {}).get("ControlAvailable"):
        return MANAGER
    return WORKER if state == "active" else state


def swarm_service(answer: Answer) -> SwarmService:
    """A service, with what its present and its previous specification name."""
    present, previous = (_container_spec(answer.get(key)) for key in ("Spec", "PreviousSpec"))
    mounts = [*(present.get("Mounts") or ()), *(previous.get("Mounts") or ())]
    return SwarmService(
        name=str((answer.get("Spec") or {}).get("Name") or ""),
        images=tuple(str(spec["Image"]) for spec in (present,) if spec.get("Image")),
        previous_images=tuple(str(spec["Image"]) for spec in (previous,) if spec.get("Image")),
        volumes=tuple(str(m["Source"]) for m in mounts if m.get("Type") == "volume" and m.get("Source")),
        binds=tuple(str(m["Source"]) for m in mounts if m.get("Type") == "bind" and m.get("Source")),
    )


def _container_spec(spec: Answer | None) -> Answer:
    return ((spec or {}).get("TaskTemplate") or {}).get("ContainerSpec") or {}


def image(listed: Answer, inspected: Answer, history: Sequence[Answer] | None) -> Image:
    """One image from its three answers; ``listed`` may be empty when only the inspection is at hand."""
    # The containerd store's inspection counts blobs alone; its list counts what is unpacked too.
    inspected_size = _count(inspected.get("Size"))
    size = _count(listed.get("Size")) or inspected_size
    diff_ids = (inspected.get("RootFS") or {}).get("Layers") or ()
    return Image(
        id=str(inspected.get("Id") or listed.get("Id") or ""),
        tags=_references(inspected.get("RepoTags")),
        digests=_references(inspected.get("RepoDigests")),
        parent=str(listed.get("ParentId") or inspected.get("Parent") or ""),
        labels=_labels((inspected.get("Config") or {}).get("Labels") or listed.get("Labels")),
        built_at=moment(inspected.get("Created")) or moment(listed.get("Created")),
        tagged_at=moment((inspected.get("Metadata") or {}).get("LastTagTime")),
        size=size,
        shared_size=_count(listed.get("SharedSize")),
        blobs_size=inspected_size if inspected_size and size and inspected_size < size else None,
        containers=_count(listed.get("Containers")),
        chain_ids=chain_ids(diff_ids),
        history=None if history is None else tuple(int(e.get("Size") or 0) for e in reversed(history)),
        history_at=() if history is None else tuple(moment(e.get("Created")) for e in reversed(history)),
        folders=_folders(inspected, top=True),
        repeats=len(set(diff_ids)) < len(diff_ids),
    )


def names(listed: Answer) -> frozenset[str]:
    """All references of an image, from its entry of the list, which may order and repeat them in its own way."""
    return frozenset((*_references(listed.get("RepoTags")), *_references(listed.get("RepoDigests"))))


def relisted(known: Image, listed: Answer) -> Image:
    """An image that was inspected before, with what the list tells anew."""
    return replace(
        known,
        shared_size=_count(listed.get("SharedSize")),
        containers=_count(listed.get("Containers")),
        parent=str(listed.get("ParentId") or known.parent),
    )


def listed_container(answer: Answer, sizes: Mapping[str, Answer]) -> Container:
    """One container from the list; ``sizes`` are the entries of df, by id."""
    container_id = str(answer.get("Id") or "")
    sized = sizes.get(container_id)
    names = sorted((answer.get("Names") or []), key=lambda name: (name.count("/"), name))
    return Container(
        id=container_id,
        name=names[0].lstrip("/") if names else container_id[:12],
        state=str(answer.get("State") or ""),
        image_id=str(answer.get("ImageID") or ""),
        image=str(answer.get("Image") or ""),
        manifest=str((answer.get("ImageManifestDescriptor") or {}).get("digest") or ""),
        created_at=moment(answer.get("Created")),
        labels=_labels(answer.get("Labels")),
        volumes=_volumes(answer),
        binds=_binds(answer),
        networks=_networks(answer),
        size_rw=None if sized is None else int(sized.get("SizeRw") or 0),
        size_root_fs=None if sized is None else int(sized.get("SizeRootFs") or 0),
    )


def inspected_container(answer: Answer) -> Container:
    state = answer.get("State") or {}
    return Container(
        id=str(answer.get("Id") or ""),
        name=str(answer.get("Name") or "").lstrip("/"),
        state=str(state.get("Status") or ""),
        image_id=str(answer.get("Image") or ""),
        image=str((answer.get("Config") or {}).get("Image") or ""),
        created_at=moment(answer.get("Created")),
        started_at=moment(state.get("StartedAt")),
        ended_at=_ended(state, moment(answer.get("Created"))),
        exit_code=_count(state.get("ExitCode")),
        restart=_restart(answer),
        labels=_labels((answer.get("Config") or {}).get("Labels")),
        volumes=_volumes(answer),
        binds=_binds(answer),
        networks=_networks(answer),
        folders=_folders(answer, top=False),
        size_rw=_count(answer.get("SizeRw")),
    )


def container_log(inspected: Answer) -> ContainerLog:
    """Where an inspected container's output goes."""
    told = (inspected.get("HostConfig") or {}).get("LogConfig") or {}
    return ContainerLog(
        id=str(inspected.get("Id") or ""),
        name=str(inspected.get("Name") or "").lstrip("/"),
        driver=str(told.get("Type") or ""),
        options={key: value for key, value in (told.get("Config") or {}).items() if value is not None},
    )


def _restart(inspected: Answer) -> str:
    policy = (inspected.get("HostConfig") or {}).get("RestartPolicy") or {}
    return str(policy.get("Name") or "")


def _folders(inspected: Answer, *, top: bool) -> tuple[str, ...]:
    """The folders of overlay2's layers, lowest first: an image's topmost is told apart, a container's is its own."""
    data = (inspected.get("GraphDriver") or {}).get("Data") or {}
    lower = [path for path in str(data.get("LowerDir") or "").split(":") if path]
    paths = ([str(data.get("UpperDir") or "")] if top else []) + lower
    names = [path.rpartition("/diff")[0].rpartition("/")[2] for path in reversed(paths)]
    return tuple(name for name in names if name and not name.endswith("-init"))


def _ended(state: Answer, created: datetime | None) -> datetime | None:
    """When it ended; of one that never started, when it was created."""
    if str(state.get("Status") or "") in ACTIVE_STATES:
        return None
    started, ended = moment(state.get("StartedAt")), moment(state.get("FinishedAt"))
    if str(state.get("StartedAt") or "").startswith(NEVER) and ended is None:
        return created
    return ended if ended is None or started is None else max(ended, started)


def tells_all(listed: Answer) -> bool:
    """Whether the list says all of a container that a plan needs: not when one ended, and some lists no mounts."""
    return listed.get("State") in ACTIVE_STATES and listed.get("Mounts") is not None


def met(listed: Container, inspected: Container) -> Container:
    """A container by its entry in the list and by what was asked of it a moment later.

    The two may differ: after a removal that failed, the list says ``removing`` until the engine restarts, and
    the container says ``dead``. The later answer counts, unless the list saw it run.
    """
    seen_running = listed.state in ACTIVE_STATES
    return replace(
        listed,
        state=listed.state if seen_running else inspected.state or listed.state,
        started_at=inspected.started_at,
        ended_at=None if seen_running else inspected.ended_at,
        exit_code=None if seen_running else inspected.exit_code,
        restart=inspected.restart,
        volumes=tuple(dict.fromkeys((*listed.volumes, *inspected.volumes))),
        binds=tuple(dict.fromkeys((*listed.binds, *inspected.binds))),
        networks=tuple(sorted({*listed.networks, *inspected.networks})),
        folders=inspected.folders,
    )


def network(answer: Answer, *, in_use: bool | None) -> Network:
    return Network(
        id=str(answer.get("Id") or ""),
        name=str(answer.get("Name") or ""),
        driver=str(answer.get("Driver") or ""),
        scope=str(answer.get("Scope") or ""),
        labels=_labels(answer.get("Labels")),
        created_at=moment(answer.get("Created")),
        in_use=in_use,
    )


def volume(answer: Answer, usage: Answer | None = None) -> Volume:
    """One volume; ``usage`` is its entry's UsageData in df, where -1 means unknown."""
    usage = usage or {}
    return Volume(
        name=str(answer.get("Name") or ""),
        driver=str(answer.get("Driver") or ""),
        labels=_labels(answer.get("Labels")),
        options=_labels(answer.get("Options")),
        created_at=moment(answer.get("CreatedAt")),
        size=_count(usage.get("Size")),
        ref_count=_count(usage.get("RefCount")),
    )


def cache_record(answer: Answer) -> CacheRecord:
    """One build cache record; its parents' key differs by version, one has a leading space."""
    parents = answer.get("Parents") or answer.get(" Parents") or answer.get("Parent") or ()
    return CacheRecord(
        id=str(answer.get("ID") or ""),
        type=str(answer.get("Type") or ""),
        description=str(answer.get("Description") or ""),
        parents=(parents,) if isinstance(parents, str) else tuple(parents),
        size=_count(answer.get("Size")),
        shared=answer.get("Shared") is not False,
        in_use=answer.get("InUse") is not False,
        created_at=moment(answer.get("CreatedAt")),
        last_used_at=moment(answer.get("LastUsedAt")),
        used=_count(answer.get("UsageCount")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _references(value: Iterable[str] | None) -> tuple[str, ...]:
    """Each once: the containerd store tells a digest once for every tag."""
    return tuple(sorted({reference for reference in value or () if UNTAGGED not in reference}))


def _labels(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {str(key): str(text) for key, text in value.items()}


def _volumes(answer: Answer) -> tuple[str, ...]:
    return tuple(
        str(mount["Name"]) for mount in answer.get("Mounts") or () if mount.get("Type", "volume") == "volume"
        and mount.get("Name")
    )  # fmt: skip


def _binds(answer: Answer) -> tuple[str, ...]:
    return tuple(
        str(mount["Source"]) for mount in answer.get("Mounts") or () if mount.get("Type") == "bind"
        and mount.get("Source")
    )  # fmt: skip


def _networks(answer: Answer) -> tuple[str, ...]:
    """Names and ids: a stopped container may carry only the name."""
    attached = (answer.get("NetworkSettings") or {}).get("Networks") or {}
    ids = (str(entry.get("NetworkID") or "") for entry in attached.values() if entry)
    mode = str((answer.get("HostConfig") or {}).get("NetworkMode") or "")
    return tuple(sorted({*map(str, attached), *ids, mode} - {""}))


def _pairs(value: object) -> Iterable[tuple[str, str]]:
    for pair in value if isinstance(value, list) else ():
        if isinstance(pair, list) and len(pair) == 2:  # noqa: PLR2004 - a pair
            yield str(pair[0]), str(pair[1])
