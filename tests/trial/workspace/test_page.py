import ast
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot import slack
from bot.trial.workspace import Workspace
from bot.trial.workspace.page.page import STATIC

JSON = dict[str, Any]


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def cells(*texts: str) -> list[JSON]:
    return [{"type": "raw_text", "text": text} for text in texts]


REPORT: list[JSON] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*prod-3* &lt;img src=x onerror=alert(1)&gt;"}},
    {"type": "table", "rows": [cells("TYPE", "SIZE"), cells("Images", "188.4 GB")]},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "style": "primary",
                "text": plain("Approve"),
                "value": "1",
                "confirm": {
                    "title": plain("Remove 3 images?"),
                    "text": plain("It cannot be undone."),
                    "confirm": plain("Remove"),
                    "deny": plain("Back"),
                },
            },
            {"type": "button", "action_id": "adjust", "text": plain("Adjust"), "value": "1"},
        ],
    },
    {"type": "plan", "title": "not drawn yet"},
]
MODAL: JSON = {
    "type": "modal",
    "callback_id": "adjust",
    "title": plain("Adjust"),
    "submit": plain("Save"),
    "blocks": [
        {
            "type": "input",
            "block_id": "host",
            "label": plain("Host"),
            "element": {"type": "plain_text_input", "action_id": "host"},
        }
    ],
}


def serve(app: App) -> None:
    def report(ack: Ack, command: JSON, client: WebClient) -> None:
        ack("Only for you")
        client.chat_postMessage(channel=command["channel_id"], text="Report", blocks=REPORT)

    def approve(ack: Ack, body: JSON, client: WebClient) -> None:
        ack()
        text = f":white_check_mark: Approved by <@{body['user']['id']}>"
        client.chat_update(channel="C0OPS", ts=body["container"]["message_ts"], text=text)

    def adjust(ack: Ack, body: JSON, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    def submitted(ack: Ack, view: JSON) -> None:
        if view["state"]["values"]["host"]["host"]["value"] == "prod-3":
            ack()
        else:
            ack(response_action="errors", errors={"host": "Type prod-3."})

    def home(event: JSON, client: WebClient) -> None:
        blocks = [{"type": "header", "text": plain("Your fleet")}]
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    app.command("/docker-df")(report)
    app.action("approve")(approve)
    app.action("adjust")(adjust)
    app.view("adjust")(submitted)
    app.event("app_home_opened")(home)


@pytest.fixture
def page(browser: Browser, workspace: Workspace, app: App) -> Iterator[Page]:
    """The page in a browser. Any error in its scripts, or refusal by its policy, fails the test."""
    serve(app)
    complaints: list[str] = []
    with contextlib.closing(browser.new_page()) as page:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.goto(workspace.address)
        yield page
    assert complaints == []


def type_command(page: Page, text: str) -> None:
    composer = page.get_by_label("Message #ops")
    composer.fill(text)
    composer.press("Enter")


def test_a_person_types_a_command_and_approves_after_a_confirmation(page: Page) -> None:
    expect(page.get_by_role("note")).to_have_text("Only a trial.")
    page.get_by_label("Message #ops").fill("/docker-d")
    expect(page.get_by_role("option")).to_have_count(1)
    type_command(page, "/docker-df prod-3")
    table = page.get_by_role("table")
    expect(table.get_by_role("cell", name="188.4 GB")).to_be_visible()
    expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    expect(page.get_by_text("unknown block: plan")).to_be_visible()

    page.get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_role("button", name="Back").click()
    expect(table).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("main").get_by_text("Approved by @Ann")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


def test_a_private_answer_is_seen_by_its_person_only(page: Page) -> None:
    type_command(page, "/docker-df")
    expect(page.get_by_text("Only visible to you")).to_be_visible()
    page.get_by_role("radio", name="Bob").click()
    expect(page.get_by_role("radio", name="Bob")).to_be_checked()
    expect(page.get_by_role("table")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("Only for you")).to_have_count(0)
    page.get_by_role("radio", name="Bob").press("ArrowUp")
    expect(page.get_by_role("main").get_by_text("Only for you")).to_be_visible()


def test_a_modal_shows_what_is_wrong_and_keeps_what_was_typed(page: Page) -> None:
    type_command(page, "/docker-df")
    page.get_by_role("button", name="Adjust").click()
    modal = page.get_by_role("dialog")
    modal.get_by_role("button", name="Save").click()
    expect(modal.get_by_role("alert")).to_have_text("Please complete this required field.")
    modal.get_by_label("Host").fill("prod-4")
    modal.get_by_role("button", name="Save").click()
    expect(modal.get_by_role("alert")).to_have_text("Type prod-3.")
    expect(modal.get_by_label("Host")).to_have_value("prod-4")
    modal.get_by_label("Host").fill("prod-3")
    modal.get_by_label("Host").press("Enter")
    expect(modal).to_have_count(0)


def test_threads_the_home_and_plain_messages_are_there(page: Page, workspace: Workspace) -> None:
    type_command(page, "look at *this*, <b>please</b>")
    expect(page.get_by_text("<b>please</b>")).to_be_visible()
    workspace.say("U0BOB", "on it", thread_ts=workspace.messages()[0].ts)
    page.get_by_role("button", name="1 reply").click()
    expect(page.get_by_label("Thread").get_by_text("on it")).to_be_visible()
    page.get_by_label("Reply…").fill("thanks")
    page.get_by_label("Reply…").press("Enter")
    expect(page.get_by_label("Thread").get_by_text("thanks")).to_be_visible()
    page.get_by_role("button", name="Deckhand", exact=True).click()
    expect(page.get_by_text("Your fleet")).to_be_visible()


def test_on_a_phone_the_sidebar_makes_room(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("navigation")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("radio", name="Bob").click()
    expect(page.get_by_role("navigation")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_menu_can_be_opened_before_the_first_answer_of_the_server_is_there(page: Page) -> None:
    held: list[Route] = []
    page.set_viewport_size({"width": 390, "height": 844})
    page.route("**/page/state*", lambda route: held.append(route), times=1)  # noqa: PLW0108 - a method has no frame
    page.reload()
    page.get_by_role("button", name="Menu").click()
    held[0].continue_()
    page.get_by_role("radio", name="Bob").click()
    expect(page.get_by_role("navigation")).to_be_hidden()


def test_the_page_stays_small_enough_to_be_read() -> None:
    sources = [
        file.read_text(encoding="utf-8") for file in STATIC.rglob("*") if file.suffix in {".js", ".css"}
    ]
    lines = [line for source in sources for line in source.splitlines()]
    assert len(lines) <= 1_700
    assert max(map(len, lines)) <= 130


def test_the_page_draws_every_emoji_that_the_bot_uses() -> None:
    used = {
        name
        for file in Path(slack.__path__[0]).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for name in re.findall(r"(?<![\w:]):([a-z_]+):(?!\w)", node.value)
    }
    drawn = set(re.findall(r"([\w+-]+)\"?: \"", (STATIC / "blocks" / "emoji.js").read_text(encoding="utf-8")))
    assert "warning" in used
    assert used <= drawn
