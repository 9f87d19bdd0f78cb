"""The registered hosts: a name, how its engine is reached, its tags and its policy."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from bot.core.errors import NoSuchHostsError, UnknownHostError, UsageError
from bot.core.plan.protection import NOTHING_MORE, Protection
from bot.core.rules.alerting import NO_ALERTS, Alerting
from bot.core.rules.policy import Policy
from bot.core.watch.pace import NEVER, Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class SshAddress:
    """An engine behind an SSH server; None means: as the SSH configuration says."""

    host: str
    user: str | None = None
    port: int | None = None
    identity: str | None = None
    known_hosts: str | None = None

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"ssh {user}{self.host}{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextAddress:
    """An engine that a Docker context names."""

    context: str

    def __str__(self) -> str:
        return f"context {self.context}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketAddress:
    """An engine at a ``unix://`` or ``tcp://`` URL; TCP takes a folder with ca.pem, cert.pem and key.pem."""

    url: str
    tls: str | None = None

    def __str__(self) -> str:
        return self.url


Address = SshAddress | ContextAddress | SocketAddress

ALL = "all"
_GLOB = re.compile(r"[*?\[]")
_MOST_TEXT = 1_000
"""Characters of a selection; nobody types more, and nothing longer is worth matching."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    name: str
    address: Address
    policy: Policy
    policy_because: str = ""
    """Why it is this policy; for display only."""
    tags: tuple[str, ...] = ()
    events: bool = False
    """Whether the stream of its engine's events is kept, so that what is used between looks is known."""
    watch: Pace = NEVER
    """How often it is looked at by itself."""
    alerts: Alerting = NO_ALERTS
    """When its disk is too full, and where that is told."""
    everywhere: Protection = NOTHING_MORE
    """What cleanups leave alone on every host; here, so that records say all that was protected."""

    @property
    def protection(self) -> Protection:
        """All that cleanups leave alone here."""
        return self.everywhere.and_also(self.policy.protection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step on the way to a host's engine, and what came of it."""

    name: str
    ok: bool | None
    """None: not tried, since an earlier step failed."""
    detail: str = ""
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class Hosts:
    """The registered hosts, by name: all of them, or those that somebody may know of."""

    by_name: Mapping[str, Host]
    whole: bool = True
    """Whether these are all; else what is not among them may exist all the same, and errors say so."""

    def narrowed(self, policies: Collection[str]) -> "Hosts":
        """Those alone that have one of these policies, for one person: no name and no tag of another is told."""
        names = {name: host for name, host in self.by_name.items() if host.policy.name in policies}
        return Hosts(names, whole=False)

    def find(self, name: str) -> Host:
        """The host of that name; raises UnknownHostError with the nearest names."""
        if name in self.by_name:
            return self.by_name[name]
        raise UnknownHostError(
            name, get_close_matches(name, self.by_name, n=3, cutoff=0.5), of_all=self.whole
        )

    def all(self) -> tuple[Host, ...]:
        return tuple(self.by_name.values())

    def means_several(self, text: str) -> bool:
        """Whether a text is a selection (``@tag``, ``all``, a pattern, a list) and not the name of one host."""
        if text in self.by_name:
            return False
        return text.lower() == ALL or text.startswith("@") or "," in text or bool(_GLOB.search(text))

    def select(self, text: str) -> tuple[Host, ...]:
        """The hosts that a selection means, in the order of the configuration, each once.

        ``prod-3``, ``@tag``, ``prod-*``, ``all``, or several of these with commas between them. UsageError for
        a part that means no host, with the nearest names.
        """
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not parts or len(text) > _MOST_TEXT:
            raise UsageError(
                "Which hosts? Write names, @tags and patterns with commas between: prod-3,@ci,web-*"
            )
        names = {name for part in parts for name in self._meant(part)}
        return tuple(host for name, host in self.by_name.items() if name in names)

    def _meant(self, part: str) -> Sequence[str]:
        if part in self.by_name:
            return [part]
        if part.lower() == ALL:
            return list(self.by_name)
        if part.startswith("@"):
            return self._tagged(part[1:])
        if not _GLOB.search(part):
            return [self.find(part).name]
        found = [name for name in self.by_name if fnmatchcase(name, part)]
        if not found:
            like = get_close_matches(_GLOB.sub("", part), self.by_name, n=3, cutoff=0.5)
            matches = "'s name" if self.whole else " that you may look at"
            raise NoSuchHostsError(f"No host{matches} matches “{part}”", like, wrong=part, of_all=self.whole)
        return found

    def _tagged(self, tag: str) -> Sequence[str]:
        found = [host.name for host in self.by_name.values() if tag in host.tags]
        if not found:
            tags = sorted({tag for host in self.by_name.values() for tag in host.tags})
            like = [f"@{near}" for near in get_close_matches(tag, tags, n=3, cutoff=0.5)]
            wrong = f"@{tag}" if like else ""
            like = like or [f"@{each}" for each in tags[:3]]
            seen = "" if self.whole else " that you may look at"
            raise NoSuchHostsError(f"No host{seen} has the tag “{tag}”", like, wrong=wrong, of_all=self.whole)
        return found
