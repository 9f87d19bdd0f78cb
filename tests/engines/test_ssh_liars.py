"""SSH servers that lie, drip, flood or keep silent hold up nothing: each question has one deadline in all."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from paramiko.common import MSG_CHANNEL_OPEN, MSG_CHANNEL_REQUEST, MSG_SERVICE_REQUEST, MSG_USERAUTH_REQUEST

from bot.core.errors import HostUnreachableError
from bot.engines.limits import Limits
from bot.engines.ssh_transport import STREAMLOCAL
from tests.engines.conftest import MakeClients
from tests.engines.test_keeping import descriptors, until
from tests.support.hosts import HOST
from tests.support.liar import Listening, LyingServer, dripping

PATIENT = Limits(read=600, channel=600, ping=600, auth=600, banner=600, reach=600)
"""Long enough that whoever ends in a test did not end by a limit."""


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Checks, once the test is over, that no thread and no descriptor of ours is left."""
    before, files = set(threading.enumerate()), descriptors()

    def ours() -> list[str]:
        return [each.name for each in set(threading.enumerate()) - before]

    yield
    assert until(lambda: not ours()), ours()
    assert until(lambda: descriptors() <= files)


class Lying:
    """Starts lying servers, which end with the test."""

    def __init__(self, folder: Path, closing: ExitStack) -> None:
        self._folder = folder
        self._closing = closing

    def ssh(self, *unanswered: int, **options: object) -> LyingServer:
        server = LyingServer(self._folder, unanswered=frozenset(unanswered), **options)  # type: ignore[arg-type]
        return self._closing.enter_context(server)

    def port(self, talk: Callable[..., None]) -> Listening:
        return self._closing.enter_context(Listening(talk))


@pytest.fixture
def lying(nothing_left: None, tmp_path: Path) -> Iterator[Lying]:
    with ExitStack() as closing:
        yield Lying(tmp_path, closing)


@pytest.mark.parametrize("ending", ["close", "adopt"])
@pytest.mark.parametrize(
    "unanswered", [MSG_SERVICE_REQUEST, MSG_USERAUTH_REQUEST, MSG_CHANNEL_OPEN, MSG_CHANNEL_REQUEST, None]
)
def test_closing_and_reloading_wait_for_no_host(
    lying: Lying, make_clients: MakeClients, unanswered: int | None, ending: str
) -> None:
    """Whatever a look waits for inside: it is woken."""
    if unanswered is None:
        address = lying.port(dripping()).address
    else:
        address = lying.ssh(unanswered, refused=frozenset({STREAMLOCAL})).address
    clients = make_clients(address, limits=PATIENT)
    with ThreadPoolExecutor(1) as pool:
        look: Future[object] = pool.submit(clients.client, HOST)
        time.sleep(0.5)
        assert not look.done()
        began = time.monotonic()
        if ending == "close":
            clients.close()
        else:
            assert clients.adopt({}) == {HOST}
        assert time.monotonic() - began < 3
        with pytest.raises(
            HostUnreachableError, match="shutting down" if ending == "close" else "no such host"
        ):
            look.result(5)
