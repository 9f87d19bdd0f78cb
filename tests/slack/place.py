"""A whole place to try Deckhand in: people in a Slack look-alike, a sample engine, the bot, its database."""

import json
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.app import Deckhand
from bot.config.settings import load
from bot.core.audit.events import Event, Tag
from bot.core.life.states import PlanState
from bot.engines.disk.local import LOCAL_DISK, Disk
from bot.slack.action_ids import (
    ADJUST,
    APPROVE,
    APPROVE_PLAN,
    ASK_OTHER,
    PROPOSE,
    PROPOSE_OTHER,
    REJECT,
    STOP,
    TAKE_UP,
    WHOLE_LIST,
    WITHDRAW,
)
from bot.store.opening import Store, open_store
from bot.trial.sample import Builder, SampleEngine, Step, Universe
from bot.trial.workspace import DEFAULT_PEOPLE, Channel, Message, Person, Team, Workspace
from bot.trial.workspace.people.team import DEFAULT_CHANNELS
from tests.support.databases import migrated_sqlite

T = TypeVar("T")
JSON = dict[str, Any]

ANN, BOB, CYD = "U0ANN", "U0BOB", "U0CYD"
OPEN, HIDDEN, BETWEEN = "C0OPEN", "G0HIDE", "D0ANNBOB"
WITHOUT_THE_BOT = (
    Channel(id=OPEN, name="open", has_bot=False),
    Channel(id=HIDDEN, name="hidden", has_bot=False, is_private=True, people=(ANN, BOB)),
    Channel(id=BETWEEN, name="", has_bot=False, people=(ANN, BOB)),
)
OPEN_PLAN = {APPROVE, REJECT, ADJUST, ASK_OTHER, WHOLE_LIST}
"""Buttons of a plan that waits for its decision."""
PATIENCE = 30.0
"""Seconds that anything may take on a busy machine."""
ENOUGH = 1.0
"""Seconds; a private answer that is still the last thing said after twice as long is one that a test did not expect."""
CONFIGURATION = """
[database]
url = "sqlite:///{folder}/deckhand.db"
[hosts.prod-3]
docker = "{url}"
{more}
"""
OPEN_TO_ALL = """
[policies.default]
look = ["*"]
request = ["*"]
approve = ["*"]
"""


def team() -> Team:
    """Ann and Bob are in the group S0OPS, Cyd is not."""
    people = (*DEFAULT_PEOPLE, Person(id=CYD, name="cyd", real_name="Cyd"))
    return Team(people=people, channels=(*DEFAULT_CHANNELS, *WITHOUT_THE_BOT))


def universe() -> Universe:
    """Two images that nothing uses, and one in use."""
    made = Universe()
    build = Builder(made)
    for name, size in (("old:1", 700), ("older:1", 300), ("web:1", 500)):
        build.image(name, steps=(Step(command=f"COPY {name} /", size=size * 10**6),), age=timedelta(days=60))
    build.container("web-1", "web:1", created=timedelta(days=9))
    return made


def write_configuration(folder: Path, engine: SampleEngine, more: str) -> Path:
    file = folder / "deckhand.toml"
    if not (folder / "deckhand.db").exists():
        shutil.copy(migrated_sqlite(), folder / "deckhand.db")
    file.write_text(CONFIGURATION.format(folder=folder, url=engine.url, more=more), encoding="utf-8")
    return file


def eventually(look: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Give the first truthy answer; for what changes outside the workspace, whose wait_for is to be preferred."""
    deadline = time.monotonic() + seconds
    while not (answer := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"it did not come to that within {seconds:g} s")
        time.sleep(0.01)
    return answer


def shown(message: Message) -> str:
    """All that a message says."""
    return message.text + json.dumps(message.blocks, ensure_ascii=False)


def buttons(message: Message) -> dict[str, str]:
    """What each button carries, by action id."""
    return {
        element["action_id"]: element["value"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if "value" in element
    }


def offered(message: Message) -> list[str]:
    """What a report asks a plan for with one press: the recommended cleanup first, then those of its menu."""
    elements = [each for block in message.blocks if block["type"] == "actions" for each in block["elements"]]
    first = [
        each["action_id"].partition(":")[2]
        for each in elements
        if each["action_id"].startswith(f"{PROPOSE}:")
    ]
    return first + [option["value"] for each in elements for option in each.get("options", ())]


def deciding(message: Message) -> set[str]:
    """Action ids of the buttons that change what becomes of a plan."""
    return set(buttons(message)) & {*OPEN_PLAN, WITHDRAW, STOP, TAKE_UP} - {WHOLE_LIST, ASK_OTHER}


@dataclass(frozen=True, kw_only=True)
class Place:
    workspace: Workspace
    engine: SampleEngine
    store: Store
    _heard: set[str] = field(default_factory=set)

    def press(self, by: str, report: Message, request: str) -> None:
        """Ask for what a report offers: by its button, or in its menu."""
        recommended = f"{PROPOSE}:{request}"
        menu = f"{PROPOSE_OTHER}:prod-3"
        pressed = (recommended, None) if recommended in buttons(report) else (menu, request)
        assert self.workspace.click(by, report.ts, *pressed).ok

    def propose(self, by: str = ANN, profile: str = "everything") -> Message:
        """Ask for a cleanup and give its message."""
        self.workspace.command(by, "/docker-prune", f"prod-3 {profile}")
        return self.message("Cleanup plan: ")

    def approve(self, by: str, plan: Message) -> None:
        assert self.workspace.click(by, plan.ts, "approve").ok

    def asked_once_more(self, by: str) -> JSON:
        """The form that opens where an approval is asked for once more."""
        form = self.workspace.wait_for(lambda: self.workspace.view(by), PATIENCE)
        assert form is not None
        assert form["callback_id"] == APPROVE_PLAN
        return form

    def press_reject(self, by: str, plan: Message) -> JSON:
        """Press Reject, and give the form that opens."""
        assert self.workspace.click(by, plan.ts, "reject").ok
        form = self.workspace.wait_for(lambda: self.workspace.view(by), PATIENCE)
        assert form is not None
        return form

    def reject(self, by: str, plan: Message, reason: str = "not now") -> None:
        self.press_reject(by, plan)
        assert self.workspace.submit_view(by, {"reason": reason}).ok

    def message(self, text: str, channel: str = "") -> Message:
        """Give the newest message for everyone that says this, as soon as there is one."""

        def found() -> Message | None:
            return next((m for m in reversed(self.workspace.messages(channel)) if text in shown(m)), None)

        deadline, last = time.monotonic() + PATIENCE, ""
        while time.monotonic() < deadline:
            with suppress(TimeoutError):
                message = self.workspace.wait_for(found, ENOUGH)
                assert message is not None
                return message
            instead, last = last, self._answered_instead()
            if instead and instead == last:
                break
        private = {user: self.private(user) for user in (ANN, BOB, CYD)}
        said = [m.text for m in self.workspace.messages(channel)]
        pytest.fail(f"{text!r}: {said}, privately {private}; the last thing said: {last}")

    def _answered_instead(self) -> str:
        """What somebody was told in private after all else that was said, where no test has asked for it yet."""
        said = [*self.workspace.messages(), *(m for user in (ANN, BOB, CYD) for m in self._told(user))]
        newest = max(said, key=lambda message: max(message.ts, message.edited_ts), default=None)
        unheard = newest is not None and newest.only_for and newest.ts not in self._heard
        return newest.text if newest is not None and unheard else ""

    def _told(self, user: str) -> list[Message]:
        """Without that a slow machine is at it."""
        told = self.workspace.ephemerals(user)
        return [one for one in told if not one.text.startswith(":hourglass_flowing_sand: Planning ")]

    def private(self, user: str) -> list[str]:
        """What one person was told."""
        told = self._told(user)
        self._heard.update(message.ts for message in told)
        return [message.text for message in told]

    def told(self, user: str, count: int = 1) -> str:
        """Give the last of so many private sentences to one person; the channel was told nothing of it."""
        self.workspace.wait_for(lambda: len(self.private(user)) >= count, PATIENCE)
        assert len(self.private(user)) == count
        sentence = self.private(user)[-1]
        assert not [message.text for message in self.workspace.messages() if sentence in shown(message)]
        return sentence

    def told_privately(self) -> set[str]:
        """Everyone who was told something in private."""
        return {user for user in (ANN, BOB, CYD) if self.private(user)}

    def plan(self, plan_id: str) -> PlanState:
        state = self.store.plans.get(plan_id)
        assert state is not None
        return state

    def events(self, plan_id: str, tag: Tag) -> list[Event]:
        return [link.event for link in self.store.audit.events(plan_id) if link.event.tag is tag]

    def refusals(self, plan_id: str) -> list[tuple[str, str]]:
        """Who was refused to decide, and why, as the audit says it."""
        refused = self.events(plan_id, Tag.PLAN_REFUSED)
        return [(event.actor, str(event.facts["reason"])) for event in refused]

    def images(self) -> set[str]:
        """Names of the images on the engine."""
        with self.engine.universe.lock:
            return {str(reference).rpartition("/")[2] for reference in self.engine.universe.references}


Start = Callable[[str], Place]
"""Starts Deckhand with a configuration; the fixture ``start``."""


def deckhand_at(
    workspace: Workspace, engine: SampleEngine, file: Path, closing: ExitStack, disk: Disk = LOCAL_DISK
) -> Place:
    """Start Deckhand with this configuration, connected; it ends with ``closing``. ``disk`` is behind the engine."""
    settings = load(file, workspace.environment, for_slack=True)
    bot = Deckhand(settings, local_disk=disk)
    bot.start()
    closing.callback(bot.stop)
    store = open_store(settings.database_url.get_secret_value(), migrate=False)
    closing.callback(store.close)
    workspace.wait_connected()
    return Place(workspace=workspace, engine=engine, store=store)
