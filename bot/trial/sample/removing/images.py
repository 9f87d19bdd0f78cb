"""Untagging and deleting images, step by step as moby's `ImageDelete` decides it."""

from bot.trial.sample import names
from bot.trial.sample.errors import ConflictError
from bot.trial.sample.names import Reference
from bot.trial.sample.objects import Image, short
from bot.trial.sample.universe import Universe

Record = dict[str, str]


class _ImageInUseError(ConflictError):
    """A refused delete; `used` where a container is the reason."""

    def __init__(self, image: Image, reason: str, *, hard: bool, used: bool = False) -> None:
        manner = "cannot be forced" if hard else "must be forced"
        super().__init__(f"conflict: unable to delete {short(image.id)} ({manner}) - {reason}")
        self.used = used


def tag_image(universe: Universe, name: str, repository: str, tag: str) -> None:
    """Give an image one more name; a name that another image had moves to this one."""
    image = universe.image(name)
    reference = names.parse(f"{repository}:{tag}" if tag else repository)
    universe.references[reference] = image.id
    universe.tagged_at[image.id] = universe.clock()


def remove_image(universe: Universe, name: str, *, force: bool, prune: bool) -> list[Record]:
    """Untag or delete; `prune` takes untagged parents along. Returns the engine's records."""
    image = universe.image(name)
    records: list[Record] = []
    by_name = not names.is_id_prefix(image.id, name)
    if by_name:
        _check_last_reference(universe, image, name, force=force)
        remaining = _untag(universe, image, names.parse(name), records)
        if remaining:
            return records
    elif _single_reference(universe.references_of(image.id)):
        _check_conflicts(universe, image, soft=not force, references=False)
        records += _untag_all(universe, image)
    return records + _delete(universe, image, force=force, prune=prune, quiet=by_name)


def _single_reference(references: list[Reference]) -> bool:
    """At most one tag, and every digest in the tag's repository (moby `isSingleReference`)."""
    if len(references) <= 1:
        return True
    tags = [reference for reference in references if not reference.digest]
    if len(tags) > 1:
        return False
    repositories = {reference.repository for reference in references if reference.digest}
    return repositories == {(tags or references)[0].repository}


def _check_last_reference(universe: Universe, image: Image, name: str, *, force: bool) -> None:
    users = universe.containers_of(image.id)
    if force or not users or not _single_reference(universe.references_of(image.id)):
        return
    raise ConflictError(
        f'conflict: unable to remove repository reference "{name}" (must force) - container '
        f"{short(users[0].id)} is using its referenced image {short(image.id)}",
    )


def _untag(universe: Universe, image: Image, named: Reference, records: list[Record]) -> list[Reference]:
    del universe.references[named]
    records.append({"Untagged": str(named)})
    remaining = universe.references_of(image.id)
    same = [reference for reference in remaining if reference.repository == named.repository]
    # Digests of a repository are no names of their own: they go with its last tag.
    if not named.digest and all(reference.digest for reference in same):
        for reference in same:
            del universe.references[reference]
            records.append({"Untagged": str(reference)})
        remaining = [reference for reference in remaining if reference not in same]
    return remaining


def _untag_all(universe: Universe, image: Image) -> list[Record]:
    references = universe.references_of(image.id)
    for reference in references:
        del universe.references[reference]
    return [{"Untagged": str(reference)} for reference in references]


def _check_conflicts(universe: Universe, image: Image, *, soft: bool, references: bool = True) -> None:
    if universe.children_of(image.id):
        raise _ImageInUseError(image, "image has dependent child images", hard=True)
    users = universe.containers_of(image.id)
    for user in users:
        if user.running:
            reason = f"image is being used by running container {short(user.id)}"
            raise _ImageInUseError(image, reason, hard=True, used=True)
    if not soft:
        return
    if references and universe.references_of(image.id):
        raise _ImageInUseError(image, "image is referenced in multiple repositories", hard=False)
    if users:
        reason = f"image is being used by stopped container {short(users[0].id)}"
        raise _ImageInUseError(image, reason, hard=False, used=True)


def _delete(universe: Universe, image: Image, *, force: bool, prune: bool, quiet: bool) -> list[Record]:
    try:
        _check_conflicts(universe, image, soft=not force)
    except _ImageInUseError as conflict:
        dangling = not universe.references_of(image.id) and not universe.children_of(image.id)
        if quiet and (not dangling or conflict.used):
            return []
        raise
    records = _untag_all(universe, image)
    chains = image.chain_ids
    del universe.images[image.id]
    universe.tagged_at.pop(image.id, None)
    records.append({"Deleted": image.id})
    records += [{"Deleted": chain} for chain in universe.release(*chains[-1:])]
    if prune and image.parent in universe.images:
        parent = universe.images[image.parent]
        records += _delete(universe, parent, force=False, prune=True, quiet=True)
    return records
