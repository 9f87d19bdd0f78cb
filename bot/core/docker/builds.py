"""Builds: whether one seems to run on an engine, and what it may need until it is done."""

from datetime import timedelta

from bot.core.docker.inventory import Container, Inventory

WINDOW = timedelta(hours=1)
"""How far back a running build may reach: what is younger stays while one runs."""


def running_build(inventory: Inventory) -> str:
    """The sign of a running build, as a sentence; empty when there is none."""
    in_use = sum(record.in_use for record in inventory.cache)
    if in_use:
        return f"A build seems to run: {in_use} build cache record{'s are' if in_use > 1 else ' is'} in use."
    nameless = {image.id for image in inventory.images if not image.references}
    step = next((c for c in inventory.containers if _is_step(c, inventory, nameless)), None)
    return f"A build seems to run: container {step.name} runs on an image without a name." if step else ""


def _is_step(container: Container, inventory: Inventory, nameless: set[str]) -> bool:
    """The classic builder runs each step in a container of the step before, an image without a name."""
    young = container.created_at is not None and inventory.taken_at - container.created_at < WINDOW
    return container.state == "running" and young and container.image_id in nameless
