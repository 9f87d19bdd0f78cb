"""The history of an image for one of its platforms."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import docker.errors

PLATFORMS_SINCE = (1, 48)


def platform_history(client: Any, image_id: str, platform: tuple[str, str, str]) -> Sequence[int] | None:
    """The sizes of its entries, oldest first; None where the engine does not tell.

    The SDK's own asks for no platform.
    """
    if tuple(int(part) for part in client.api_version.split(".")) < PLATFORMS_SINCE:
        return None
    system, architecture, variant = platform
    asked = {"os": system, "architecture": architecture} | ({"variant": variant} if variant else {})
    with suppress(docker.errors.APIError):
        answer = client._get(  # noqa: SLF001 - as the sentence above says
            client._url("/images/{0}/history", image_id),  # noqa: SLF001
            params={"platform": json.dumps(asked)},
        )
        steps = client._result(answer, json=True) or ()  # noqa: SLF001
        return tuple(int(step.get("Size") or 0) for step in reversed(steps))
    return None
