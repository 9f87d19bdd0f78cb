"""People as Slack's directory knows them: whose they are, and whether they may have any right at all."""

import re
from dataclasses import dataclass
from enum import StrEnum

_PERSON = re.compile(r"(?:(?P<team>[TE][A-Z0-9]{2,})/)?(?P<user>[UW][A-Z0-9]{2,})")


class Standing(StrEnum):
    """What somebody is to the app's own team: the workspace that it is installed in, or its organisation."""

    MEMBER = "member"
    GUEST = "guest"  # in the team, and shown some of its channels only
    OUTSIDER = "outsider"  # of another team, in a channel that both share
    BOT = "bot"
    DEACTIVATED = "deactivated"
    UNKNOWN = "unknown"  # Slack does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a person at this moment."""

    user: str
    """Slack's id: U… or W…."""
    standing: Standing = Standing.UNKNOWN
    teams: frozenset[str] = frozenset()
    """Ids of the teams (T…) and the organisation (E…) that they belong to; of who is unknown, our own."""
    foreign: str = ""
    """The one of them that an outsider is told apart by; empty for who is of our own, or may be."""
    zone: str = ""
    """Their time zone, as Slack says it; for when to tell them something."""

    @property
    def id(self) -> str:
        """How records name them: U…, and T…/U… for who is of another team."""
        return f"{self.foreign}/{self.user}" if self.foreign else self.user

    @property
    def may_have_rights(self) -> bool:
        """Whether there is anything that a policy could give them: bots, former and unknown people have nothing."""
        return bool(self.user) and self.standing in {Standing.MEMBER, Standing.GUEST, Standing.OUTSIDER}

    def is_named(self, entry: str) -> bool:
        """Whether a policy's entry is this very person; a plain U… is one of our own."""
        team, _, user = entry.rpartition("/")
        if not user or user != self.user:
            return False
        return team in self.teams if team else self.standing in {Standing.MEMBER, Standing.GUEST}

    def seen_in(self, team: str) -> "Known":
        """The same when Slack says that they acted as one of this team; what contradicts it counts for nothing."""
        if not team or not self.teams or team in self.teams:
            return self
        standing = Standing.OUTSIDER if self.may_have_rights else self.standing
        return Known(user=self.user, standing=standing, teams=frozenset({team}), foreign=team)


def split_id(person_id: str) -> tuple[str, str]:
    """The team (empty where it is not said) and the user of an id; both empty when it is no id of a person."""
    found = _PERSON.fullmatch(person_id)
    return (found["team"] or "", found["user"]) if found else ("", "")


def user_of(person_id: str) -> str:
    """The id that Slack's methods take; what is no id of a person as it stands."""
    return split_id(person_id)[1] or person_id
