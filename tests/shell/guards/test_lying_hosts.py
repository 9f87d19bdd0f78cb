"""The shell, with hosts whose engines lie: each is told in a sentence of its own, and the honest ones are shown."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from bot.trial.sample.server import SampleEngine
from tests.support.lying.engine import VERSION, answer, liar
from tests.support.shell import deckhand


def flood() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 600000000\r\n\r\n"
    while True:
        yield b" " * 65_536


ELSEWHERE = "Location: http://127.0.0.1:1/"
LIES: dict[str, tuple[Callable[[], bytes | Iterable[bytes]], str]] = {
    "elsewhere": (lambda: answer(b"", "307 Go", ELSEWHERE), "wants this request to be sent elsewhere"),
    "list": (lambda: answer(b"[]"), "is not what a Docker Engine says"),
    "deep": (lambda: answer(b"[" * 100_000), "is not what a Docker Engine says"),
    "huge": (lambda: answer(b'{"ID": 1' + b"0" * 5_000 + b"}"), "is not what a Docker Engine says"),
    "flood": (flood, "its answer is longer than 4MB"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, sample: SampleEngine) -> Iterator[Path]:
    def lie(name: str, _method: str, path: str) -> bytes | Iterable[bytes]:
        return answer(VERSION) if path == "/version" else LIES[name][0]()

    hosts = '[database]\nurl = "sqlite:///deckhand.db"\n[policies.default]\nlook = ["*"]\n'
    hosts += f'[hosts.honest]\ndocker = "{sample.url}"\n'
    with ExitStack() as stack:
        for name in LIES:
            one = stack.enter_context(liar(partial(lie, name)))
            hosts += f'[hosts.{name}]\ndocker = "{one.url}"\n'
        (tmp_path / "deckhand.toml").write_text(hosts)
        yield tmp_path


def test_the_doctor_and_a_look_at_all_tell_each_liar_and_show_the_honest(folder: Path) -> None:
    for command in (("doctor",), ("df", "*")):
        ended = deckhand(*command, folder=folder)
        assert ended.returncode == 1
        for name, (_, sentence) in LIES.items():
            (line,) = [each for each in ended.stdout.splitlines() if f"fail  {name}: " in each]
            assert sentence in line
        assert "honest" in ended.stdout
        assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("name", ["elsewhere", "huge"])
def test_the_check_of_a_liar_and_a_plan_for_it_end_in_a_sentence(folder: Path, name: str) -> None:
    for command in (("hosts", "check"), ("plan",)):
        ended = deckhand(*command, name, folder=folder)
        said = " ".join((ended.stdout + ended.stderr).split())
        assert ended.returncode == 1
        assert name in said
        assert LIES[name][1] in said
        assert "Traceback" not in said
