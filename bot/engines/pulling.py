"""Pulling one image by its digest, as ``docker pull`` does: without credentials, and watched to its end."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from typing import Any

import requests
from docker.auth import encode_header

from bot.core.errors import EngineRequestError, EngineTimeoutError

SILENCE = 300
"""Seconds without a word from the engine; it tells of every second of a download, and of unpacking."""
DEADLINE = 1_800
"""Seconds that one image may take."""


def pull(client: Any, host: str, reference: str) -> None:
    """Pull it and read the engine's reports; the engine answers 200 before it knows how that will end.

    The SDK's own ``pull`` has no time limit, and would send the registry logins of the machine it runs on.
    """
    name, _, digest = reference.partition("@")
    answer: requests.Response = client._post(  # noqa: SLF001 - as above
        client._url("/images/create"),  # noqa: SLF001
        params={"fromImage": name, "tag": digest},
        headers={"X-Registry-Auth": encode_header({})},
        stream=True,
        timeout=SILENCE,
    )
    with closing(answer):
        client._raise_for_status(answer)  # noqa: SLF001 - the SDK's own errors, which are translated
        for report in _reports(answer, host):
            if report.get("error"):
                detail = report.get("errorDetail") or {}
                status = detail.get("code") or HTTPStatus.INTERNAL_SERVER_ERROR
                raise EngineRequestError(host, int(status), str(report["error"]))


def _reports(answer: requests.Response, host: str) -> Iterator[dict[str, Any]]:
    until = time.monotonic() + DEADLINE
    for line in answer.iter_lines(chunk_size=None):  # whatever has arrived
        if time.monotonic() > until:
            raise EngineTimeoutError(host, f"the pull was not done after {DEADLINE // 60} minutes.")
        report = json.loads(line) if line.strip() else {}
        if isinstance(report, dict):
            yield report
