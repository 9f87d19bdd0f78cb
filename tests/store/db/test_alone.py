"""SQLite carries one bot, on a local disk; whoever looks beside it is not kept out."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.errors import StoreUnavailableError
from bot.store.db import alone
from bot.store.db.alone import file_system
from bot.store.opening import open_store
from tests.store.samples import propose, the

BOT = """
import sys, time
from bot.store.opening import open_store
store = open_store(sys.argv[1], for_bot=True)
print("open", flush=True)
time.sleep(60)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/deckhand.db"


def test_a_second_bot_is_refused_and_whoever_only_looks_is_not(url: str, tmp_path: Path) -> None:
    with closing(open_store(url, for_bot=True)) as store:
        with pytest.raises(
            StoreUnavailableError, match="Another Deckhand runs on the SQLite database"
        ) as said:
            open_store(url, for_bot=True)
        assert f"{tmp_path}/deckhand.db.lock" in str(said.value)
        with closing(open_store(url)) as beside:
            propose(beside)
        assert the(store).plan.id == "p1"
    open_store(url, for_bot=True).close()


def test_the_same_file_by_another_name_is_the_same_file(url: str, tmp_path: Path) -> None:
    with closing(open_store(url, for_bot=True)):
        (tmp_path / "other.db").symlink_to(tmp_path / "deckhand.db")
        with pytest.raises(StoreUnavailableError, match="Another Deckhand"):
            open_store(f"sqlite:///{tmp_path}/other.db", for_bot=True)


def test_a_bot_that_was_killed_leaves_the_file_to_the_next_at_once(url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", BOT, url], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(StoreUnavailableError):
            open_store(url, for_bot=True)
        other.send_signal(signal.SIGSTOP)  # a stopped one has it still
        with pytest.raises(StoreUnavailableError):
            open_store(url, for_bot=True)
        other.kill()
        other.wait()
    open_store(url, for_bot=True).close()


def test_a_lock_that_cannot_be_written_is_said(url: str, tmp_path: Path) -> None:
    (tmp_path / "deckhand.db.lock").mkdir()
    with pytest.raises(StoreUnavailableError, match="cannot be written"):
        open_store(url, for_bot=True)


MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:27 / /srv/with\040space rw,relatime shared:2 - nfs4 files:/srv rw,vers=4.2
31 30 8:2 / /srv/with\040space/local rw,relatime - xfs /dev/sdb1 rw
32 22 0:40 / /home/ann/far rw,nosuid shared:9 master:1 - fuse.sshfs ann@far: rw
33 22 8:3 / /data rw - ext4 /dev/sdc1 rw
34 22 0:41 / /data rw - cifs //nas/data rw
a line that is none
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/deckhand", "ext4"),
        ("/srv/with space", "nfs4"),
        ("/srv/with space/deckhand", "nfs4"),
        ("/srv/with space/local/deckhand", "xfs"),
        ("/srv/with spaces", "ext4"),
        ("/home/ann/far", "fuse.sshfs"),
        ("/data", "cifs"),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_its_deepest_mount(folder: str, kind: str) -> None:
    assert file_system(Path(folder), MOUNTS) == kind


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert file_system(Path("/var/lib/deckhand"), "") == ""


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_refused_for_a_bot_and_not_for_who_looks(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 0:27 / {os.path.realpath(tmp_path)} rw - {kind} files:/srv rw\n")
    monkeypatch.setattr(alone, "MOUNTS", mounts)
    with pytest.raises(StoreUnavailableError, match=rf"network file system \({kind}\).*use PostgreSQL"):
        open_store(url, for_bot=True)
    open_store(url).close()


def test_this_machines_own_mounts_can_be_read() -> None:
    assert file_system(Path("/proc"), alone.MOUNTS.read_text(encoding="utf-8")) == "proc"
