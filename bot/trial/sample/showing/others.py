"""Networks, volumes and build cache as the engine's JSON shows them."""

from typing import Any

from bot.trial.sample.filters import Filters
from bot.trial.sample.objects import PREDEFINED_NETWORKS, CacheRecord, Network, Volume
from bot.trial.sample.showing.containers import endpoint_id
from bot.trial.sample.showing.wording import stamp
from bot.trial.sample.universe import Universe

NETWORK_FILTERS = frozenset({"dangling", "driver", "id", "label", "name", "scope", "type"})
VOLUME_FILTERS = frozenset({"dangling", "driver", "label", "name"})
_MANY_PARENTS = (1, 42)


def list_networks(universe: Universe, filters: Filters) -> list[dict[str, Any]]:
    """Show the networks as `GET /networks`, which leaves their endpoints out."""
    dangling = filters.flag("dangling")
    return [
        _network(network, {})
        for network in universe.networks.values()
        if filters.matches_labels(network.labels)
        and filters.matches_names("name", network.name)
        and filters.matches_names("id", network.id)
        and filters.any_of("driver", [network.driver])
        and filters.any_of("scope", ["local"])
        and filters.any_of("type", ["builtin" if network.name in PREDEFINED_NETWORKS else "custom"])
        and (dangling is None or dangling == _unused(universe, network))
    ]


def _unused(universe: Universe, network: Network) -> bool:
    return network.name not in PREDEFINED_NETWORKS and not universe.endpoints_of(network)


def inspect_network(universe: Universe, network: Network) -> dict[str, Any]:
    """Show one network with the containers that are plugged in."""
    endpoints = {
        container.id: {
            "Name": container.name,
            "EndpointID": endpoint_id(container, network.name),
            "MacAddress": "",
            "IPv4Address": "",
            "IPv6Address": "",
        }
        for container in universe.endpoints_of(network)
    }
    return _network(network, endpoints)


def _network(network: Network, endpoints: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": stamp(network.created),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv6": False,
        "IPAM": {
            "Driver": "default",
            "Options": None,
            "Config": [{"Subnet": network.subnet}] if network.subnet else [],
        },
        "Internal": False,
        "Attachable": False,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": endpoints,
        "Options": {},
        "Labels": dict(network.labels),
    }


def list_volumes(universe: Universe, filters: Filters) -> dict[str, Any]:
    """Show the volumes as `GET /volumes`."""
    dangling = filters.flag("dangling")
    shown = [
        show_volume(volume)
        for volume in universe.volumes.values()
        if filters.matches_labels(volume.labels)
        and filters.matches_names("name", volume.name)
        and filters.any_of("driver", ["local"])
        and (dangling is None or dangling == (not universe.volume_users(volume.name)))
    ]
    return {"Volumes": shown, "Warnings": None}


def show_volume(volume: Volume) -> dict[str, Any]:
    """Show one volume, without its size: only `/system/df` walks it."""
    return {
        "CreatedAt": stamp(volume.created.replace(microsecond=0)),
        "Driver": "local",
        "Labels": dict(volume.labels) or None,
        "Mountpoint": f"/var/lib/docker/volumes/{volume.name}/_data",
        "Name": volume.name,
        "Options": dict(volume.options) or None,
        "Scope": "local",
    }


def volumes_usage(universe: Universe) -> list[dict[str, Any]]:
    """Show the volumes of `/system/df`: one with driver options is never among them."""
    return [
        show_volume(volume)
        | {"UsageData": {"RefCount": len(universe.volume_users(volume.name)), "Size": volume.size}}
        for volume in universe.volumes.values()
        if not volume.options
    ]


def cache_usage(universe: Universe, *, api: tuple[int, int]) -> list[dict[str, Any]]:
    """Show the build-cache records of `/system/df`; `Shared` is looked up anew each time."""
    held = universe.image_chains()
    return [_record(one, api=api, shared=one.chain in held) for one in universe.cache.values()]


def _record(record: CacheRecord, *, api: tuple[int, int], shared: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ID": record.id,
        "Type": record.type,
        "Description": record.description,
        "InUse": record.in_use,
        "Shared": shared,
        "Size": record.size,
        "CreatedAt": stamp(record.created),
        "LastUsedAt": stamp(record.last_used) if record.last_used else None,
        "UsageCount": record.usage_count,
    }
    if api < _MANY_PARENTS:
        shown["Parent"] = record.parents[0] if record.parents else ""
    elif record.parents:
        # The leading space is the engine's own, from 23 on.
        shown[" Parents"] = list(record.parents)
    return shown
