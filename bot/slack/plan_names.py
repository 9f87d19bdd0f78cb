"""What an object of a plan is called in Slack."""

from bot.core.plans import Item


def item_name(item: Item) -> str:
    """Every reference of an image, since all of them go; else the name."""
    return ", ".join(item.references) or item.name


def short_name(item: Item) -> str:
    """An image's tags; digests only where it has no tag, since they go with the tags of their repository."""
    tags = [reference for reference in item.references if "@" not in reference]
    return ", ".join(tags) or item_name(item)
