"""A shower of plans, connected to a workspace."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.rules.hosts import Hosts
from bot.services.work.budget import Budget
from bot.services.work.show import Show
from bot.slack.chat import SlackChat
from bot.slack.client import web_client
from bot.slack.plan.showing import ShownPlans
from bot.store.opening import open_store
from bot.trial.workspace import Workspace
from tests.slack.plan.showing.shower import Clock, Shower


@pytest.fixture
def shower(workspace: Workspace, tmp_path: Path) -> Iterator[Shower]:
    clock = Clock()
    with closing(open_store(f"sqlite:///{tmp_path / 'deckhand.db'}")) as store:
        chat = SlackChat(web_client(workspace.bot_token, workspace.api_url, patient=False))
        shown = ShownPlans(chat=chat, hosts=lambda: Hosts(by_name={}))
        show = Show(
            plans=store.plans, messages=store.messages, audit=store.audit, chat=shown, clock=clock,
            budget=Budget(clock=clock),
        )  # fmt: skip
        yield Shower(workspace=workspace, store=store, show=show, clock=clock)
