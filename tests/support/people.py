"""People as a directory knows them, for tests that have no Slack."""

from bot.core.rules.people import Known, Standing

OWN, OTHER = "T0TRIAL", "T0OTHER"


def member(user: str) -> Known:
    """A full member of the app's own team."""
    return Known(user=user, standing=Standing.MEMBER, teams=frozenset({OWN}))


def guest(user: str) -> Known:
    return Known(user=user, standing=Standing.GUEST, teams=frozenset({OWN}))


def outsider(user: str, team: str = OTHER) -> Known:
    return Known(user=user, standing=Standing.OUTSIDER, teams=frozenset({team}), foreign=team)


class NoGroups:
    """A directory of members without user groups."""

    @staticmethod
    def members(group_id: str) -> frozenset[str]:  # noqa: ARG004 - the port's own
        return frozenset()

    @staticmethod
    def person(user_id: str) -> Known:
        return member(user_id)
