"""Whether Slack lets the app do what it needs to: its tokens, its scopes, the channels and groups that rules name.

It only asks: nothing is posted, and nobody is told.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from slack_sdk import WebClient

from bot.core.errors import ChannelClosedError, ChatError, ChatRefusedError
from bot.slack.client import slack_errors, web_client

SCOPES: Mapping[str, str] = MappingProxyType({
    "app_mentions:read": "nobody can ask it by mentioning it",
    "channels:read": "whether it is in a channel is not known before it writes there",
    "chat:write": "it can write nothing",
    "commands": "it has no commands",
    "files:write": "pictures and long lists cannot be shown",
    "groups:read": "whether it is in a private channel is not known before it writes there",
    "im:history": "what people write to it does not arrive",
    "im:write": "it cannot write to a person",
    "usergroups:read": "user groups in policies have no members, and so no rights",
    "users:read": "nobody has any right",
})  # fmt: skip
"""What the app asks for in ``deploy/slack-manifest.yaml``, and what is missing without it."""
_GRANTED = "x-oauth-scopes"
"""The header in which Slack tells what a token may do, with each answer."""
TOKENS_AT = "“OAuth & Permissions”"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    ok: bool
    sentence: str


def whose(token: str, api_url: str | None) -> Finding:
    """Which app and workspace a bot token belongs to (``auth.test``)."""
    try:
        with slack_errors():
            own = web_client(token, api_url, patient=False).auth_test()
    except ChatError as error:
        return _bad(f"SLACK_BOT_TOKEN: {error} The right one is on the page {TOKENS_AT} of the app.")
    return _good(
        f"@{own.get('user')} in the workspace {own.get('team')} (app {own.get('app_id', 'unknown')})"
    )


def connects(app_token: str, api_url: str | None) -> Finding:
    """Whether Socket Mode takes an app token; the connection that Slack then offers is not made."""
    try:
        with slack_errors():
            web_client(app_token, api_url, patient=False).apps_connections_open(app_token=app_token)
    except ChatError as error:
        return _bad(
            f"SLACK_APP_TOKEN: {error} The right one has the scope connections:write, and is on the page “Basic "
            "Information” of the app; Socket Mode must be on."
        )
    return _good("Socket Mode takes the app token")


def looked_into(token: str, api_url: str | None, named: Mapping[str, Iterable[str]]) -> Iterator[Finding]:
    """Compare the scopes, and try each channel (C…, G…) and user group (S…) with the places that name it."""
    client = web_client(token, api_url, patient=False)
    try:
        with slack_errors():
            granted = client.auth_test().headers.get(_GRANTED)
    except ChatError as error:
        yield _bad(f"its scopes cannot be asked for: {error}")
        return
    yield from _scopes(granted)
    for an_id, places in named.items():
        try:
            with slack_errors():
                found = _group(client, an_id) if an_id.startswith("S") else _channel(client, an_id)
        except ChannelClosedError:
            found = _bad("it does not exist, or is private and the bot is not in it: /invite it there")
        except ChatRefusedError as error:
            found = _bad(f"it cannot be asked about: {error}")
        except ChatError as error:
            yield _bad(f"the rest was not tried: {error}")
            return
        yield Finding(ok=found.ok, sentence=f"{an_id} ({', '.join(places)}): {found.sentence}")


def _scopes(granted: str | None) -> Iterator[Finding]:
    if granted is None:
        yield _bad("Slack does not tell which scopes the app has")
        return
    missing = sorted(SCOPES.keys() - {scope.strip() for scope in granted.split(",")})
    for scope in missing:
        yield _bad(
            f"the scope {scope} is missing: {SCOPES[scope]}; add it at {TOKENS_AT}, then install the app again"
        )
    if not missing:
        yield _good("it has every scope that it needs")


def _channel(client: WebClient, channel: str) -> Finding:
    about = client.conversations_info(channel=channel)["channel"]
    name = f"#{about.get('name') or 'unnamed'}"
    if about.get("is_archived"):
        return _bad(f"{name} is archived, and nothing can be posted there; name another")
    if not about.get("is_member"):
        return _bad(f"the bot is not in {name}; /invite it there")
    if about.get("is_ext_shared"):
        return _good(f"the bot is in {name}, which other companies read too")
    return _good(f"the bot is in {name}")


def _group(client: WebClient, group: str) -> Finding:
    members = client.usergroups_users_list(usergroup=group).get("users") or ()
    if not members:
        return _bad("the user group has no members, so what names it gives nobody a right")
    return _good(f"the user group has {len(members)} member{'' if len(members) == 1 else 's'}")


def _good(sentence: str) -> Finding:
    return Finding(ok=True, sentence=sentence)


def _bad(sentence: str) -> Finding:
    return Finding(ok=False, sentence=sentence)
