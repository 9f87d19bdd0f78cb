"""Raw answers of real engines to one small universe, and their replay to the real SDK.

To record an engine anew (as root; see ``tests/engines-of-debian --help`` for engines other than the installed):

    [DECKHAND_TEST_ENGINE=…/trixie] [DECKHAND_TEST_STORE=containerd] .venv/bin/python -m tests.support.recording

It writes ``tests/engines/answers/VERSION-STORE.json``: each path of the Engine API with the answer to it, and
under ``docker system df`` what that engine's own CLI prints.

What differs between 20.10, 26.1 and 28.5, and what the tests mind:

- A cache record's parents: ``Parent`` on 20.10, ``" Parents"`` later; a later engine that is asked in API 1.41
  tells none at all. A build that finds its end in the cache marks only that record as used, not those below.
- Anonymous volumes carry their label from 26.1 on. An untagged image's names are ``<none>``, then null or [].
- An image's ``Containers`` in the list are -1 before 28.5. SharedSize counts untagged parents from 26.1 on.
- The containerd store: the list's Size counts blobs and what is unpacked, the inspection's blobs alone;
  SharedSize leaves out blobs, and is -1 for untagged parents; every local image has digests, and each comes
  once per tag; nothing keeps an image on which another is built; df answers 404 while a snapshot goes.
"""

import json
import re
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
import requests.adapters
from docker import APIClient

from bot.engines.docker.adapter import DIALLED_URL
from bot.engines.docker.client import EngineClient
from bot.engines.held import HeldDockerEngine
from bot.engines.limits import Limits
from tests.support.lying.holding import unproven
from tests.support.machines.engine import PrivateEngine, private_engine

Answers: TypeAlias = dict[str, Any]
"""By path and query, without the API's version; the method stands before what is no GET. Bytes are told as they are."""

FOLDER = Path(__file__).parents[1] / "engines" / "answers"
RECORDINGS = sorted(FOLDER.glob("*.json"))
CLI_DF = "docker system df"
DANGLING_NETWORKS = "/networks?" + urlencode({"filters": '{"dangling":["true"]}'})
TELLING = ("all", "filters")
"""What of a query decides about the answer; the SDK sends more than it needs to, and df tells all types."""


# --- recording ------------------------------------------------------------------------------------


def furnish(engine: PrivateEngine) -> None:
    """The universe: every kind of object that some profile takes, and one of each that must stay."""
    base = engine.base()
    web = ["FROM base", "COPY f /f", 'RUN ["/bin/busybox", "mkdir", "/empty"]']
    for content in (b"old" * 1_000, b"new" * 2_000):  # the first is left dangling
        engine.build(web, "web:1", files={"f": content})
    for name in ("web:2", "localhost:5000/team/web:1"):
        engine.docker("tag", "web:1", name)
    kit = ["FROM base", "COPY f /f", 'RUN ["/bin/busybox", "touch", "/made"]', "COPY g /g"]
    for tag in ("kit:1", "gone:1"):
        files = {"f": b"kit" * 3_000, "g": tag.encode() * 500}
        engine.build(kit, tag, buildkit=True, files=files, options=("--label", f"of={tag}"))
    engine.docker("rmi", "gone:1")  # and its last layer stays as build cache of its own
    engine.network("front")
    engine.network("spare")
    engine.volume("--label", "team=web", "data", size=4_000)
    engine.volume("idle", size=5_000)
    engine.run(base, "--name", "running", "--volume", "data:/data")
    engine.stopped("web:1", "--name", "stopped", "--volume", "/anonymous", "--network", "front")
    engine.created("kit:1", "--name", "created")
    engine.docker("rm", engine.created(base, "--volume", "/left"))


def paths(answers: Mapping[str, Any]) -> list[str]:
    """What is asked about each object that these lists name."""
    images = [each["Id"] for each in answers["/images/json?all=1"]]
    containers = [each["Id"] for each in answers["/containers/json?all=1"]]
    networks = [each["Id"] for each in answers["/networks"]]
    volumes = [each["Name"] for each in answers["/volumes"]["Volumes"]]
    return [
        *(f"/images/{each}/{what}" for each in images for what in ("json", "history")),
        *(f"/containers/{each}/json" for each in containers),
        *(f"/networks/{each}" for each in networks),
        *(f"/volumes/{each}" for each in volumes),
    ]


LISTS = ("/info", "/version", "/system/df", "/images/json?all=1", "/containers/json?all=1", "/networks",
         DANGLING_NETWORKS, "/volumes")  # fmt: skip


def recorded(engine: PrivateEngine) -> Answers:
    """What the engine answers, in the newest version of the API that it speaks."""
    client: Any
    with closing(APIClient(base_url=engine.url, version="auto", timeout=60)) as client:

        def ask(path: str) -> Any:
            answer = client.get(f"{client.base_url}/v{client.api_version}{path}", timeout=60)
            answer.raise_for_status()
            return answer.json()

        answers = {path: ask(path) for path in LISTS}
        answers |= {path: ask(path) for path in paths(answers)}
    rows = engine.docker("system", "df", "--format", "{{json .}}").splitlines()
    answers[CLI_DF] = [json.loads(row) for row in rows]
    return answers


def main() -> None:
    with private_engine() as engine:
        furnish(engine)
        answers = recorded(engine)
        version = answers["/info"]["ServerVersion"].partition("+")[0]
        store = "containerd" if engine.containerd_store else answers["/info"]["Driver"]
    file = FOLDER / f"{version}-{store}.json"
    file.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{file}: {len(answers)} answers, {file.stat().st_size} bytes\n")


# --- replaying ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that comes with a status of its own."""

    status: int
    answer: Any


class _Replay(requests.adapters.BaseAdapter):
    """Answers the SDK's requests from a recording, where a socket would be."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__()
        self._answers = answers

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        split = urlsplit(request.url or "")
        path = re.sub(r"^/v1\.\d+/", "/", split.path)
        telling = [
            (name, value.replace(" ", "")) for name, value in parse_qsl(split.query) if name in TELLING
        ]
        query = urlencode([(name, value) for name, value in telling if value != "{}"])
        asked = f"{path}?{query}" if query else path
        # What was not recorded is no 404, which would mean that the object is gone.
        asked = asked if request.method == "GET" else f"{request.method} {path}"
        known = asked in self._answers
        answer = self._answers[asked] if known else {"message": f"not recorded: {asked}"}
        response = requests.Response()
        response.status_code = 200 if known else 418
        if isinstance(answer, Refused):
            response.status_code, answer = answer.status, answer.answer
        response.url, response.request = asked, request
        response._content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        response._content_consumed = True  # type: ignore[attr-defined] # it is all there
        return response

    def close(self) -> None:
        """Nothing is open."""


def aged(recording: Path) -> Answers:
    """A recording, as if the engine had been asked half a year later: everything is old enough to go."""
    answers: Answers = json.loads(recording.read_text())
    answers["/info"]["SystemTime"] = "2027-06-01T00:00:00Z"
    return answers


def replayed(answers: Mapping[str, Any], host: str = "prod-3") -> HeldDockerEngine:
    """Deckhand's engine, with the real SDK, on recorded answers."""
    client = EngineClient(DIALLED_URL, Limits(), _Replay(answers))
    client.negotiate()
    return HeldDockerEngine(host, unproven(lambda: client))


if __name__ == "__main__":
    main()
