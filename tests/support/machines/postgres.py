"""A private, real PostgreSQL: own data folder, own unix socket, no TCP; all is forgotten when it stops."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from tests.support.machines.needs import missing

START_SECONDS = 30.0
USER = "deckhand"


class PrivatePostgres:
    """One server of our own; PostgreSQL refuses to run as root, which starts it as ``postgres``."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._account = "postgres" if os.geteuid() == 0 else None
        # A unix socket's path must stay below 108 bytes, which pytest's own folders do not.
        self.directory = Path(tempfile.mkdtemp(prefix="dh-pg-", dir="/tmp"))
        if self._account:
            shutil.chown(self.directory, self._account, self._account)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, password: str = "") -> str:
        """The URL of one of its databases, as a configuration would have it; any password is accepted."""
        login = f"{USER}:{password}" if password else USER
        return f"postgresql+psycopg://{login}@/{database}?host={self.directory}"

    def create_database(self, name: str, template: str = "template1") -> None:
        """A new database, as a copy of one that nobody is connected to."""
        with psycopg.connect(
            host=str(self.directory), user=USER, dbname="postgres", autocommit=True
        ) as connection:
            # Names come from the tests themselves.
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())

    def new_database(self, template: str = "template1") -> str:
        """Make a database with a name of its own, which comes back."""
        name = f"test_{uuid4().hex}"
        self.create_database(name, template)
        return name

    def drop_database(self, name: str) -> None:
        """Forget a database: hundreds of them take longer to remove at the end."""
        with psycopg.connect(
            host=str(self.directory), user=USER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def initialise(self) -> None:
        """Make the data folder."""
        command = [
            str(self._programs / "initdb"),
            f"--pgdata={self.directory / 'data'}",
            f"--username={USER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        subprocess.run(
            command, user=self._account, group=self._account, cwd="/", check=True, capture_output=True
        )

    def start(self) -> None:
        """Start the server (again) and wait until it answers."""
        # Where there is setpriv, the server ends with the tests even when they are killed.
        setpriv = shutil.which("setpriv")
        command = [
            *([setpriv, "--pdeathsig=INT"] if setpriv else []),
            str(self._programs / "postgres"),
            "-D",
            str(self.directory / "data"),
            "-c",
            "listen_addresses=",
            "-c",
            f"unix_socket_directories={self.directory}",
            "-c",
            "fsync=off",
            "-c",
            "synchronous_commit=off",
            "-c",
            "full_page_writes=off",
            "-c",
            "max_connections=200",
        ]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                user=self._account,
                group=self._account,
                cwd="/",
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = (self.directory / "log").read_text(errors="replace")[-2000:]
                self.stop()
                raise RuntimeError(f"PostgreSQL did not start:\n{tail}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(host=str(self.directory), user=USER, dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server; open connections are cut."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(how)  # SIGINT, as SIGTERM would wait for its clients to leave
        try:
            process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        """Stop the server and remove all that it kept."""
        self.stop(signal.SIGQUIT)  # at once: nothing of it is needed any more
        shutil.rmtree(self.directory, ignore_errors=True)


def _programs() -> Path:
    """The folder of the newest installed server programs; the test is skipped when there are none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not found:
        missing("PostgreSQL's initdb and postgres (Debian's package postgresql)")
    return max(found, key=lambda path: int(path.parent.name))


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """A running server, gone at the end."""
    server = PrivatePostgres()
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.close()
