"""Files and folders for this account alone: the audit names people and machines, and pins decide whom to trust."""

import logging
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TextIO

LOG = logging.getLogger(__name__)

FILE, FOLDER, OTHERS = 0o600, 0o700, 0o077


def from_here_on() -> None:
    """Whatever this process creates, be it by a library, is nobody else's."""
    os.umask(OTHERS)


def created(file: Path) -> TextIO:
    """A new text file in the place of what was there, which is followed nowhere. OSError."""
    file.unlink(missing_ok=True)
    return new(file)


def new(file: Path) -> TextIO:
    """A new text file where nothing is yet, no link either. OSError."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE)
    return os.fdopen(opened, "w", encoding="utf-8", newline="")


def make_folder(folder: Path) -> None:
    """Make a folder, and those on the way that are missing; one that is there stays as it is. OSError."""
    for each in reversed((folder, *folder.parents)):
        if not each.is_dir():
            each.mkdir(FOLDER, exist_ok=True)


def keep(file: Path) -> None:
    """Make a file, if it is not there yet, before somebody else does so with other rights; narrow it if it is."""
    with suppress(OSError):  # who needs the file says what is in the way
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, FILE))
    narrow(file)


def narrow(file: Path) -> None:
    """Take away what other accounts may do with a file that is there, and say so; it may be somebody else's."""
    try:
        found = file.stat().st_mode
        mode = stat.S_IMODE(found)
        if not stat.S_ISREG(found) or not mode & OTHERS:
            return
        file.chmod(mode & ~OTHERS)
    except FileNotFoundError:
        return
    except OSError as error:
        LOG.warning(
            "%s: other accounts may use this file (%s). Make it yours alone: chmod 600", file, error.strerror
        )
        return
    LOG.warning(
        "%s: other accounts could use this file (mode %o); now it is yours alone (%o)",
        file, mode, mode & ~OTHERS,
    )  # fmt: skip
