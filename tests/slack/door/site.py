"""Deckhand's HTTP side as Slack, and anybody else, sees it: requests over a real socket."""

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from bot.app import Deckhand
from bot.config.settings import Settings, load
from bot.store.opening import open_store
from bot.trial.sample import SampleEngine
from bot.trial.workspace import Workspace
from tests.slack.place import ANN, OPEN_TO_ALL, Place, write_configuration

SECRET = "0123456789abcdef"  # noqa: S105 - of an app that does not exist
OTHER_SECRET = "fedcba9876543210"  # noqa: S105 - the same
OLD = 5 * 60 + 5  # seconds: just beyond what Slack's own verifier takes


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def signed(body: str, secret: str = SECRET, age: float = 0) -> dict[str, str]:
    """The headers with which Slack would have sent this body so many seconds ago."""
    timestamp = str(int(time.time() - age))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": str(signature)}


def without(headers: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


def command(name: str = "/docker-df", text: str = "prod-3") -> str:
    form = {
        "command": name, "text": text, "user_id": ANN, "user_name": "ann", "channel_id": "C0OPS",
        "team_id": "T0TRIAL", "trigger_id": "1.2", "response_url": "http://127.0.0.1:9/none",
    }  # fmt: skip
    return urlencode(form)


def click(user: str, ts: str, action_id: str, value: str) -> str:
    payload = {
        "type": "block_actions",
        "user": {"id": user, "username": user.lower(), "team_id": "T0TRIAL"},
        "team": {"id": "T0TRIAL", "domain": "deckhand-trial"},
        "channel": {"id": "C0OPS", "name": "ops"},
        "container": {"type": "message", "message_ts": ts, "channel_id": "C0OPS"},
        "trigger_id": "1.2",
        "response_url": "http://127.0.0.1:9/none",
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value}],
    }
    return urlencode({"payload": json.dumps(payload)})


@dataclass(frozen=True, kw_only=True)
class Site:
    """Deckhand's HTTP side as Slack sees it, and the place around it."""

    port: int
    place: Place

    def get(self, path: str) -> tuple[int, str]:
        return self._ask("GET", path, "", {})

    def post(self, body: str, headers: Mapping[str, str]) -> int:
        return self._ask("POST", "/slack/events", body, headers)[0]

    def send(self, body: str) -> int:
        return self.post(body, signed(body))

    def _ask(self, method: str, path: str, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body[:1] != "{" else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection):
            connection.request(method, path, body.encode("latin-1"), {**form, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


def settings_for(workspace: Workspace, sample: SampleEngine, folder: Path, port: int) -> Settings:
    slack = f'[slack]\nmode = "http"\nlisten = "127.0.0.1:{port}"\n'
    environment = {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": workspace.api_url,
    }
    file = write_configuration(folder, sample, OPEN_TO_ALL + slack)
    return load(file, environment, for_slack=True)


@contextmanager
def served(workspace: Workspace, sample: SampleEngine, folder: Path) -> Iterator[Site]:
    """Deckhand in HTTP mode on a free port."""
    port = free_port()
    settings = settings_for(workspace, sample, folder, port)
    bot = Deckhand(settings)
    bot.start()
    try:
        with closing(open_store(settings.database_url.get_secret_value())) as store:
            yield Site(port=port, place=Place(workspace=workspace, engine=sample, store=store))
    finally:
        bot.stop()
