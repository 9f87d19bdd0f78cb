"""The command ``deckhand`` as a user runs it, with nothing of ours in its environment.

``deckhand`` runs it inside this interpreter, where what it does and says is tested. ``program`` starts a process of
its own: for signals, rights of files, tracebacks, raw bytes, and for walks that take nothing for granted.
"""

import contextlib
import io
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from bot.shell.main import main
from tests.support.schemas.printed import must_be_as_described

DECKHAND = str(Path(sys.executable).with_name("deckhand"))
BYTECODE = Path("~/.cache/deckhand-tests/bytecode").expanduser()
"""Where started programs keep what they have compiled, as an installed one has it beside its source."""
SECONDS = 60


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what would configure Deckhand or Docker, and with ``more``."""
    prefixes = ("SLACK_", "DECKHAND_", "DOCKER_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return {**kept, "COLUMNS": "200", "PYTHONPYCACHEPREFIX": str(BYTECODE), **more}


def program(*arguments: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Start ``deckhand`` in a folder; ``more`` are variables of its environment."""
    return subprocess.run(
        [DECKHAND, *arguments], cwd=folder, env=environment(more), capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip


def deckhand(*arguments: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """The same, inside this process: what is a process's own is put back afterwards."""
    with ExitStack() as kept:
        kept.enter_context(contextlib.chdir(folder))
        kept.enter_context(_of_this_process(environment(more), ["deckhand", *arguments]))
        out, err = (
            kept.enter_context(_caught(name, number)) for name, number in (("stdout", 1), ("stderr", 2))
        )
        code = _ended()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        printed = _text(out)
        must_be_as_described(arguments, printed)
        return subprocess.CompletedProcess(arguments, code, printed, _text(err))


def _ended() -> int:
    """Run the command line as the interpreter would; its exit code."""
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception as defect:  # noqa: BLE001 - as the interpreter does with what nobody caught
        sys.excepthook(type(defect), defect, defect.__traceback__)
        return 1
    return 0


@contextmanager
def _of_this_process(variables: Mapping[str, str], arguments: Sequence[str]) -> Iterator[None]:
    """What a command takes from its process, or changes in it, is its own as long as the block takes."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    before, argv = dict(os.environ), sys.argv
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    umask = os.umask(0)
    os.umask(umask)
    root.handlers.clear()
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = list(arguments)
    try:
        yield
    finally:
        os.umask(umask)
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
        sys.argv = argv
        os.environ.clear()
        os.environ.update(before)
        root.handlers[:], root.level = handlers, level


@contextmanager
def _caught(name: str, number: int) -> Iterator[io.BufferedRandom]:
    """What is written to a standard stream, be it by its number."""
    stream, behind = getattr(sys, name), os.dup(number)
    stream.flush()
    with TemporaryFile("w+b") as file, os.fdopen(os.dup(file.fileno()), "w", encoding="utf-8") as ours:
        os.dup2(file.fileno(), number)
        setattr(sys, name, ours)
        try:
            yield file
        finally:
            setattr(sys, name, stream)
            os.dup2(behind, number)
            os.close(behind)


def _text(file: io.BufferedRandom) -> str:
    """As a pipe is read in text: with lines that end in one way."""
    file.seek(0)
    return io.StringIO(file.read().decode(), newline=None).read()


@contextmanager
def started(
    command: str, *arguments: str, folder: Path, log: Path, **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs beside the test, in its own process group; ended with it."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            [command, *arguments], cwd=folder, env=environment(more), stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(SECONDS)
