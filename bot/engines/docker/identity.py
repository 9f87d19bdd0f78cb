"""Who answers: asked on every new connection to an engine that is held, before anything else is sent over it.

A name, an address, even a kept SSH connection may lead to another machine after it broke; so what is bound to one
engine asks the connection itself, and not the host.
"""

import http.client
import json
import socket
from typing import TypeAlias

from bot.core.docker.inventory import Identity
from bot.core.errors import (
    EngineChangedError,
    EngineTimeoutError,
    EngineUnavailableError,
    HostUnreachableError,
)
from bot.engines.docker.adapter import Dial
from bot.engines.docker.budget import BoundedResponse, Budget
from bot.engines.failures import BROKEN, LinkError
from bot.engines.limits import Limits
from bot.engines.ssh.channels import ChannelSocket

Connected: TypeAlias = socket.socket | ChannelSocket

QUESTION = "GET /info HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n\r\n"
MOST = 1_000_000
"""Bytes of the answer: about ten thousand are usual."""


def proven(dial: Dial, meant: Identity | None, limits: Limits, host: str = "engine") -> Dial:
    """The same connections, each asked who answers before it is used: LinkError where that is not who is meant.

    None: anybody is. ``host`` is told to the engine, as the Host of the request, and leads nowhere.
    """
    if meant is None:
        return dial

    def dialled() -> Connected:
        link = dial()
        try:
            _check(_who_answers(link, limits, host), meant)
            link.settimeout(limits.read)
        except BaseException:
            link.close()
            raise
        return link

    return dialled


def _check(found: Identity, meant: Identity) -> None:
    if found != meant:
        raise LinkError(
            EngineChangedError,
            f"what was approved is of engine {meant}, and the host's name now leads to {found}.",
        )


def _who_answers(link: Connected, limits: Limits, host: str) -> Identity:
    """Ask the engine at the other end, in ``limits.read`` seconds from the question to its last byte; LinkError."""
    try:
        answer = _asked(link, limits, host)
    except TimeoutError as error:
        raise LinkError(EngineTimeoutError, "the engine takes no question.") from error
    except (OSError, EOFError) as error:
        raise LinkError(HostUnreachableError, BROKEN) from error
    except (http.client.HTTPException, ValueError, RecursionError) as error:
        raise _no_engine() from error
    if not isinstance(answer, dict):
        raise _no_engine()
    said = [answer.get(key) for key in ("ID", "Name", "DockerRootDir")]
    return Identity(*(value if isinstance(value, str) else "" for value in said))


def _asked(link: Connected, limits: Limits, host: str) -> object:
    budget = Budget(limits.read, limits.silence, MOST)
    link.settimeout(budget.wait())
    link.sendall(QUESTION.format(host).encode())
    response = BoundedResponse(budget, link, "GET")
    try:
        response.begin()
        body = response.read()
    finally:
        response.close()
    if response.status != http.client.OK:
        raise LinkError(
            EngineUnavailableError,
            f"the engine answered {response.status} when it was asked which one it is.",
        )
    if response.will_close:
        raise LinkError(
            EngineUnavailableError,
            "it closes its connections after each answer, so that nothing tells which engine the next one leads to. "
            "What stands before the engine has to keep connections open.",
        )
    return json.loads(body)


def _no_engine() -> LinkError:
    return LinkError(EngineUnavailableError, "what answers there does not speak Docker's API.")
