"""Containers whose image was removed by force: what they still hold, read off the folders that they stand on.

Their image is gone, and the engine tells of no layer of it any more. But it tells the folders, and how large the whole
of them is; a folder that an image stands on too is that image's layer.
"""

from collections.abc import Iterable, Mapping

from bot.core.docker.inventory import Container, Image, Inventory

FOLDER = "folder "
"""Begins what stands for the chain id of a layer that no image has any more."""


def stand_ins(inventory: Inventory) -> Mapping[str, Image]:
    """In the place of the image that is gone, one that holds what its container does; by the container's id.

    Without those whose folders the engine does not tell, as on other stores than overlay2.
    """
    known = {image.id for image in inventory.images}
    orphans = [one for one in inventory.containers if one.image_id not in known and one.folders]
    if not orphans:
        return {}
    layers = _layers(inventory.images)
    return {one.id: _stand_in(one, layers) for one in orphans}


def lost(inventory: Inventory) -> tuple[Container, ...]:
    """The containers whose image is gone, and of which nobody tells what they stand on."""
    known = {image.id for image in inventory.images}
    return tuple(one for one in inventory.containers if one.image_id not in known and not one.folders)


def _layers(images: Iterable[Image]) -> Mapping[str, str]:
    """The layer of each folder, by its chain id."""
    return {
        folder: chain
        for image in images
        if len(image.folders) == len(image.chain_ids)
        for folder, chain in zip(image.folders, image.chain_ids, strict=True)
    }


def _stand_in(container: Container, layers: Mapping[str, str]) -> Image:
    size = None
    if container.size_root_fs is not None and container.size_rw is not None:
        size = max(container.size_root_fs - container.size_rw, 0)
    chains = tuple(layers.get(folder, FOLDER + folder) for folder in container.folders)
    return Image(id=container.id, tags=(container.name,), size=size, chain_ids=chains)
