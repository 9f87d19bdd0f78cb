"""The Engine API's paths: each handler reads a call and answers with a reply, under the universe's lock."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.trial.sample.errors import InvalidParameterError
from bot.trial.sample.filters import Filters
from bot.trial.sample.making import creating
from bot.trial.sample.making.pulling import distribution, pull_image
from bot.trial.sample.removing import images as removing_images
from bot.trial.sample.removing import objects as removing
from bot.trial.sample.removing.pruning import PRUNE_FILTERS, prune_cache
from bot.trial.sample.showing import containers, images, others, system
from bot.trial.sample.universe import Universe

_OFF = frozenset({"", "0", "no", "false", "none"})
_CREATED, _NO_CONTENT, _NOT_MODIFIED = 201, 204, 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: the object's name from the path, the query and the body."""

    universe: Universe
    api: tuple[int, int]
    name: str
    query: Mapping[str, list[str]]
    body: bytes

    def text(self, key: str) -> str:
        return self.query.get(key, [""])[0]

    def flag(self, key: str) -> bool:
        """Read a boolean as the engine does: anything but its few words for no is yes."""
        return self.text(key).strip().lower() not in _OFF

    def filters(self, known: Collection[str]) -> Filters:
        return Filters(self.text("filters"), known)

    def json(self) -> dict[str, Any]:
        try:
            body = json.loads(self.body)
        except ValueError as error:
            raise InvalidParameterError("invalid JSON: " + str(error)) from error
        if not isinstance(body, dict):
            raise InvalidParameterError("invalid JSON: expected an object")
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back: a value for JSON, or nothing but a status."""

    content: Any = None
    status: int = 200
    reports: Sequence[Mapping[str, object]] = ()
    """JSON values, one after another, of a call that tells how it goes."""


Handler: TypeAlias = Callable[[Call], Reply]


def _list_images(call: Call) -> Reply:
    filters = call.filters(images.IMAGE_FILTERS)
    shown = images.list_images(call.universe, filters, api=call.api, show_all=call.flag("all"))
    return Reply(content=shown)


def _inspect_image(call: Call) -> Reply:
    image = call.universe.image(call.name)
    return Reply(content=images.inspect_image(call.universe, image, api=call.api))


def _image_history(call: Call) -> Reply:
    return Reply(content=images.image_history(call.universe, call.universe.image(call.name)))


def _remove_image(call: Call) -> Reply:
    records = removing_images.remove_image(
        call.universe, call.name, force=call.flag("force"), prune=not call.flag("noprune")
    )
    return Reply(content=records)


def _tag_image(call: Call) -> Reply:
    removing_images.tag_image(call.universe, call.name, call.text("repo"), call.text("tag"))
    return Reply(status=_CREATED)


def _distribution(call: Call) -> Reply:
    return Reply(content=distribution(call.universe, call.name))


def _pull_image(call: Call) -> Reply:
    return Reply(reports=pull_image(call.universe, call.text("fromImage"), call.text("tag")))


def _list_containers(call: Call) -> Reply:
    shown = containers.list_containers(
        call.universe,
        call.filters(containers.CONTAINER_FILTERS),
        show_all=call.flag("all"),
        size=call.flag("size"),
        limit=_limit(call.text("limit")),
    )
    return Reply(content=shown)


def _limit(text: str) -> int:
    try:
        return max(0, int(text or "0"))
    except ValueError as error:
        raise InvalidParameterError(f'strconv.Atoi: parsing "{text}": invalid syntax') from error


def _inspect_container(call: Call) -> Reply:
    container = call.universe.container(call.name)
    return Reply(content=containers.inspect_container(call.universe, container, size=call.flag("size")))


def _create_container(call: Call) -> Reply:
    container = creating.create_container(call.universe, call.text("name"), call.json())
    return Reply(content={"Id": container.id, "Warnings": []}, status=_CREATED)


def _start_container(call: Call) -> Reply:
    changed = removing.start_container(call.universe, call.name)
    return Reply(status=_NO_CONTENT if changed else _NOT_MODIFIED)


def _stop_container(call: Call) -> Reply:
    changed = removing.stop_container(call.universe, call.name)
    return Reply(status=_NO_CONTENT if changed else _NOT_MODIFIED)


def _remove_container(call: Call) -> Reply:
    removing.remove_container(call.universe, call.name, force=call.flag("force"), volumes=call.flag("v"))
    return Reply(status=_NO_CONTENT)


def _list_networks(call: Call) -> Reply:
    return Reply(content=others.list_networks(call.universe, call.filters(others.NETWORK_FILTERS)))


def _inspect_network(call: Call) -> Reply:
    return Reply(content=others.inspect_network(call.universe, call.universe.network(call.name)))


def _remove_network(call: Call) -> Reply:
    removing.remove_network(call.universe, call.name)
    return Reply(status=_NO_CONTENT)


def _list_volumes(call: Call) -> Reply:
    return Reply(content=others.list_volumes(call.universe, call.filters(others.VOLUME_FILTERS)))


def _inspect_volume(call: Call) -> Reply:
    return Reply(content=others.show_volume(call.universe.volume(call.name)))


def _remove_volume(call: Call) -> Reply:
    removing.remove_volume(call.universe, call.name, force=call.flag("force"))
    return Reply(status=_NO_CONTENT)


def _prune_cache(call: Call) -> Reply:
    filters = call.filters(PRUNE_FILTERS)
    pruned = prune_cache(call.universe, filters, take_all=call.flag("all"))
    return Reply(content={"CachesDeleted": pruned.ids or None, "SpaceReclaimed": pruned.space_reclaimed})


def _disk_usage(call: Call) -> Reply:
    return Reply(content=system.disk_usage(call.universe, call.query.get("type", []), api=call.api))


def _info(call: Call) -> Reply:
    return Reply(content=system.info(call.universe))


def _version(_call: Call) -> Reply:
    return Reply(content=system.version())


# A path's `{name}` may hold slashes: image names do. The first path that fits wins.
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/version", _version),
    ("GET", "/info", _info),
    ("GET", "/system/df", _disk_usage),
    ("GET", "/images/json", _list_images),
    ("GET", "/images/{name:path}/json", _inspect_image),
    ("GET", "/images/{name:path}/history", _image_history),
    ("POST", "/images/create", _pull_image),
    ("GET", "/distribution/{name:path}/json", _distribution),
    ("POST", "/images/{name:path}/tag", _tag_image),
    ("DELETE", "/images/{name:path}", _remove_image),
    ("GET", "/containers/json", _list_containers),
    ("POST", "/containers/create", _create_container),
    ("GET", "/containers/{name}/json", _inspect_container),
    ("POST", "/containers/{name}/start", _start_container),
    ("POST", "/containers/{name}/stop", _stop_container),
    ("DELETE", "/containers/{name}", _remove_container),
    ("GET", "/networks", _list_networks),
    ("GET", "/networks/{name}", _inspect_network),
    ("DELETE", "/networks/{name}", _remove_network),
    ("GET", "/volumes", _list_volumes),
    ("GET", "/volumes/{name}", _inspect_volume),
    ("DELETE", "/volumes/{name}", _remove_volume),
    ("POST", "/build/prune", _prune_cache),
)
