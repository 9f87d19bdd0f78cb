"""The tables of ``deckhand.toml``: their keys, and what may stand in each."""

from collections.abc import Mapping
from datetime import UTC, time, timedelta
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from bot.config.types import (
    ChannelId,
    CronText,
    DatabaseUrl,
    Duration,
    EngineUrl,
    Hold,
    Listening,
    ListeningOrOff,
    Names,
    Size,
    SlackIds,
    SomeTexts,
    SomeWindows,
    Ssh,
    Table,
    Texts,
    TimeOfDay,
    TimeZone,
)
from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import Kind
from bot.core.plan.profiles import SCOPES, Scope
from bot.core.plan.protection import NOTHING_MORE, Protection
from bot.core.rules.policy import Policy, Volumes
from bot.core.rules.schedules import GRACE

DEFAULT_POLICY = "default"
_UNSET = Policy(name=DEFAULT_POLICY)
"""What a policy is that nobody wrote a key of."""


class DatabaseTable(Table):
    url: DatabaseUrl = "sqlite:///deckhand.db"


class SlackTable(Table):
    mode: Literal["socket", "http"] | None = None
    listen: Listening = ("127.0.0.1", 3000)
    pictures: bool = True
    """Whether people may have a host's space drawn."""
    call_approvers: Literal["never", "channel", "direct"] = "never"
    """How those who may decide are called when a plan is new."""
    remind_after: Annotated[float, Field(gt=0, le=1)] = 0.75
    """The share of a plan's time after which they are reminded, once; 1: never."""


class AuditTable(Table):
    """Where and when the end of the audit's chain is posted each day; UTC."""

    head_channel: ChannelId | None = None
    head_at: TimeOfDay = time(9)


class MetricsTable(Table):
    """Where operators look: health and metrics. Whoever reaches the address reads them."""

    listen: ListeningOrOff = ("127.0.0.1", 9797)


Level = Literal["debug", "info", "warning", "error"]


class LogTable(Table):
    """What is logged to standard error, and how."""

    format: Literal["text", "json"] = "text"
    level: Level = "info"
    levels: dict[str, Level] = {}
    """Of single loggers, by name, and of those below them."""


class ProtectTable(Table):
    """The fields of Protection, by their names."""

    images: Texts = ()
    names: Texts = ()
    labels: Texts = ()
    keep_last: Annotated[int, Field(ge=0)] = 0
    keep_ran: Annotated[int, Field(ge=0)] = 0
    unused_for: Duration = timedelta()
    dangling_min_age: Duration = Protection().dangling_min_age

    def value(self) -> Protection:
        return Protection(**dict(self))


class PolicyProtectTable(ProtectTable):
    """What is protected beside ``[protect]``; it can only add."""

    dangling_min_age: Duration = NOTHING_MORE.dangling_min_age


class RuleTable(Table):
    """One kind of object in a profile."""

    kind: ClassVar[Kind]
    take: Annotated[Scope, Field(strict=False)]
    min_age: Duration = timedelta()

    @field_validator("take")
    @classmethod
    def _means_something(cls, take: Scope) -> Scope:
        scopes = sorted(SCOPES[cls.kind])
        if take not in scopes:
            key = next(key for key, table in RULES.items() if table is cls)
            raise ValueError(f"means nothing for {key}; write {' or '.join(scopes)}")
        return take


class ContainersTable(RuleTable):
    kind = Kind.CONTAINER


class NetworksTable(RuleTable):
    kind = Kind.NETWORK


class ImagesTable(RuleTable):
    kind = Kind.IMAGE
    keep_last: Annotated[int, Field(ge=0)] = 0


class BuildCacheTable(RuleTable):
    kind = Kind.BUILD_CACHE


class VolumesTable(RuleTable):
    kind = Kind.VOLUME


RULES: Mapping[str, type[RuleTable]] = MappingProxyType(
    {
        "containers": ContainersTable,
        "networks": NetworksTable,
        "images": ImagesTable,
        "build_cache": BuildCacheTable,
        "volumes": VolumesTable,
    }
)
"""The keys of a profile that hold a rule."""


class ProfileTable(Table):
    """A profile of one's own, or in the place of a built-in one."""

    containers: ContainersTable | None = None
    networks: NetworksTable | None = None
    images: ImagesTable | None = None
    build_cache: BuildCacheTable | None = None
    volumes: VolumesTable | None = None
    labels: Texts = ()
    without_labels: Texts = ()
    exclude: Texts = ()
    arrival: Annotated[Arrival, Field(strict=False)] = Arrival.SEEN

    def rules(self) -> Mapping[str, RuleTable | None]:
        """The rules that are written, by their keys; None for one that could not be read."""
        return {key: getattr(self, key) for key in RULES if key in self.model_fields_set}


class HostTable(Table):
    docker: EngineUrl | None = None
    ssh: Ssh | None = None
    context: str | None = None
    tls: str | None = None
    identity: str | None = None
    known_hosts: str | None = None
    tags: Names = ()
    policy: str | None = None
    events: bool | None = None
    """None: where the host is tagged ``ci``."""


class PolicyTable(Table):
    tags: Names = ()
    look: SlackIds = _UNSET.look
    request: SlackIds = _UNSET.request
    approve: SlackIds = _UNSET.approve
    stop: SlackIds = _UNSET.stop
    restore: SlackIds = _UNSET.restore
    audit: SlackIds | None = _UNSET.audit
    guests: bool = _UNSET.guests
    quorum: Annotated[int, Field(ge=1)] = _UNSET.quorum
    self_approval: bool = _UNSET.self_approval
    expires: Annotated[Duration, Field(gt=timedelta())] = _UNSET.expires
    profiles: Texts | None = _UNSET.profiles
    volumes: Annotated[Volumes, Field(strict=False)] = _UNSET.volumes
    protect: PolicyProtectTable = PolicyProtectTable()
    arrival: Annotated[Arrival, Field(strict=False)] = _UNSET.arrival
    only_restorable: bool = _UNSET.only_restorable
    windows: SomeWindows | None = None
    time_zone: TimeZone = UTC
    start_within: Hold = _UNSET.start_within
    max_bytes: Size | None = _UNSET.max_bytes
    max_objects: Annotated[int, Field(ge=0)] | None = _UNSET.max_objects
    quorum_above: Annotated[int, Field(ge=1)] | None = _UNSET.quorum_above
    auto_approve: Texts = _UNSET.auto_approve

    def over(self, default: "PolicyTable") -> "PolicyTable":
        """This policy, and what it leaves out as another has it."""
        return default.model_copy(update={key: getattr(self, key) for key in self.model_fields_set})


class RegistryTable(Table):
    """How the engines' pulls log in at a registry; the password is in a file, or with Docker's helpers."""

    username: str = ""
    password_file: str = ""
    docker_config: str = ""


class ScheduleTable(Table):
    needed: ClassVar = ("hosts", "profile", "cron", "channel")
    """The keys that have no default of any use."""

    hosts: SomeTexts = ()
    profile: Annotated[str, Field(min_length=1)] = ""
    arguments: str = ""
    cron: CronText = ""
    time_zone: TimeZone = UTC
    channel: ChannelId = ""
    grace: Duration = GRACE
    expires: Annotated[Duration, Field(gt=timedelta())] | None = None
