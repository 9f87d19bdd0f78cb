"""The shape of every answer that Deckhand reads: what it may say, under which key, and as what.

A key may be missing or null, which is unknown; keys that nobody reads are left out.
"""

from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from pydantic import Field
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

T = TypeVar("T")

MOST_CHARACTERS = 65_536
"""Of one text. Labels are the longest of those that are read."""
LARGEST = 2**53
"""The largest number that every JSON reader takes: 9 PB."""

_Word: TypeAlias = Annotated[str, Field(strict=True, max_length=MOST_CHARACTERS)]
_Text: TypeAlias = _Word | None
_Number: TypeAlias = Annotated[int, Field(strict=True, ge=-LARGEST, le=LARGEST)] | None
_Truth: TypeAlias = Annotated[bool, Field(strict=True)] | None
_Texts: TypeAlias = list[_Word] | None
_Pairs: TypeAlias = dict[_Word, _Text] | None
_Time: TypeAlias = _Number | _Text
"""RFC 3339, or Unix seconds in lists."""


class _Component(TypedDict, total=False):
    Name: _Text


class Version(TypedDict, total=False):
    ApiVersion: _Text
    Version: _Text
    Components: list[_Component] | None


class _Swarm(TypedDict, total=False):
    LocalNodeState: _Text
    ControlAvailable: _Truth


class Info(TypedDict, total=False):
    ID: _Text
    Name: _Text
    ServerVersion: _Text
    Driver: _Text
    DriverStatus: list[list[_Word]] | None
    DockerRootDir: _Text
    OperatingSystem: _Text
    SystemTime: _Text
    LoggingDriver: _Text
    Swarm: _Swarm | None


class _Config(TypedDict, total=False):
    Image: _Text
    Labels: _Pairs


class _Metadata(TypedDict, total=False):
    LastTagTime: _Text


class _RootFs(TypedDict, total=False):
    Layers: _Texts


class _Driver(TypedDict, total=False):
    Data: _Pairs


class Image(TypedDict, total=False):
    """An entry of a list, or an inspection."""

    Id: _Text
    ParentId: _Text
    Parent: _Text
    RepoTags: _Texts
    RepoDigests: _Texts
    Created: _Time
    Size: _Number
    SharedSize: _Number
    Containers: _Number
    Labels: _Pairs
    Config: _Config | None
    Metadata: _Metadata | None
    RootFS: _RootFs | None
    GraphDriver: _Driver | None


class Step(TypedDict, total=False):
    """Of an image's history."""

    Created: _Time
    Size: _Number


class _Mount(TypedDict, total=False):
    Type: _Text
    Name: _Text
    Source: _Text


class _Attached(TypedDict, total=False):
    NetworkID: _Text


class _NetworkSettings(TypedDict, total=False):
    Networks: dict[_Word, _Attached | None] | None


class _RestartPolicy(TypedDict, total=False):
    Name: _Text


class _LogConfig(TypedDict, total=False):
    Type: _Text
    Config: _Pairs


class _HostConfig(TypedDict, total=False):
    LogConfig: _LogConfig | None
    NetworkMode: _Text
    RestartPolicy: _RestartPolicy | None


class _State(TypedDict, total=False):
    Status: _Text
    StartedAt: _Text
    FinishedAt: _Text
    ExitCode: _Number


class _Described(TypedDict, total=False):
    digest: _Text


class _AnyContainer(TypedDict, total=False):
    Id: _Text
    Created: _Time
    Image: _Text
    Mounts: list[_Mount] | None
    NetworkSettings: _NetworkSettings | None
    HostConfig: _HostConfig | None
    SizeRw: _Number


class ListedContainer(_AnyContainer, total=False):
    ImageManifestDescriptor: _Described | None
    Names: _Texts
    State: _Text
    ImageID: _Text
    Labels: _Pairs
    SizeRootFs: _Number


class Container(_AnyContainer, total=False):
    GraphDriver: _Driver | None
    Name: _Text
    State: _State | None
    Config: _Config | None


class ListedNetwork(TypedDict, total=False):
    Id: _Text
    Name: _Text
    Driver: _Text
    Scope: _Text
    Created: _Time
    Labels: _Pairs


class Network(ListedNetwork, total=False):
    Containers: dict[str, Any] | None


class _Usage(TypedDict, total=False):
    Size: _Number
    RefCount: _Number


class Volume(TypedDict, total=False):
    Name: _Text
    Driver: _Text
    Labels: _Pairs
    Options: _Pairs
    CreatedAt: _Time
    UsageData: _Usage | None


class Volumes(TypedDict, total=False):
    Volumes: list[Volume] | None


CacheRecord = TypedDict(
    "CacheRecord",
    {
        "ID": _Text, "Type": _Text, "Description": _Text, "Parent": _Text, "Parents": _Texts, " Parents": _Texts,
        "Size": _Number, "Shared": _Truth, "InUse": _Truth, "CreatedAt": _Time, "LastUsedAt": _Time,
        "UsageCount": _Number,
    },
    total=False,
)  # fmt: skip
"""One version of the engine has a space in a key."""


class _Sums(TypedDict, Generic[T], total=False):
    """As of API 1.52."""

    TotalCount: _Number
    ActiveCount: _Number
    TotalSize: _Number
    Reclaimable: _Number
    Items: list[T] | None


class DiskUsage(TypedDict, total=False):
    LayersSize: _Number
    Images: list[Image] | None
    Containers: list[ListedContainer] | None
    Volumes: list[Volume] | None
    BuildCache: list[CacheRecord] | None
    ImageUsage: _Sums[Image] | None
    ContainerUsage: _Sums[ListedContainer] | None
    VolumeUsage: _Sums[Volume] | None
    BuildCacheUsage: _Sums[CacheRecord] | None


class _ContainerSpec(TypedDict, total=False):
    Image: _Text
    Mounts: list[_Mount] | None


class _TaskTemplate(TypedDict, total=False):
    ContainerSpec: _ContainerSpec | None


class _ServiceSpec(TypedDict, total=False):
    Name: _Text
    TaskTemplate: _TaskTemplate | None


class SwarmService(TypedDict, total=False):
    Spec: _ServiceSpec | None
    PreviousSpec: _ServiceSpec | None


class _Actor(TypedDict, total=False):
    ID: _Text
    Attributes: _Pairs


class Event(TypedDict, total=False):
    """One line of what an engine tells while it goes on."""

    Type: _Text
    Action: _Text
    Actor: _Actor | None
    time: _Number


class Removed(TypedDict, total=False):
    """One line of what became of an image."""

    Deleted: _Text
    Untagged: _Text


class Pruned(TypedDict, total=False):
    CachesDeleted: _Texts


class _PullDetail(TypedDict, total=False):
    code: _Number


class PullReport(TypedDict, total=False):
    error: _Text
    errorDetail: _PullDetail | None


class Refusal(TypedDict, total=False):
    """What comes with a status of 400 and above."""

    message: _Text
