"""Whether a target can be told at all: where the disk is unknown, or too small for it, a person reads what to do."""

from bot.core.docker.usage import DiskSpace
from bot.core.errors import UsageError
from bot.core.plan.target.target import Target
from bot.core.units import human_size


def check_reach(host: str, target: Target | None, disk: DiskSpace | None) -> None:
    """Raise UsageError, with what to do, for a target that nobody can count towards on this disk."""
    if target is None:
        return
    if disk is None:
        raise UsageError(
            f"{host}: how large its disk is and how full, nobody tells: its engine does not, and neither statvfs nor "
            "SFTP leads there. Reach it by ssh with SFTP, or ask without free= and below=, and narrow the plan by "
            "until=, keep= or only=."
        )
    if target.wanted(disk) > disk.size:
        raise UsageError(
            f"{host}: its disk holds {human_size(disk.size)}, so {target.words()} cannot be. Write less behind free=."
        )
