"""What a plan frees, and what its objects and its end are called in Slack."""

from bot.core.docker.inventory import Kind
from bot.core.plan.plan import Draft, Frees, Item
from bot.core.plan.profiles import KIND_NAMES
from bot.core.units import short_size

OUTCOME_EMOJI = {
    "done": ":white_check_mark:",
    "partial": ":warning:",
    "stopped": ":octagonal_sign:",
    "failed": ":x:",
}


END_WORDS = {"partial": "done, some kept", "superseded": "replaced"}
"""How an end is called where its name does not say it."""


def end_words(outcome: str) -> str:
    """How a plan or a cleanup ended, in words: by its status, or as the audit has it."""
    return END_WORDS.get(outcome, outcome)


def frees_text(draft: Draft) -> str:
    """``1.2GB`` when exact, else ``800MB to 1.2GB`` or ``up to 1.2GB``."""
    return range_text(draft.frees)


def range_text(frees: Frees) -> str:
    """The same of what a look found."""
    low, high = short_size(frees.low), short_size(frees.high)
    if frees.exact:
        return high
    if low == high:
        return f"about {high}"
    return f"{low} to {high}" if frees.low else f"up to {high}"


def counted(count: int, kind: Kind) -> str:
    """So many objects of a kind, in words."""
    if kind is Kind.BUILD_CACHE:
        return f"{count:,} build cache record{'' if count == 1 else 's'}"
    return f"{count:,} {kind if count == 1 else KIND_NAMES[kind]}"


def item_name(item: Item) -> str:
    """Every reference of an image, since all of them go; else the name."""
    return ", ".join(item.references) or item.name


def short_name(item: Item) -> str:
    """An image's tags; digests only where it has no tag, since they go with the tags of their repository."""
    tags = [reference for reference in item.references if "@" not in reference]
    return ", ".join(tags) or item_name(item)
