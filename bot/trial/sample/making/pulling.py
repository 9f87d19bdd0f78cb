"""Pulling by digest: the registries behind a universe keep what was ever pulled from them."""

from bot.trial.sample import names
from bot.trial.sample.errors import NotFoundError
from bot.trial.sample.objects import short
from bot.trial.sample.universe import Universe

UNKNOWN = "manifest unknown: manifest unknown"
Report = dict[str, object]


def pull_image(universe: Universe, name: str, tag: str) -> list[Report]:
    """Bring an image and its layers back; returns the engine's reports, the last of which says how it ended."""
    wanted = names.parse(f"{name}@{tag}" if ":" in tag else f"{name}:{tag or 'latest'}")
    if wanted not in universe.registry:
        raise NotFoundError(f"manifest for {wanted} not found: {UNKNOWN}")
    image, layers = universe.registry[wanted]
    _, path = names.split_domain(wanted.repository)
    reports: list[Report] = [{"status": f"Pulling from {path}", "id": str(wanted)}]
    for layer in layers:
        status = "Already exists" if layer.chain_id in universe.layers else "Pull complete"
        universe.layers.setdefault(layer.chain_id, layer)
        reports.append({"status": status, "progressDetail": {}, "id": short(layer.diff_id)})
    had = image.id in universe.images  # a pull leaves no tag time
    universe.images[image.id] = image
    universe.references[wanted] = image.id
    status = "Image is up to date for" if had else "Downloaded newer image for"
    return [*reports, {"status": f"Digest: {wanted.digest}"}, {"status": f"Status: {status} {wanted}"}]


def distribution(universe: Universe, reference: str) -> dict[str, object]:
    """What the registry says of an image that can be pulled; NotFoundError."""
    wanted = names.parse(reference)
    if wanted not in universe.registry:
        raise NotFoundError(UNKNOWN)
    return {"Descriptor": {"digest": wanted.digest}, "Platforms": [{"architecture": "amd64", "os": "linux"}]}
