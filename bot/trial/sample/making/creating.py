"""Creating a container: as much of the request as changes what may be removed."""

import re
from typing import Any

from bot.trial.sample.errors import ConflictError, InvalidParameterError
from bot.trial.sample.objects import ANONYMOUS_LABEL, Container, Mount, Volume
from bot.trial.sample.universe import Universe

_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")


def create_container(universe: Universe, name: str, body: dict[str, Any]) -> Container:
    """Create a container from the JSON body of `POST /containers/create`."""
    if not body.get("Image"):
        raise InvalidParameterError("no image specified")
    image = universe.image(body["Image"])
    container_id = universe.new_id("container", name)
    name = _free_name(universe, name or f"sample_{container_id[:8]}")
    host: dict[str, Any] = body.get("HostConfig") or {}
    mode: str = host.get("NetworkMode") or "default"
    container = Container(
        id=container_id,
        name=name,
        image_id=image.id,
        image_ref=body["Image"],
        top=image.chain_ids[-1] if image.diff_ids else None,
        state="created",
        created=universe.clock(),
        command=tuple(body.get("Cmd") or image.command),
        mounts=_mounts(universe, body, host),
        networks=("bridge" if mode == "default" else mode,),
        labels={**image.labels, **(body.get("Labels") or {})},
    )
    universe.containers[container.id] = container
    return container


def _free_name(universe: Universe, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidParameterError(
            f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
        )
    name = name.removeprefix("/")
    for other in universe.containers.values():
        if other.name == name:
            raise ConflictError(
                f'Conflict. The container name "/{name}" is already in use by container "{other.id}". '
                "You have to remove (or rename) that container to be able to reuse that name.",
            )
    return name


def _mounts(universe: Universe, body: dict[str, Any], host: dict[str, Any]) -> tuple[Mount, ...]:
    mounts = []
    for bind in host.get("Binds") or []:
        source, _, rest = bind.partition(":")
        destination, _, options = rest.partition(":")
        mounts.append(_mount(universe, source, destination, writable="ro" not in options.split(",")))
    for asked in host.get("Mounts") or []:
        source = asked.get("Source") or ""
        mounts.append(_mount(universe, source, asked.get("Target") or "", writable=not asked.get("ReadOnly")))
    taken = {mount.destination for mount in mounts}
    wanted = [destination for destination in body.get("Volumes") or {} if destination not in taken]
    mounts += [_mount(universe, "", destination, writable=True) for destination in wanted]
    return tuple(mounts)


def _mount(universe: Universe, source: str, destination: str, *, writable: bool) -> Mount:
    if source.startswith("/"):
        return Mount(type="bind", source=source, destination=destination, writable=writable)
    name = source or universe.new_id("volume", destination)
    labels = {} if source else {ANONYMOUS_LABEL: ""}
    if name not in universe.volumes:
        universe.volumes[name] = Volume(name=name, created=universe.clock(), size=0, labels=labels)
    return Mount(type="volume", source=name, destination=destination, anonymous=not source, writable=writable)
