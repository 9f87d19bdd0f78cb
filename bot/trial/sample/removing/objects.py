"""Removing containers, networks and volumes, and starting and stopping what holds them."""

from dataclasses import replace

from bot.trial.sample.errors import ConflictError, ForbiddenError, NotFoundError
from bot.trial.sample.objects import PREDEFINED_NETWORKS, Container
from bot.trial.sample.universe import Universe

_KILLED = 137


def remove_container(universe: Universe, name: str, *, force: bool, volumes: bool) -> None:
    """Remove a container; layers that only it still held go with it, and nobody reports them."""
    container = universe.container(name)
    if container.running and not force:
        _refuse_running(container)
    del universe.containers[container.id]
    universe.release(container.top)
    if volumes:
        _remove_anonymous_volumes(universe, container)


def _refuse_running(container: Container) -> None:
    remedy = (
        "container is paused and must be unpaused first"
        if container.state == "paused"
        else f"container is {container.state}: stop the container before removing or force remove"
    )
    raise ConflictError(f'cannot remove container "/{container.name}": {remedy}')


def _remove_anonymous_volumes(universe: Universe, container: Container) -> None:
    for mount in container.mounts:
        if mount.type == "volume" and mount.anonymous and not universe.volume_users(mount.source):
            universe.volumes.pop(mount.source, None)


def start_container(universe: Universe, name: str) -> bool:
    """Start a container; False where it runs already. A network that is gone keeps it from starting."""
    container = universe.container(name)
    if container.state == "paused":
        raise ConflictError("cannot start a paused container, try unpause instead")
    if container.running:
        return False
    known = {network.name for network in universe.networks.values()}
    for network in container.networks:
        if network not in known:
            raise NotFoundError(f"failed to set up container networking: network {network} not found")
    universe.containers[container.id] = replace(
        container, state="running", started_at=universe.clock(), finished_at=None, exit_code=0
    )
    return True


def stop_container(universe: Universe, name: str) -> bool:
    """Stop a container; False where it does not run."""
    container = universe.container(name)
    if not container.running:
        return False
    universe.containers[container.id] = replace(
        container, state="exited", finished_at=universe.clock(), exit_code=_KILLED
    )
    return True


def remove_network(universe: Universe, name: str) -> None:
    network = universe.network(name)
    if network.name in PREDEFINED_NETWORKS:
        raise ForbiddenError(f"{network.name} is a pre-defined network and cannot be removed")
    if universe.endpoints_of(network):
        raise ForbiddenError(
            f"error while removing network: network {network.name} id {network.id} has active endpoints",
        )
    del universe.networks[network.id]


def remove_volume(universe: Universe, name: str, *, force: bool) -> None:
    """Remove a volume; `force` only forgives that there is none, it never takes one in use."""
    if force and name not in universe.volumes:
        return
    volume = universe.volume(name)
    users = universe.volume_users(volume.name)
    if users:
        ids = ", ".join(user.id for user in users)
        raise ConflictError(f"remove {volume.name}: volume is in use - [{ids}]")
    del universe.volumes[volume.name]
