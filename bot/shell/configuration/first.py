"""A first ``deckhand.toml`` for a small team: what five answers mean, and the file that they make."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.config import toml
from bot.config.types import Name, SlackId, Ssh
from bot.core.errors import UsageError

LOCAL = "local"
SOCKET = "unix:///var/run/docker.sock"
NOTE_AT = 60
"""Columns before the comment behind a line."""
_PEOPLE = TypeAdapter(list[SlackId])


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The hosts that this machine knows."""

    aliases: Sequence[str]
    """Of ``~/.ssh/config``."""
    contexts: Sequence[str]
    """Of Docker; not its default one, which is ``local`` here."""

    def names(self) -> list[str]:
        return list(dict.fromkeys((*self.aliases, *self.contexts, LOCAL)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    hosts: Mapping[str, tuple[str, str]]
    """By name: the key that leads to it, and its value."""
    prod: Collection[str]
    ci: Collection[str]
    approvers: Sequence[str]
    channel: str
    """Where cleanups are asked for; empty for anywhere."""


def hosts(text: str, known: Known) -> dict[str, tuple[str, str]]:
    """Hosts by name; UsageError. A word is one that is known here, or ``user@host:port``."""
    found = dict(_host(word, known) for word in _words(text))
    if not found:
        raise UsageError(f"Name at least one host, like deckhand@web-1.example.com or {LOCAL}.")
    return found


def _host(word: str, known: Known) -> tuple[str, tuple[str, str]]:
    if word in known.aliases:
        name, way = word, ("ssh", word)
    elif word in known.contexts:
        name, way = word, ("context", word)
    elif word == LOCAL:
        name, way = LOCAL, ("docker", SOCKET)
    else:
        address = _valid(TypeAdapter(Ssh), word)
        name, way = str(address.host).strip("[]").replace(":", "-"), ("ssh", word)
    return _valid(TypeAdapter(Name), name), way


def some_of(text: str, names: Collection[str]) -> list[str]:
    """Names of hosts among those that were named; none for an empty text; UsageError."""
    words = _words(text)
    for word in words:
        if word not in names:
            raise UsageError(f"“{word}” is none of the hosts: {', '.join(names)}.")
    return words


def people(text: str) -> list[str]:
    """Users (U…) and user groups (S…); UsageError."""
    found: list[str] = _valid(_PEOPLE, _words(text))
    if not found or not all(re.match(r"[UWSTE]", one) for one in found):
        raise UsageError(
            "Name who may approve by their ids, like U0BOB (“Copy member ID” in a profile) or S0OPS for a user group."
        )
    return found


def channel(text: str) -> str:
    """The id of a channel, or nothing; UsageError."""
    if text and not re.fullmatch(r"[CG][A-Z0-9]{2,}", text):
        raise UsageError(
            f"“{text}” is no channel's id (C… or G…); “View channel details” in Slack shows it at the bottom."
        )
    return text


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(text.replace(",", " ").split()))


def _valid(kind: TypeAdapter[Any], value: object) -> Any:
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        message = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise UsageError(f"{message[:1].upper()}{message[1:]}.") from None


def text_of(answers: Answers) -> str:
    """The file."""
    asked = [answers.channel] if answers.channel else ["*"]
    lines = [
        "# Written by `deckhand init`. deploy/deckhand.example.toml in the source shows every table;",
        "# `deckhand config check` names every mistake, `deckhand config show` says how each value counts.",
    ]
    for name, (key, value) in answers.hosts.items():
        lines += ["", f"[{toml.dotted(('hosts', name))}]", toml.line(key, value)]
        tags = [tag for tag, tagged in (("prod", answers.prod), ("ci", answers.ci)) if name in tagged]
        if tags:
            why = (
                "Approve asks once more"
                if "prod" in tags
                else "containers live for seconds, and are followed"
            )
            lines.append(_noted(toml.line("tags", tags), why))
    lines += [
        "",
        "[policies.default]",
        _noted(toml.line("look", ["*"]), "who may look: everyone of your own Slack"),
        _noted(toml.line("request", asked), "who may ask for cleanups: " + _asked(answers.channel)),
        _noted(toml.line("approve", list(answers.approvers)), "who may approve them"),
        _noted("self_approval = false", "who asked for a plan does not approve it"),
        _noted(toml.line("stop", ["*"]), "who may stop a running cleanup"),
        _noted(toml.line("restore", list(answers.approvers)), "who may have removed images pulled again"),
        _noted('expires = "8h"', "how long a plan waits for its approval"),
        "",
        "[protect]                              # what no cleanup takes on any host",
        _noted(toml.line("labels", ["keep"]), "objects with this label"),
        _noted("keep_ran = 2", "the last images that each service ran: one to go back to"),
    ]
    return "\n".join([*lines, ""])


def _asked(channel: str) -> str:
    return "anyone, in this channel" if channel else "everyone of your own Slack"


def _noted(line: str, note: str) -> str:
    return f"{line:<{NOTE_AT}} # {note}"
