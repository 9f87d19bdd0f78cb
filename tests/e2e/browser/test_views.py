"""What the page shows of any bot: its Home, what it tells one person, files, modals over modals, threads."""

import re
import struct
import zlib
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import expect
from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.trial.workspace import Workspace
from tests.e2e.browser.conftest import Open
from tests.e2e.browser.pages import PHONE, Window
from tests.slack.place import ANN, BOB, eventually

JSON = dict[str, Any]


def words(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: JSON) -> JSON:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(text: str, action_id: str) -> JSON:
    return {"type": "button", "action_id": action_id, "text": words(text)}


def field(block_id: str) -> JSON:
    element = {"type": "plain_text_input", "action_id": block_id}
    return {"type": "input", "block_id": block_id, "label": words(block_id), "element": element}


def modal(title: str, *blocks: JSON) -> JSON:
    return {
        "type": "modal",
        "callback_id": title,
        "title": words(title),
        "submit": words("Save"),
        "blocks": blocks,
    }


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" + b"\x12\x64\xa3" * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * height))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def client(workspace: Workspace) -> WebClient:
    return WebClient(token=workspace.bot_token, base_url=workspace.api_url)


@pytest.fixture
def app(workspace: Workspace, client: WebClient, closing_later: ExitStack) -> App:
    """A bot without listeners yet, connected."""
    app = App(client=client)
    handler = SocketModeHandler(app, workspace.app_token)
    handler.connect()  # type: ignore[no-untyped-call] # Bolt leaves it without types
    closing_later.callback(handler.close)
    workspace.wait_connected()
    return app


def home_blocks(round_: int) -> list[JSON]:
    overflow = {
        "type": "overflow",
        "action_id": "more",
        "options": [
            {"text": words("Forget it"), "value": "forget"},
            {"text": words("Keep it"), "value": "keep"},
        ],
    }
    hosts = [section(f"*prod-{n}*: 71% of 200GB", accessory=button("Look", f"look:{n}")) for n in range(20)]
    return [
        {"type": "header", "text": words("Your fleet")},
        section(f"Published {round_} times", accessory=overflow),
        {"type": "actions", "elements": [button("Refresh", "refresh"), button("Help", "help")]},
        *hosts,
    ]


@pytest.mark.parametrize("size", [None, PHONE], ids=["desk", "phone"])
def test_a_home_is_shown_from_its_top_and_its_buttons_and_menus_work(
    app: App, client: WebClient, open_window: Open, size: Any
) -> None:
    rounds, chosen = [0], []

    def publish(user: str) -> None:
        rounds[0] += 1
        client.views_publish(user_id=user, view={"type": "home", "blocks": home_blocks(rounds[0])})

    def opened(event: JSON) -> None:
        if event["tab"] == "home" and not rounds[0]:
            publish(event["user"])

    def refresh(ack: Ack, body: JSON) -> None:
        ack()
        publish(body["user"]["id"])

    def more(ack: Ack, body: JSON, action: JSON) -> None:
        ack()
        chosen.append(action["selected_option"]["value"])
        publish(body["user"]["id"])

    app.event("app_home_opened")(opened)
    app.action("refresh")(refresh)
    app.action("more")(more)
    window = open_window(size=size) if size else open_window()
    if size:
        window.page.get_by_role("button", name="Menu").click()
    window.page.get_by_role("button", name="Deckhand", exact=True).click()
    expect(window.main.get_by_role("heading", name="Your fleet")).to_be_in_viewport()
    pressed = window.main.get_by_role("button", name="Refresh")
    pressed.focus()
    pressed.press("Enter")
    window.see("Published 2 times")
    expect(pressed).to_be_focused()
    window.main.get_by_label("More actions").select_option("forget")
    window.see("Published 3 times")
    assert chosen == ["forget"]
    window.show("home")
    window.main.get_by_role("button", name=re.compile("^Messages")).click()
    window.see("What Deckhand tells you alone appears here.")
    window.main.get_by_role("button", name="Home", exact=True).click()
    expect(window.main.get_by_role("heading", name="Your fleet")).to_be_in_viewport()


def test_what_the_bot_tells_one_person_is_marked_until_it_is_read(client: WebClient, window: Window) -> None:
    entry = window.page.get_by_role("navigation", name="Workspace").get_by_role("button", name="Deckhand")
    expect(entry).to_have_accessible_name("Deckhand")
    client.chat_postMessage(channel=ANN, text="Your cleanup is *done*.")
    client.chat_postMessage(channel=BOB, text="Somebody needs your approval.")
    client.chat_postMessage(channel="C0OPS", text="For everyone")
    expect(entry).to_have_accessible_name("Deckhand unread")
    entry.click()
    window.see("Your cleanup is done.")
    expect(window.main.get_by_text("Somebody needs")).to_have_count(0)
    expect(entry).to_have_accessible_name("Deckhand")
    window.show("direct")
    window.page.reload()
    window.see("For everyone")
    expect(entry).to_have_accessible_name("Deckhand")
    window.become("Bob")
    expect(entry).to_have_accessible_name("Deckhand unread")
    window.show("unread")
    entry.click()
    window.see("Somebody needs your approval.")


def test_another_channel_with_something_new_is_marked(workspace: Workspace, window: Window) -> None:
    window.page.get_by_role("button", name="Deckhand", exact=True).click()
    workspace.say(BOB, "anyone here?")
    ops = window.page.get_by_role("button", name="ops unread")
    ops.click()
    window.see("anyone here?")
    expect(ops).to_have_count(0)


def test_a_click_is_not_lost_when_something_new_comes_in_halfway(
    workspace: Workspace, window: Window
) -> None:
    window.page.get_by_role("radio", name="Bob").hover()
    window.page.mouse.down()
    workspace.say(ANN, "halfway")
    window.message("halfway")
    window.page.mouse.up()
    expect(window.page.locator("#me")).to_have_text("as Bob")


def test_pictures_have_their_words_and_other_files_can_be_fetched(client: WebClient, window: Window) -> None:
    told = "prod-3: images 11GB, volumes 31GB"
    client.files_upload_v2(
        channel="C0OPS", content=png(320, 120), filename="space.png", alt_txt=told, title="Space"
    )
    client.files_upload_v2(channel="C0OPS", content="a,b\n", filename="audit.csv", title="The audit")
    image = window.main.get_by_role("img", name=told)
    expect(image).to_be_visible()
    assert image.evaluate("node => node.decode().then(() => node.naturalWidth)") == 320
    with window.page.expect_download() as download:
        window.main.get_by_role("link", name="The audit").click()
    assert download.value.path().read_bytes() == b"a,b\n"
    window.show("files")


def test_modals_stand_on_modals_and_keep_what_was_typed(app: App, client: WebClient, window: Window) -> None:
    def first(ack: Ack, body: JSON) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal("First", field("one"), more))

    def second(ack: Ack, body: JSON) -> None:
        ack()
        name = "Second" if body["view"]["callback_id"] == "First" else "Third"
        client.views_push(trigger_id=body["trigger_id"], view=modal(name, field("two"), more))

    more = {"type": "actions", "elements": [button("More", "more")]}
    app.command("/docker-df")(first)
    app.action("more")(second)
    window.type("/docker-df")
    window.dialog.get_by_label("one").fill("kept")
    window.dialog.get_by_role("button", name="More").click()
    window.dialog.get_by_label("two").fill("gone")
    expect(window.dialog.get_by_role("heading")).to_have_accessible_name("Second")
    window.show("stacked")
    window.dialog.get_by_role("button", name="More").click()
    expect(window.dialog.get_by_role("heading")).to_have_accessible_name("Third")
    window.page.keyboard.press("Escape")
    expect(window.dialog.get_by_label("two")).to_have_value("gone")
    window.dialog.get_by_role("button", name="More").click()
    expect(window.dialog.get_by_role("heading")).to_have_accessible_name("Third")
    window.page.keyboard.press("Escape")
    window.page.keyboard.press("Escape")
    expect(window.dialog.get_by_role("heading")).to_have_text("First")
    expect(window.dialog.get_by_label("one")).to_have_value("kept")
    window.page.keyboard.press("Escape")
    expect(window.dialog).to_have_count(0)
    expect(window.box).to_be_focused()

    window.type("/docker-df")
    window.dialog.get_by_role("button", name="More").click()
    window.dialog.get_by_label("two").fill("x")
    window.dialog.get_by_role("button", name="Close").click()
    expect(window.dialog).to_have_count(0)


def test_the_focus_goes_back_to_what_was_drawn_anew_beneath_a_form(
    app: App, client: WebClient, window: Window
) -> None:
    actions = [{"type": "actions", "elements": [button("More", "more")]}]
    ts = client.chat_postMessage(channel="C0OPS", text="before", blocks=[section("before"), *actions])["ts"]

    def more(ack: Ack, body: JSON) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal("First", field("one")))
        client.chat_update(channel="C0OPS", ts=ts, text="after", blocks=[section("after"), *actions])

    app.action("more")(more)
    window.main.get_by_role("button", name="More").focus()
    window.page.keyboard.press("Enter")
    expect(window.dialog.get_by_label("one")).to_be_focused()
    expect(window.page.get_by_text("after", exact=True)).to_have_count(1)
    window.page.keyboard.press("Escape")
    expect(window.main.get_by_role("button", name="More")).to_be_focused()


def test_a_button_that_was_drawn_anew_while_it_asked_once_more_still_works_and_another_one_in_its_place_does_not(
    app: App, client: WebClient, window: Window
) -> None:
    pressed = []

    def publish(value: str) -> None:
        words_of = {
            "title": words("Sure?"),
            "text": words("It is gone then."),
            "confirm": words("Yes"),
            "deny": words("No"),
        }
        asking = {**button("Remove", "remove"), "value": value, "confirm": words_of}
        client.views_publish(user_id=ANN, view={"type": "home", "blocks": [section(value, accessory=asking)]})

    def remove(ack: Ack, action: JSON) -> None:
        ack()
        pressed.append(action["value"])

    app.event("app_home_opened")(lambda: None)
    app.action("remove")(remove)
    publish("first")
    window.page.get_by_role("button", name="Deckhand", exact=True).click()
    window.press("Remove")
    publish("first")
    window.confirm("Yes")
    assert eventually(lambda: pressed) == ["first"]
    window.press("Remove")
    publish("second")
    expect(window.page.get_by_text("second")).to_have_count(1)
    window.confirm("Yes")
    expect(window.page.get_by_text("This button has gone meanwhile.")).to_be_visible()
    assert pressed == ["first"]


def test_threads_hold_replies_for_all_and_answers_for_one(
    workspace: Workspace, client: WebClient, window: Window
) -> None:
    parent = workspace.say(BOB, "look at this")
    client.chat_postMessage(channel="C0OPS", thread_ts=parent.ts, text="The list")
    client.chat_postEphemeral(channel="C0OPS", thread_ts=parent.ts, user=ANN, text="Only Ann reads this")
    window.main.get_by_role("button", name="1 reply").click()
    expect(window.thread.get_by_label("Reply…")).to_be_focused()
    expect(window.thread.get_by_text("Only Ann reads this")).to_be_visible()
    window.thread.get_by_label("Reply…").fill("/docker-df")
    window.page.keyboard.press("Enter")
    expect(window.page.get_by_text("/docker-df is not supported in threads. Sorry!")).to_be_visible()
    window.page.keyboard.type("thanks")
    window.page.keyboard.press("Enter")
    expect(window.thread.get_by_text("thanks")).to_be_visible()
    window.show("thread")
    window.page.keyboard.press("Escape")
    expect(window.main.get_by_role("button", name="2 replies")).to_be_focused()
    window.become("Bob")
    window.main.get_by_role("button", name="2 replies").click()
    expect(window.thread.get_by_text("The list")).to_be_visible()
    expect(window.thread.get_by_text("Only Ann reads this")).to_have_count(0)
