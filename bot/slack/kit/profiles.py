"""What each profile is good for, in the words of a menu's second line."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.core.plan.profiles import BUILT_IN

GOOD_FOR: Mapping[str, str] = MappingProxyType({
    "dangling": "safest: leftovers of builds, without a name",
    "ci": "build hosts: failed jobs, leftovers, cache of a day ago",
    "routine": "any host: what was unused for days",
    "system": "what has stopped, networks, images without a name",
    "everything": "all that is unused: next builds and starts are cold",
    "volumes": "data of volumes without a name: gone for good",
})  # fmt: skip
"""Those that are built in."""


def good_for(name: str, words: str) -> str:
    """One of the configuration says what it takes: its ``words``, also where it has the name of a built-in one."""
    built_in = BUILT_IN.get(name)
    as_built = built_in is not None and words in {"", built_in.words()}
    return GOOD_FOR[name] if as_built else words
