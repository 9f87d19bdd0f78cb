"""Who may do what on the port of the page, which every account of the machine reaches."""

import http.client
import json
from collections.abc import Mapping
from contextlib import closing

import pytest
from playwright.sync_api import Browser, expect
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bot.trial.workspace import Workspace
from bot.trial.workspace.methods.methods import ANY_TOKEN_METHODS, METHODS

REFUSED = r"not_authed|invalid_auth|not_allowed_token_type"
SAY = json.dumps({"user": "U0ANN", "channel": "C0OPS", "text": "hello"})
PAGE = (
    ("GET", "/"),
    ("GET", "/?key="),
    ("GET", "/?key=wrong"),
    ("GET", "/archives/C0OPS/p1"),
    ("GET", "/page/state?user=U0ANN"),
    ("GET", "/page/events"),
    ("GET", "/static/app.js"),
    ("GET", "/files/F1/a.png"),
    ("GET", "//page/state"),
    ("GET", "/new"),
    *(
        ("POST", f"/page/{act}")
        for act in ("say", "command", "click", "submit", "close", "home", "dismiss", "unknown")
    ),
)


def ask(
    workspace: Workspace, method: str, path: str, headers: Mapping[str, str] | None = None, body: str = SAY
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", workspace.port, timeout=10)
    with closing(connection):
        sent = {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body=body if method == "POST" else None, headers=sent)
        answer = connection.getresponse()
        if answer.headers.get_content_type() != "text/event-stream":
            answer.read()
        return answer


def cookie(workspace: Workspace) -> dict[str, str]:
    answer = ask(workspace, "GET", workspace.address.removeprefix(workspace.url))
    assert (answer.status, answer.getheader("Location")) == (303, "/")
    given = answer.getheader("Set-Cookie") or ""
    assert "HttpOnly" in given
    assert "samesite=strict" in given.lower()
    assert workspace.key not in given
    return {"Cookie": given.partition(";")[0]}


@pytest.mark.parametrize(("method", "path"), PAGE)
def test_nobody_without_the_key_sees_or_does_anything(workspace: Workspace, method: str, path: str) -> None:
    for given in (None, "wrong", "\xe9"):
        headers = {"Cookie": f"deckhand-{workspace.port}={given}"} if given else {}
        assert ask(workspace, method, path, headers).status == 403
    assert workspace.messages() == []


def test_who_has_the_key_gets_a_cookie_and_acts(workspace: Workspace) -> None:
    known = cookie(workspace)
    for path in ("/", "/page/state?user=U0ANN", "/page/events", "/static/app.js"):
        assert ask(workspace, "GET", path, known).status == 200
    assert ask(workspace, "POST", "/page/say", {**known, "Origin": workspace.url}).status == 200
    assert [message.text for message in workspace.messages()] == ["hello"]


def test_the_key_of_one_workspace_opens_no_other(workspace: Workspace) -> None:
    with Workspace() as other:
        assert ask(other, "GET", workspace.address.removeprefix(workspace.url)).status == 403
        name, _, session = cookie(workspace)["Cookie"].partition("=")
        assert name == f"deckhand-{workspace.port}"
        assert ask(other, "GET", "/", {"Cookie": f"deckhand-{other.port}={session}"}).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Host": ""},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_site_cannot_act_through_a_page_that_is_open(
    workspace: Workspace, headers: dict[str, str]
) -> None:
    assert ask(workspace, "POST", "/page/say", {**cookie(workspace), **headers}).status == 403
    assert workspace.messages() == []


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_another_site_reaches_nothing_that_the_bot_does(
    workspace: Workspace, headers: dict[str, str]
) -> None:
    for path in ("/api/api.test", "/hooks/T/x", "/upload/v1/x"):
        assert ask(workspace, "POST", path, headers).status == 403


@pytest.mark.parametrize("token", ["", "xoxb-wrong", "the key", "the app's"])
def test_every_method_of_the_bot_wants_its_token(workspace: Workspace, token: str) -> None:
    given = {"the key": workspace.key, "the app's": workspace.app_token}.get(token, token)
    client = WebClient(token=given, base_url=workspace.api_url)
    for method in METHODS.keys() - ANY_TOKEN_METHODS - {"apps.connections.open"}:
        with pytest.raises(SlackApiError, match=REFUSED):
            client.api_call(method)
    with pytest.raises(SlackApiError, match=REFUSED):
        WebClient(token=workspace.bot_token, base_url=workspace.api_url).api_call("apps.connections.open")
    assert list(workspace.calls("chat.postMessage")) == []


def test_addresses_that_hold_a_secret_are_of_no_use_without_it(
    workspace: Workspace, client: WebClient
) -> None:
    asked = client.files_getUploadURLExternal(filename="a.txt", length=5)
    assert asked["file_id"] not in str(asked["upload_url"])
    assert ask(workspace, "POST", f"/upload/v1/{asked['file_id']}", body="hello").status == 400
    assert ask(workspace, "POST", "/hooks/T0/unknown").status == 404


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {}),
        ("?ticket=wrong", {}),
        ("TICKET", {"Origin": "https://evil.example"}),
        ("TICKET", {"Host": "evil.example"}),
    ],
)
def test_no_socket_opens_without_a_ticket_or_for_another_site(
    workspace: Workspace, query: str, headers: dict[str, str]
) -> None:
    opened = WebClient(token=workspace.app_token, base_url=workspace.api_url).apps_connections_open(
        app_token=workspace.app_token
    )
    url = str(opened["url"]) if query == "TICKET" else f"ws://127.0.0.1:{workspace.port}/link/{query}"

    with pytest.raises(InvalidStatus):
        connect(url, additional_headers=headers)
    assert workspace.connections == 0


@pytest.mark.browser
def test_a_browser_that_is_let_in_keeps_no_key_in_its_address_and_says_so_when_the_key_is_another(
    workspace: Workspace, browser: Browser
) -> None:
    with closing(browser.new_page()) as page:
        page.goto(workspace.address)
        expect(page.locator("#me")).not_to_be_empty()
        assert page.url == f"{workspace.url}/"
        workspace.stop()
        with Workspace(port=workspace.port):
            expect(page.get_by_text("Open the address that")).to_be_visible(timeout=30_000)
