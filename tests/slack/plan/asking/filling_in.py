"""Opening the form that asks for a plan, filling it in, and reading it, as people do."""

from typing import Any

from bot.slack.action_ids import ASK_HOST, ASK_PLAN
from bot.slack.parsing import PRUNE
from bot.slack.plan.asking.form import PROFILE
from bot.trial.workspace import Outcome
from tests.slack.place import ANN, PATIENCE, Place

JSON = dict[str, Any]
MORE_HOSTS = """
tags = ["web"]
[hosts.ci-1]
docker = "unix:///nowhere/ci.sock"
tags = ["builders"]
policy = "small"
[hosts.vault-7]
docker = "unix:///nowhere/vault.sock"
tags = ["treasury"]
policy = "closed"
[hosts.shown]
docker = "unix:///nowhere/shown.sock"
policy = "to_see"
[policies.default]
look = ["*"]
request = ["*"]
approve = ["*"]
[policies.small]
profiles = ["dangling", "ci"]
[policies.closed]
look = ["U0BOB"]
request = ["U0BOB"]
[policies.to_see]
request = ["U0BOB"]
"""


def form(place: Place, user: str = ANN) -> JSON:
    view = place.workspace.wait_for(lambda: place.workspace.view(user), PATIENCE)
    assert view is not None
    assert view["callback_id"] == ASK_PLAN
    return view


def ask(place: Place, user: str = ANN, channel: str = "") -> str:
    """Open the form by the command alone, in the place of one that is open still; its id."""
    before = place.workspace.view(user)
    assert place.workspace.command(user, PRUNE, channel=channel).ok
    place.workspace.wait_for(lambda: (view := place.workspace.view(user)) and view != before, PATIENCE)
    return str(form(place, user)["id"])


def found(place: Place, view_id: str, typed: str = "", user: str = ANN) -> list[str]:
    return [option["value"] for option in place.workspace.suggest(user, view_id, ASK_HOST, typed)]


def submit(place: Place, user: str = ANN, host: str = "prod-3", **values: str) -> Outcome:
    """Choose a host by its menu, then submit."""
    found(place, str(form(place, user)["id"]), user=user)
    return place.workspace.submit_view(user, {ASK_HOST: host, **values})


def field(view: JSON, name: str) -> JSON:
    return next(block for block in view["blocks"] if block["block_id"] == name)


def profiles(view: JSON) -> list[str]:
    return [option["value"] for option in field(view, PROFILE)["element"]["options"]]
