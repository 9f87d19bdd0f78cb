"""A folder with a ``deckhand.toml`` whose host ``prod-3`` is a sample engine; the image that the manual builds."""

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.manual.pages import ROOT, sections
from tests.shell.conftest import folder, sample
from tests.support.machines.debian import debian, imported, python_of, wheels
from tests.support.machines.engine import PrivateEngine

__all__ = ["folder", "sample"]


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder of packages at an address of the loopback interface."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined] # it would write to the test's output
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def image(engine: PrivateEngine) -> str:
    """Deckhand's image on the tests' own engine, with packages from a folder and no index."""
    tree = debian("python3", "python3-pip", "ca-certificates", "openssh-client")
    base = imported(engine, tree)
    build = sections()["As a container"][0].split()
    assert build[:2] == ["docker", "build"]
    with served(wheels(python_of(tree))) as packages, contextlib.chdir(ROOT):
        engine.docker(
            "build", "--network=host", "--build-arg", f"BASE={base}", "--build-arg", "PIP_NO_INDEX=1",
            "--build-arg", f"PIP_FIND_LINKS={packages}", *build[2:],
            seconds=900,
        )  # fmt: skip
    return build[build.index("--tag") + 1]
