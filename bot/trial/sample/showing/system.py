"""What the engine says about itself and about its disk as a whole."""

from collections.abc import Collection
from typing import Any

from bot.trial.sample.errors import InvalidParameterError
from bot.trial.sample.filters import Filters
from bot.trial.sample.showing.containers import list_containers
from bot.trial.sample.showing.images import list_images
from bot.trial.sample.showing.others import cache_usage, volumes_usage
from bot.trial.sample.showing.wording import stamp
from bot.trial.sample.universe import Universe

ENGINE_VERSION = "26.1.5"
API_VERSION = (1, 45)
MIN_API_VERSION = (1, 24)
_TYPED = (1, 42)
_TYPES = frozenset({"container", "image", "volume", "build-cache"})
_OPERATING_SYSTEM = "Deckhand sample engine (simulated)"
_KERNEL = "6.1.0-sample"
_BUILT = "2024-07-26T00:00:00.000000000+00:00"

# What clients expect to find, and nothing here depends on.
_SETTINGS: dict[str, Any] = {
    "Plugins": {
        "Volume": ["local"],
        "Network": ["bridge", "host", "null"],
        "Authorization": None,
        "Log": ["json-file", "local"],
    },
    "MemoryLimit": True,
    "SwapLimit": True,
    "CpuCfsPeriod": True,
    "CpuCfsQuota": True,
    "CPUShares": True,
    "CPUSet": True,
    "PidsLimit": True,
    "IPv4Forwarding": True,
    "BridgeNfIptables": True,
    "BridgeNfIp6tables": True,
    "Debug": False,
    "NFd": 0,
    "OomKillDisable": False,
    "NGoroutines": 0,
    "LoggingDriver": "json-file",
    "CgroupDriver": "systemd",
    "CgroupVersion": "2",
    "NEventsListener": 0,
    "IndexServerAddress": "https://index.docker.io/v1/",
    "RegistryConfig": {"IndexConfigs": {}, "InsecureRegistryCIDRs": [], "Mirrors": []},
    "GenericResources": None,
    "HttpProxy": "",
    "HttpsProxy": "",
    "NoProxy": "",
    "Labels": [],
    "ExperimentalBuild": False,
    "Runtimes": {"runc": {"path": "runc"}},
    "DefaultRuntime": "runc",
    "Swarm": {
        "NodeID": "",
        "NodeAddr": "",
        "LocalNodeState": "inactive",
        "ControlAvailable": False,
        "Error": "",
        "RemoteManagers": None,
    },
    "LiveRestoreEnabled": False,
    "Isolation": "",
    "InitBinary": "docker-init",
    "ContainerdCommit": {"ID": "simulated", "Expected": "simulated"},
    "RuncCommit": {"ID": "simulated", "Expected": "simulated"},
    "InitCommit": {"ID": "simulated", "Expected": "simulated"},
    "SecurityOptions": ["name=seccomp,profile=builtin", "name=cgroupns"],
    "Warnings": None,
}


def dotted(api: tuple[int, int]) -> str:
    return f"{api[0]}.{api[1]}"


def version() -> dict[str, Any]:
    """Answer `GET /version`."""
    about = {
        "ApiVersion": dotted(API_VERSION),
        "MinAPIVersion": dotted(MIN_API_VERSION),
        "GitCommit": "simulated",
        "GoVersion": "none",
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": _KERNEL,
        "BuildTime": _BUILT,
    }
    engine = {"Name": "Engine", "Version": ENGINE_VERSION, "Details": about | {"Experimental": "false"}}
    return {
        "Platform": {"Name": _OPERATING_SYSTEM},
        "Components": [engine],
        "Version": ENGINE_VERSION,
    } | about


def info(universe: Universe) -> dict[str, Any]:
    """Answer `GET /info`."""
    states = [container.state for container in universe.containers.values()]
    running, paused = states.count("running"), states.count("paused")
    return {
        "ID": universe.engine_id,
        "Containers": len(states),
        "ContainersRunning": running,
        "ContainersPaused": paused,
        "ContainersStopped": len(states) - running - paused,
        "Images": len(universe.images),
        "Driver": "overlay2",
        "DriverStatus": [
            ["Backing Filesystem", "extfs"],
            ["Supports d_type", "true"],
            ["Using metacopy", "false"],
            ["Native Overlay Diff", "true"],
            ["userxattr", "false"],
        ],
        "DockerRootDir": "/var/lib/docker",
        "SystemTime": stamp(universe.clock()),
        "Name": universe.name,
        "ServerVersion": ENGINE_VERSION,
        "OperatingSystem": _OPERATING_SYSTEM,
        "OSType": "linux",
        "OSVersion": "",
        "KernelVersion": _KERNEL,
        "Architecture": "x86_64",
        "NCPU": 8,
        "MemTotal": 32 * 1024**3,
        **_SETTINGS,
    }


def disk_usage(universe: Universe, types: Collection[str], *, api: tuple[int, int]) -> dict[str, Any]:
    """Answer `GET /system/df`: all of it, or from API 1.42 the types that were asked for."""
    wanted = set(types) if types and api >= _TYPED else _TYPES
    for name in sorted(wanted - _TYPES):
        raise InvalidParameterError(f"unknown object type: {name}")
    usage: dict[str, Any] = dict.fromkeys(("Images", "Containers", "Volumes", "BuildCache"))
    usage["LayersSize"] = 0
    everything = Filters("", ())
    if "image" in wanted:
        usage["LayersSize"] = universe.size_of(universe.image_chains())
        usage["Images"] = list_images(universe, everything, api=api, show_all=False, usage=True)
    if "container" in wanted:
        usage["Containers"] = list_containers(universe, everything, show_all=True, size=True)
    if "volume" in wanted:
        usage["Volumes"] = volumes_usage(universe)
    if "build-cache" in wanted:
        usage["BuildCache"] = cache_usage(universe, api=api)
        if api < _TYPED:
            usage["BuilderSize"] = sum(record.size for record in universe.cache.values())
    return usage
