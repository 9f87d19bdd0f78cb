"""Containers as the engine's JSON shows them."""

from typing import Any

from bot.trial.sample.errors import NotFoundError
from bot.trial.sample.filters import Filters
from bot.trial.sample.objects import Container, Mount, digest
from bot.trial.sample.showing.wording import stamp, status
from bot.trial.sample.universe import Universe

CONTAINER_FILTERS = frozenset({"ancestor", "id", "label", "name", "network", "status", "volume"})
_ROOT = "/var/lib/docker"


def list_containers(
    universe: Universe, filters: Filters, *, show_all: bool, size: bool, limit: int = 0
) -> list[dict[str, Any]]:
    """Show the containers as `GET /containers/json`, newest first; a `status` filter shows all states."""
    everything = show_all or limit > 0 or "status" in filters
    found = [
        container
        for container in sorted(universe.containers.values(), key=lambda one: one.created, reverse=True)
        if (everything or container.running) and _selected(universe, container, filters)
    ]
    return [_summary(universe, container, size=size) for container in found[: limit or None]]


def _selected(universe: Universe, container: Container, filters: Filters) -> bool:
    volumes = [mount.source for mount in container.mounts if mount.type == "volume"]
    known = universe.networks.values()
    networks = [*container.networks, *(one.id for one in known if one.name in container.networks)]
    return (
        filters.matches_labels(container.labels)
        and filters.matches_names("name", container.name)
        and filters.matches_names("id", container.id)
        and filters.any_of("status", [container.state])
        and filters.any_of("volume", volumes)
        and filters.any_of("network", networks)
        and _descends(universe, container, filters)
    )


def _descends(universe: Universe, container: Container, filters: Filters) -> bool:
    if "ancestor" not in filters:
        return True
    for name in filters.get("ancestor"):
        try:
            ancestor = universe.image(name)
        except NotFoundError:
            continue
        image = universe.images.get(container.image_id)
        while image is not None:
            if image.id == ancestor.id:
                return True
            image = universe.images.get(image.parent or "")
    return False


def _summary(universe: Universe, container: Container, *, size: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": _image_name(universe, container),
        "ImageID": container.image_id,
        "Command": " ".join(container.command),
        "Created": int(container.created.timestamp()),
        "Ports": [],
        "Labels": dict(container.labels),
        "State": container.state,
        "Status": status(container, universe.clock()),
        "HostConfig": {"NetworkMode": container.networks[0]},
        "NetworkSettings": {"Networks": _endpoints(universe, container)},
        "Mounts": [_mount(mount) for mount in container.mounts],
    }
    if size:
        shown |= _sizes(universe, container)
    return shown


def _image_name(universe: Universe, container: Container) -> str:
    """The name it was made from, where that still names its image; the image's id otherwise."""
    try:
        current = universe.image(container.image_ref)
    except NotFoundError:
        return container.image_id
    return container.image_ref if current.id == container.image_id else container.image_id


def _sizes(universe: Universe, container: Container) -> dict[str, int]:
    below = sum(layer.size for layer in universe.chain_of(container.top))
    # Go leaves a zero out: `omitempty`.
    shown = {"SizeRw": container.size_rw, "SizeRootFs": below + container.size_rw}
    return {key: value for key, value in shown.items() if value}


def _endpoints(universe: Universe, container: Container) -> dict[str, Any]:
    ids = {network.name: network.id for network in universe.networks.values()}
    return {
        name: {
            "IPAMConfig": None,
            "Links": None,
            "Aliases": None,
            "MacAddress": "",
            "NetworkID": ids.get(name, "") if container.started_at else "",
            "EndpointID": endpoint_id(container, name) if container.running else "",
            "Gateway": "",
            "IPAddress": "",
            "IPPrefixLen": 0,
            "IPv6Gateway": "",
            "GlobalIPv6Address": "",
            "GlobalIPv6PrefixLen": 0,
            "DriverOpts": None,
            "DNSNames": None,
        }
        for name in container.networks
    }


def endpoint_id(container: Container, network: str) -> str:
    return digest("endpoint", container.id, network).removeprefix("sha256:")


def _mount(mount: Mount) -> dict[str, Any]:
    if mount.type == "bind":
        return {
            "Type": "bind",
            "Source": mount.source,
            "Destination": mount.destination,
            "Mode": "" if mount.writable else "ro",
            "RW": mount.writable,
            "Propagation": "rprivate",
        }
    return {
        "Type": "volume",
        "Name": mount.source,
        "Source": f"{_ROOT}/volumes/{mount.source}/_data",
        "Destination": mount.destination,
        "Driver": "local",
        "Mode": "" if mount.anonymous else "z",
        "RW": mount.writable,
        "Propagation": "",
    }


def inspect_container(universe: Universe, container: Container, *, size: bool) -> dict[str, Any]:
    """Show one container as `GET /containers/{id}/json`."""
    folder = f"{_ROOT}/containers/{container.id}"
    shown: dict[str, Any] = {
        "Id": container.id,
        "Created": stamp(container.created),
        "Path": container.command[0] if container.command else "",
        "Args": list(container.command[1:]),
        "State": _state(container),
        "Image": container.image_id,
        "ResolvConfPath": f"{folder}/resolv.conf",
        "HostnamePath": f"{folder}/hostname",
        "HostsPath": f"{folder}/hosts",
        "LogPath": f"{folder}/{container.id}-json.log",
        "Name": f"/{container.name}",
        "RestartCount": 0,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": _host_config(container),
        "GraphDriver": {"Data": _graph_data(container), "Name": "overlay2"},
        "Mounts": [_mount(mount) for mount in container.mounts],
        "Config": _config(container),
        "NetworkSettings": _network_settings(universe, container),
    }
    if size:
        shown |= {"SizeRw": 0, "SizeRootFs": 0} | _sizes(universe, container)
    return shown


def _network_settings(universe: Universe, container: Container) -> dict[str, Any]:
    return {
        "Bridge": "",
        "SandboxID": "",
        "SandboxKey": "",
        "Ports": {},
        "EndpointID": "",
        "Gateway": "",
        "IPAddress": "",
        "IPPrefixLen": 0,
        "MacAddress": "",
        "Networks": _endpoints(universe, container),
    }


def _state(container: Container) -> dict[str, Any]:
    return {
        "Status": container.state,
        "Running": container.running,
        "Paused": container.state == "paused",
        "Restarting": False,
        "OOMKilled": False,
        "Dead": False,
        "Pid": int(container.id[:4], 16) + 1000 if container.running else 0,
        "ExitCode": container.exit_code,
        "Error": "",
        "StartedAt": stamp(container.started_at),
        "FinishedAt": stamp(container.finished_at),
    }


def _graph_data(container: Container) -> dict[str, str]:
    folder = f"{_ROOT}/overlay2/{container.id}"
    data = {"MergedDir": f"{folder}/merged", "UpperDir": f"{folder}/diff", "WorkDir": f"{folder}/work"}
    return data | {"LowerDir": f"{folder}-init/diff"}


def _host_config(container: Container) -> dict[str, Any]:
    binds = [
        f"{mount.source}:{mount.destination}" + ("" if mount.writable else ":ro")
        for mount in container.mounts
        if not mount.anonymous
    ]
    return {
        "Binds": binds or None,
        "LogConfig": {"Type": "json-file", "Config": {}},
        "NetworkMode": container.networks[0],
        "PortBindings": {},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": False,
        "VolumeDriver": "",
        "VolumesFrom": None,
        "Privileged": False,
        "Runtime": "runc",
    }


def _config(container: Container) -> dict[str, Any]:
    return {
        "Hostname": container.id[:12],
        "Domainname": "",
        "User": "",
        "Tty": False,
        "Env": [],
        "Cmd": list(container.command) or None,
        "Image": container.image_ref,
        "Volumes": {mount.destination: {} for mount in container.mounts if mount.anonymous} or None,
        "WorkingDir": "",
        "Entrypoint": None,
        "Labels": dict(container.labels),
    }
