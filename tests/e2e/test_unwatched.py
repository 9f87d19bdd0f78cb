"""Chromium hears nothing of the networks that other tests make beside it."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.browser import UNWATCHED

TRIES = "import socket\nsocket.socket(socket.AF_INET)\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)\n"


@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="the filter knows these machines")
def test_what_is_started_unwatched_has_every_socket_but_netlinks(tmp_path: Path) -> None:
    stand_in = tmp_path / "chromium"
    stand_in.write_text(f"#!{sys.executable}\n{TRIES}")
    stand_in.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin:{Path(sys.executable).parent}"
    ended = subprocess.run(
        [sys.executable, UNWATCHED], env={"PATH": path}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "AF_NETLINK" in ended.stderr
    assert ended.stderr.strip().endswith("Address family not supported by protocol")
