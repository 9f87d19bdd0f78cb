"""``deckhand health``: what a container's health check calls, and a person who wonders."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

from bot.config.settings import load
from bot.core.errors import DeckhandError
from bot.shell.options import Config
from bot.shell.show import output

PATIENCE = 5
"""Seconds; the bot itself answers within three."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked for, not listened on
"""Where to ask who listens on all addresses."""
_LONGEST = 64 * 1024


def health(config: Config = None) -> None:
    """Ask the bot that runs here whether it is ready; exit code 1 says that it is not."""
    address = load(config).metrics.listen
    if address is None:
        raise DeckhandError('Nobody can be asked: [metrics] listen is "off".')
    in_the_way = _asked(_EVERYWHERE.get(address[0], address[0]), address[1])
    if in_the_way:
        said = "; ".join(f"{name}: {what}" for name, what in in_the_way.items())
        raise DeckhandError(f"Deckhand is not ready. {said}")
    output.say("ready")


def _asked(host: str, port: int) -> Mapping[str, str]:
    where = f"{host}:{port}"
    connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz")
        found: Mapping[str, str] = json.loads(connection.getresponse().read(_LONGEST))["in_the_way"]
    except OSError as error:
        raise DeckhandError(f"No Deckhand answers at {where}: {error.strerror or error}.") from error
    except (HTTPException, ValueError, LookupError, TypeError) as error:
        raise DeckhandError(f"What answers at {where} is no Deckhand.") from error
    finally:
        connection.close()
    return found
