"""A workspace in which somebody of another company reads along, as they do in a shared channel."""

from contextlib import ExitStack

import pytest

from bot.trial.workspace import DEFAULT_PEOPLE, Person, Team, Workspace

ODD = Person(id="U0ODD", name="odd", real_name="Odd", is_stranger=True)


@pytest.fixture
def workspace(closing_later: ExitStack) -> Workspace:
    return closing_later.enter_context(Workspace(team=Team(people=(*DEFAULT_PEOPLE, ODD))))
