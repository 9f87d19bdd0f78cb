"""Text that tries to break the page is shown as text, in messages and in forms."""

from typing import Any

import pytest
from playwright.sync_api import Locator, ViewportSize, expect
from slack_sdk import WebClient

from bot.trial.workspace import Workspace
from tests.e2e.browser.conftest import Open
from tests.e2e.browser.pages import DESK, PHONE
from tests.slack.place import ANN

JSON = dict[str, Any]
HIT = "document.body.dataset.hit=1"
HOSTILE = (
    f'<img src=x onerror="{HIT}">',
    f"<script>{HIT}</script>",
    f'"><svg onload={HIT}>',
    f"javascript:{HIT}",
    "<!channel> <!here> <@U0ANN>",
    "\u202egnp.exe\u202c \u2066rtl\u2069 שלום",
    ":constructor: :__proto__: :toString:",
    "`*_~`*_~ ```",
    "x" * 2_500,
    "👩‍💻" * 200,
)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text[:75], "emoji": False}


def blocks(text: str) -> list[JSON]:
    return [
        {"type": "header", "text": plain(text)},
        {"type": "section", "text": {"type": "mrkdwn", "text": escaped(text)}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": f"`{escaped(text)[:1_900]}`"}]},
        {
            "type": "table",
            "rows": [[{"type": "raw_text", "text": text}], [{"type": "raw_text", "text": text}]],
        },
        {
            "type": "actions",
            "elements": [
                {"type": "button", "action_id": "b", "text": plain(text), "accessibility_label": text[:75]}
            ],
        },
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": f"<javascript:{HIT}|a link> {escaped(text)}"}],
        },
    ]


def form(text: str) -> JSON:
    options = [{"text": plain(text), "value": "1", "description": plain(text)}]
    return {
        "type": "modal",
        "callback_id": "c",
        "title": plain(text[:24]),
        "submit": plain("Go"),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": escaped(text)}},
            {
                "type": "input",
                "block_id": "i",
                "label": plain(text),
                "element": {"type": "checkboxes", "action_id": "a", "options": options},
            },
        ],
    }


def is_only_text(place: Locator) -> bool:
    """Whether nothing in it came from the text but text: no element of its own, no address, no script."""
    strange = place.locator("img:not(.avatar), svg, script, iframe, a, [onerror], [onload]")
    return strange.count() == 0 and place.page.evaluate("document.body.dataset.hit") is None


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_hostile_text_is_text(workspace: Workspace, open_window: Open, size: ViewportSize) -> None:
    client = WebClient(token=workspace.bot_token, base_url=workspace.api_url)
    window = open_window(size=size)
    for text in HOSTILE:
        client.chat_postMessage(channel="C0OPS", text=escaped(text), blocks=blocks(text))
        expect(window.main.get_by_role("cell", name=text, exact=True).last).to_be_attached()
        assert is_only_text(window.main), text
    expect(window.main.locator(".mention")).to_have_count(0)
    expect(window.main.get_by_text("a link").first).to_be_visible()
    client.chat_postMessage(channel="C0OPS", text="y" * 5_000)
    window.message("y" * 5_000)
    window.show("messages")


def test_what_a_person_types_is_text_too(workspace: Workspace, open_window: Open) -> None:
    window = open_window()
    for text in HOSTILE[:5]:
        window.type(text)
        window.message(text)
        assert is_only_text(window.main), text
    assert workspace.messages()[0].text == escaped(HOSTILE[0])


def test_hostile_text_in_forms_is_text(workspace: Workspace, open_window: Open) -> None:
    client = WebClient(token=workspace.bot_token, base_url=workspace.api_url)
    window = open_window(size=PHONE)
    for text in HOSTILE:
        trigger = workspace._desk.triggers.issue(ANN)
        client.views_open(trigger_id=trigger, view=form(text))
        expect(window.dialog.get_by_role("heading")).to_contain_text(text[:24].strip())
        assert is_only_text(window.dialog), text
        window.show(f"form-{HOSTILE.index(text)}")
        window.page.keyboard.press("Escape")
        expect(window.dialog).to_have_count(0)
