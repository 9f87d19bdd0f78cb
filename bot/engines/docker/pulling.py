"""Pulling one image by its digest, as ``docker pull`` does, watched to its end."""

from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from typing import Any, cast

import requests

from bot.core.errors import EngineAnswerError, EngineRequestError
from bot.engines.docker.told.reading import shaped
from bot.engines.docker.told.shapes import PullReport
from bot.engines.failures import LinkError

DEADLINE = 1_800
"""Seconds that one image may take; the engine tells of every second of a download, and of unpacking."""
LONGEST_LINE = 65_536
REPORT = "a pull"


def pull(client: Any, host: str, reference: str, login: str) -> None:
    """Pull it with this login (of Logins) and read the engine's reports.

    The engine answers 200 before it knows how that will end.

    The SDK's own ``pull`` has no time limit, and would send the registry logins of the machine it runs on.
    """
    name, _, digest = reference.partition("@")
    answer: requests.Response = client._post(  # noqa: SLF001 - as above
        client._url("/images/create"),  # noqa: SLF001
        params={"fromImage": name, "tag": digest},
        headers={"X-Registry-Auth": login},
        stream=True,
        timeout=DEADLINE,
    )
    with closing(answer):
        client._raise_for_status(answer)  # noqa: SLF001 - the SDK's own errors, which are translated
        for line in _lines(answer):
            report = cast("PullReport", shaped(PullReport, line, REPORT))
            if error := report.get("error"):
                status = (report.get("errorDetail") or {}).get("code") or HTTPStatus.INTERNAL_SERVER_ERROR
                raise EngineRequestError(host, status, error)


def _lines(answer: requests.Response) -> Iterator[bytes]:
    """Each report as it arrives; LinkError for one without an end."""
    begun = b""
    for data in answer.iter_content(chunk_size=None):  # whatever has arrived
        *ended, begun = (begun + data).split(b"\n")
        yield from (line for line in ended if line.strip())
        if len(begun) > LONGEST_LINE:
            raise LinkError(EngineAnswerError, f"what it tells of {REPORT} is one line without an end.")
    if begun.strip():
        yield begun
