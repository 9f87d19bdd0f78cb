"""Images as the engine's JSON shows them (API 1.45, and what older versions add)."""

from collections import Counter
from typing import Any

from bot.trial.sample.filters import Filters
from bot.trial.sample.names import Reference
from bot.trial.sample.objects import Image
from bot.trial.sample.showing.wording import stamp
from bot.trial.sample.universe import Universe

IMAGE_FILTERS = frozenset({"dangling", "label", "reference"})

Api = tuple[int, int]
_EMPTY_LISTS: Api = (1, 43)  # before, an untagged image was named <none>:<none>
_NO_VIRTUAL_SIZE: Api = (1, 44)
_NO_CONTAINER_CONFIG: Api = (1, 45)
_UNKNOWN = -1


def list_images(
    universe: Universe, filters: Filters, *, api: Api, show_all: bool, usage: bool = False
) -> list[dict[str, Any]]:
    """Show the images as `GET /images/json`; `usage` adds what only `/system/df` computes."""
    shared = _layer_counts(universe) if usage else None
    shown = []
    for image in sorted(universe.images.values(), key=lambda one: one.created, reverse=True):
        references = _selected(universe, image, filters, show_all=show_all)
        if references is not None:
            shown.append(_summary(universe, image, references, api=api, shared=shared))
    return shown


def _selected(
    universe: Universe, image: Image, filters: Filters, *, show_all: bool
) -> list[Reference] | None:
    """Return the references to show an image with; None where it is not shown (moby `Images`)."""
    dangling = filters.flag("dangling")
    if not filters.matches_labels(image.labels):
        return None
    intermediate = bool(universe.children_of(image.id))
    if dangling and intermediate:
        return None
    references = [one for one in universe.references_of(image.id) if filters.matches_reference(one)]
    if references:
        return None if dangling and any(reference.tag for reference in references) else references
    if "reference" in filters or dangling is False or (intermediate and not show_all):
        return None
    return references


def _layer_counts(universe: Universe) -> Counter[str]:
    # Intermediate images count too (26.1): a legacy build shares everything with its own steps.
    return Counter(chain for image in universe.images.values() for chain in image.chain_ids)


def _summary(
    universe: Universe, image: Image, references: list[Reference], *, api: Api, shared: Counter[str] | None
) -> dict[str, Any]:
    tags, digests = _names(references)
    if api < _EMPTY_LISTS:
        if not references:
            tags, digests = ["<none>:<none>"], ["<none>@<none>"]
        shown: dict[str, Any] = {"RepoTags": tags or None, "RepoDigests": digests or None}
    else:
        shown = {"RepoTags": tags, "RepoDigests": digests}
    size = universe.size_of(image.chain_ids)
    shown |= {
        "Containers": _UNKNOWN if shared is None else len(universe.containers_of(image.id)),
        "Created": int(image.created.timestamp()),
        "Id": image.id,
        "Labels": dict(image.labels) or None,
        "ParentId": image.parent or "",
        "SharedSize": _UNKNOWN if shared is None else _shared_size(universe, image, shared),
        "Size": size,
    }
    if api < _NO_VIRTUAL_SIZE:
        shown["VirtualSize"] = size
    return shown


def _shared_size(universe: Universe, image: Image, counts: Counter[str]) -> int:
    return universe.size_of(chain for chain in image.chain_ids if counts[chain] > 1)


def _names(references: list[Reference]) -> tuple[list[str], list[str]]:
    tags = [str(reference) for reference in references if not reference.digest]
    return tags, [str(reference) for reference in references if reference.digest]


def inspect_image(universe: Universe, image: Image, *, api: Api) -> dict[str, Any]:
    """Show one image as `GET /images/{name}/json`."""
    tags, digests = _names(universe.references_of(image.id))
    size = universe.size_of(image.chain_ids)
    config = _config(image)
    shown: dict[str, Any] = {
        "Id": image.id,
        "RepoTags": tags,
        "RepoDigests": digests,
        "Parent": image.parent or "",
        "Comment": image.history[-1].comment if image.history else "",
        "Created": stamp(image.created),
        "DockerVersion": "",
        "Author": "",
        "Config": config,
        "Architecture": "amd64",
        "Os": "linux",
        "Size": size,
        "GraphDriver": {"Data": _graph_data(image), "Name": "overlay2"},
        "RootFS": {"Type": "layers", "Layers": list(image.diff_ids)},
        "Metadata": {"LastTagTime": stamp(universe.tagged_at.get(image.id))},
    }
    if api < _NO_CONTAINER_CONFIG:
        shown |= {"Container": "", "ContainerConfig": config}
    if api < _NO_VIRTUAL_SIZE:
        shown["VirtualSize"] = size
    return shown


def _graph_data(image: Image) -> dict[str, str]:
    folders = [f"/var/lib/docker/overlay2/{chain.removeprefix('sha256:')}" for chain in image.chain_ids]
    if not folders:
        return {}
    top = folders[-1]
    data = {"MergedDir": f"{top}/merged", "UpperDir": f"{top}/diff", "WorkDir": f"{top}/work"}
    lower = ":".join(f"{folder}/diff" for folder in reversed(folders[:-1]))
    return data | ({"LowerDir": lower} if lower else {})


def _config(image: Image) -> dict[str, Any]:
    return {
        "Hostname": "",
        "Domainname": "",
        "User": "",
        "AttachStdin": False,
        "AttachStdout": False,
        "AttachStderr": False,
        "Tty": False,
        "OpenStdin": False,
        "StdinOnce": False,
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Cmd": list(image.command) or None,
        "Image": image.parent or "",
        "Volumes": None,
        "WorkingDir": "",
        "Entrypoint": None,
        "OnBuild": None,
        "Labels": dict(image.labels) or None,
    }


def image_history(universe: Universe, image: Image) -> list[dict[str, Any]]:
    """Show the build's instructions, newest first, as `GET /images/{name}/history`.

    Only the entries that end an image that the engine still has carry an id.
    """
    sizes = iter(universe.layers[chain].size for chain in image.chain_ids)
    entries: list[dict[str, Any]] = [
        {
            "Comment": entry.comment,
            "Created": int(entry.created.timestamp()),
            "CreatedBy": entry.created_by,
            "Id": "<missing>",
            "Size": 0 if entry.empty else next(sizes),
            "Tags": None,
        }
        for entry in image.history
    ]
    entries.reverse()
    ancestor: Image | None = image
    for entry in entries:
        if ancestor is None:
            break
        tags = [str(one) for one in universe.references_of(ancestor.id) if not one.digest]
        entry |= {"Id": ancestor.id, "Tags": tags or None}
        ancestor = universe.images.get(ancestor.parent or "")
    return entries
