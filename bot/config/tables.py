"""The tables of ``deckhand.toml``: their keys, and what may stand in each."""

from datetime import UTC, time, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from bot.config.pressure import PressureTable, WatchPressureTable
from bot.config.taking import PolicyProtectTable
from bot.config.types import (
    ChannelId,
    CronText,
    DatabaseUrl,
    Duration,
    EngineUrl,
    Hold,
    Listening,
    ListeningOrOff,
    Name,
    Names,
    PaceOrOff,
    Size,
    SlackIds,
    SomeTexts,
    SomeWindows,
    Ssh,
    Table,
    TargetText,
    Texts,
    TimeOfDay,
    TimeZone,
    WhenText,
)
from bot.core.docker.ages import Arrival
from bot.core.rules.policy import Policy, Tell, Volumes
from bot.core.rules.schedules import GRACE
from bot.core.watch.pace import EVERY, VOLUMES_EVERY

DEFAULT_POLICY = "default"
_UNSET = Policy(name=DEFAULT_POLICY)
"""What a policy is that nobody wrote a key of."""


class DatabaseTable(Table):
    url: DatabaseUrl = "sqlite:///deckhand.db"
    """`sqlite:///FILE`, from the folder in which Deckhand starts, or `postgresql+psycopg://USER@HOST/DATABASE`.
    The variable DECKHAND_DATABASE_URL wins."""


class SlackTable(Table):
    mode: Literal["socket", "http"] | None = None
    """`socket`, or `http`. Unset: what the tokens in the environment say."""
    listen: Listening = ("127.0.0.1", 3000)
    """Where requests of Slack arrive, in HTTP mode."""
    pictures: bool = True
    """Whether people may have a host's space drawn."""
    call_approvers: Literal["never", "channel", "direct"] = "never"
    """How those who may decide are called when a plan is new."""
    remind_after: Annotated[float, Field(gt=0, le=1)] = 0.75
    """The share of a plan's time after which they are reminded, once; 1: never."""


class AuditTable(Table):
    """Where and when the end of the audit's chain is posted each day; UTC."""

    head_channel: ChannelId | None = None
    """The channel (C…) where the end of the audit's chain is posted each day."""
    head_at: TimeOfDay = time(9)
    """When; UTC."""
    archive_after: Annotated[Duration, Field(ge=timedelta(days=31))] | None = None
    """How old events are that move to a file, month by month; unset: none do. At least `31d`."""
    archive_to: Annotated[str, Field(min_length=1)] | None = None
    """The folder of these files, beside `archive_after`; from the folder of this file on. Replicas share one."""


class MetricsTable(Table):
    """Where operators look: health and metrics. Whoever reaches the address reads them."""

    listen: ListeningOrOff = ("127.0.0.1", 9797)
    """Where health and metrics are answered, or `off`. Whoever reaches the address reads them."""


Level = Literal["debug", "info", "warning", "error"]


class LogTable(Table):
    """What is logged to standard error, and how."""

    format: Literal["text", "json"] = "text"
    """`text` for people, or `json`, a line each."""
    level: Level = "info"
    """`debug`, `info`, `warning` or `error`."""
    levels: dict[str, Level] = {}
    """Of single loggers, by name, and of those below them."""


class HostTable(Table):
    docker: EngineUrl | None = None
    """The engine's socket or address: `unix:///var/run/docker.sock`, `tcp://HOST:2376`.
    One of `docker`, `ssh` and `context` is needed."""
    ssh: Ssh | None = None
    """`USER@HOST:PORT`; what is left out is as `ssh` says."""
    context: str | None = None
    """The name of a Docker context of the account that runs Deckhand."""
    tls: str | None = None
    """Beside `docker = "tcp://…"`: a folder with `ca.pem`, `cert.pem` and `key.pem`."""
    identity: str | None = None
    """Beside `ssh`: the private key's file, mode 600; a `.pub` names one of the agent's keys. Unset: as `ssh` would."""
    known_hosts: str | None = None
    """Beside `ssh`: the one file of known hosts. Unset: those of `ssh`."""
    tags: Names = ()
    """Words by which hosts are meant together, as `@TAG`. On `prod` and `production` Approve asks once more."""
    policy: str | None = None
    """The policy that counts here. Unset: the one that is for one of the tags, else `default`."""
    events: bool | None = None
    """Whether its containers' events are followed between looks. Unset: where it is tagged `ci`."""
    watch: PaceOrOff = EVERY
    """How often it is looked at by itself, or `off`. Unset: as `[watch]` says."""
    pressure: PressureTable = PressureTable()
    """When its disk is told to be too full: the table `[hosts.NAME.pressure]`; what it leaves out is as
    `[watch.pressure]` says."""


class PaceTable(Table):
    every: PaceOrOff = EVERY
    """How often each host is looked at by itself, from `1m` to `1d`, or `off`."""
    volumes_every: PaceOrOff = VOLUMES_EVERY
    """How often its volumes are counted too, which walks all of their files; `off`: each time."""


class WatchTable(PaceTable):
    tags: dict[Name, PaceTable] = {}
    """Other paces for hosts with a tag; what one leaves out is as above."""
    pressure: WatchPressureTable = WatchPressureTable()
    """When disks are told to be too full: the table `[watch.pressure]`."""


class PolicyTable(Table):
    tags: Names = ()
    """For hosts with one of these tags that name no policy."""
    look: SlackIds = _UNSET.look
    """Who may look: users (`U…`), user groups (`S…`), anyone in a channel (`C…`), `*` for all of your own Slack,
    `T…/U…` for somebody of another company."""
    request: SlackIds = _UNSET.request
    """Who may ask for cleanups."""
    approve: SlackIds = _UNSET.approve
    """Who may approve and reject."""
    stop: SlackIds = _UNSET.stop
    """Who may stop a running cleanup."""
    restore: SlackIds = _UNSET.restore
    """Who may have removed images pulled again."""
    audit: SlackIds | None = _UNSET.audit
    """Who may read the audit. Unset: who may look."""
    guests: bool = _UNSET.guests
    """Whether `*`, channels and user groups mean guests too."""
    quorum: Annotated[int, Field(ge=1)] = _UNSET.quorum
    """How many approvals a plan needs."""
    self_approval: bool = _UNSET.self_approval
    """Whether the approval of who asked for the plan counts."""
    expires: Annotated[Duration, Field(gt=timedelta())] = _UNSET.expires
    """How long a plan waits for its approvals."""
    profiles: Texts | None = _UNSET.profiles
    """The profiles that are allowed; `picked` means single objects by name. Unset: all."""
    volumes: Annotated[Volumes, Field(strict=False)] = _UNSET.volumes
    """`never`, `anonymous`, or `named`: those too that a person picks one by one."""
    protect: PolicyProtectTable = PolicyProtectTable()
    """What is protected beside `[protect]`: the table `[policies.NAME.protect]`."""
    arrival: Annotated[Arrival, Field(strict=False)] = _UNSET.arrival
    """`seen`: an image of unknown arrival is as old as Deckhand knows it. `build`: as old as its build says."""
    only_restorable: bool = _UNSET.only_restorable
    """Whether nothing goes but images that their registry has just said to have."""
    windows: SomeWindows | None = None
    """When cleanups may run: `mon-fri 22:00-06:00`. Unset: at any time."""
    time_zone: TimeZone = UTC
    """Of `windows`, `auto_windows` and `quiet`."""
    start_within: Hold = _UNSET.start_within
    """How long an approval holds before the cleanup has begun; a week at most."""
    max_bytes: Size | None = _UNSET.max_bytes
    """Beyond so many bytes a plan needs `quorum_above`."""
    max_objects: Annotated[int, Field(ge=0)] | None = _UNSET.max_objects
    """Beyond so many objects a plan needs `quorum_above`."""
    quorum_above: Annotated[int, Field(ge=1)] | None = _UNSET.quorum_above
    """How many approvals a plan beyond a limit needs. Unset: nobody can approve it."""
    auto_approve: Texts = _UNSET.auto_approve
    """Profiles that the policy approves itself; never volumes, never beyond a limit."""
    auto_approve_to: dict[str, TargetText] = {}
    """Profiles that the policy approves itself up to a target: `{ everything = "below=70%" }`. A plan that asks for
    more room, for no target, or for `arrival=build` waits for people; limits count as above."""
    auto_windows: SomeWindows | None = None
    """When the policy approves anything itself: `mon-fri 22:00-06:00`. Unset: at any time."""
    auto_on_pressure: bool = _UNSET.auto_on_pressure
    """Whether an alert of a host's disk asks by itself for the first plan of `auto_approve_to`, in its channel."""

    reasons: bool = _UNSET.reasons
    """Whether each vote says why."""
    tell: Annotated[Tell | None, Field(strict=False)] = _UNSET.tell
    """How those who may decide are told of a new plan: `never`, in the `channel`, each `direct`, or those `on_call`.
    Unset: as `[slack] call_approvers` says."""
    on_call: str = _UNSET.on_call
    """Beside `tell = "on_call"`: a user group (`S…`) that an on-call tool keeps, or the NAME of an `[on_call.NAME]`."""
    escalate_to: SlackIds = _UNSET.escalate_to
    """Who is told, once, of a plan that nobody has decided about: users, user groups, channels."""
    escalate_after: Annotated[Duration, Field(gt=timedelta())] = _UNSET.escalate_after
    """How long after those who may decide were told."""
    quiet: SomeWindows | None = None
    """Hours, in `time_zone`, in which nobody is told but of a disk that is nearly full: `22:00-07:00`. At their end
    they are told of what still waits."""

    def over(self, default: "PolicyTable") -> "PolicyTable":
        """This policy, and what it leaves out as another has it."""
        return default.model_copy(update={key: getattr(self, key) for key in self.model_fields_set})


class RegistryTable(Table):
    """How the engines' pulls log in at a registry; the password is in a file, or with Docker's helpers."""

    username: str = ""
    """Beside `password_file`."""
    password_file: str = ""
    """A file with the password, mode 600; read at each pull."""
    docker_config: str = ""
    """Instead of both: Docker's own file, with its credential helpers; mode 600."""


class ScheduleTable(Table):
    needed: ClassVar = ("hosts", "profile", "cron", "channel")
    """The keys that have no default of any use."""

    hosts: SomeTexts = ()
    """Hosts, and tags with an `@`. Needed."""
    profile: Annotated[str, Field(min_length=1)] = ""
    """The profile. Needed."""
    arguments: str = ""
    """What narrows it: `until=48h keep=3`."""
    cron: CronText = ""
    """Minute, hour, day, month and weekday, as Debian's cron reads them. Needed."""
    when: WhenText | None = None
    """How full a host's disk has to be then, or nothing is planned there: `above 75%`, or `under 20GB` (free)."""
    time_zone: TimeZone = UTC
    """Of the cron line."""
    channel: ChannelId = ""
    """The channel (C…) where its plans are posted; invite the bot there. Needed."""
    grace: Duration = GRACE
    """How late it may still begin when nothing ran at its time."""
    expires: Annotated[Duration, Field(gt=timedelta())] | None = None
    """How long a plan of it waits. Unset: as the policy says."""
