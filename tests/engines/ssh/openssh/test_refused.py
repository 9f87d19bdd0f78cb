"""What Deckhand would have to leave out of OpenSSH's configuration is refused by name, and so is what ssh refuses."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.core.rules.hosts import SshAddress
from bot.engines.failures import LinkError
from bot.engines.ssh.config import asking
from bot.engines.ssh.config.files import SshFiles
from bot.engines.ssh.config.route import Route
from tests.support.leftovers import descriptors, no_more_than, until
from tests.support.machines.needs import program

Resolve = Callable[..., Route]


@pytest.fixture
def here(tmp_path: Path) -> SshFiles:
    program("ssh")
    return SshFiles(config=tmp_path / "config", known_hosts=tmp_path / "known")


def resolved(here: SshFiles, text: str, host: str = "web", user: str | None = None) -> Route:
    assert here.config is not None
    here.config.write_text(text)
    return here.route(SshAddress(host=host, user=user))


@pytest.mark.parametrize(
    "line",
    [
        "BindAddress 10.0.0.1",
        "BindInterface eth1",
        "KnownHostsCommand /usr/bin/keys %H",
        "RevokedHostKeys /etc/ssh/revoked",
        "PKCS11Provider /usr/lib/token.so",
        "ProxyUseFdpass yes",
        "PubkeyAuthentication no",
        "PreferredAuthentications password",
        "SetEnv DOCKER_HOST=tcp://elsewhere",
        "SendEnv DOCKER_*",
    ],
)
def test_what_is_not_honoured_is_refused_by_name_where_it_applies_and_only_there(
    here: SshFiles, line: str
) -> None:
    text = f"Host web\n {line}\n"
    setting = line.partition(" ")[0]
    with pytest.raises(LinkError, match=f"(?i)the SSH configuration says “{setting} .*” for it"):
        resolved(here, text)
    assert resolved(here, text, "other").host == "other"


@pytest.mark.parametrize(
    "line",
    [
        "StrictHostKeyChecking no", "CheckHostIP yes", "VerifyHostKeyDNS yes", "HashKnownHosts yes",
        "UpdateHostKeys no", "GSSAPIAuthentication yes", "GSSAPIDelegateCredentials yes", "PasswordAuthentication no",
        "KbdInteractiveAuthentication no", "PreferredAuthentications publickey,password", "BatchMode yes",
        "AddKeysToAgent yes", "ServerAliveInterval 5", "ConnectTimeout 3", "ConnectionAttempts 3", "Compression yes",
        "TCPKeepAlive no", "IPQoS none", "RekeyLimit 1G", "ControlMaster auto", "ControlPath ~/.ssh/%C",
        "ControlPersist 10m", "ForwardAgent yes", "ForwardX11 yes", "LocalForward 8080 localhost:80",
        "RemoteForward 8080 localhost:80", "DynamicForward 1080", "RequestTTY force", "RemoteCommand tmux",
        "LocalCommand true", "PermitLocalCommand yes", "SendEnv LANG LC_*", "SetEnv A=b", "LogLevel DEBUG3",
        "VisualHostKey yes", "EscapeChar none", "ExitOnForwardFailure yes", "CASignatureAlgorithms ssh-ed25519",
        "HostbasedAuthentication yes", "CanonicalizeHostname no", "IgnoreUnknown x-*", "Tunnel yes",
    ],
)  # fmt: skip
def test_what_means_nothing_to_a_bot_is_no_reason_to_refuse(here: SshFiles, line: str) -> None:
    assert resolved(here, f"Host web\n {line}\n").host == "web"


def test_the_configuration_that_debian_and_red_hat_ship_is_taken(here: SshFiles) -> None:
    """Red Hat's allows algorithms and key lengths by its crypto-policies."""
    route = resolved(
        here,
        "Host *\n SendEnv LANG LC_*\n HashKnownHosts yes\n GSSAPIAuthentication yes\n ForwardX11Trusted yes\n"
        "Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-gcm@openssh.com,aes128-ctr\n"
        "MACs hmac-sha2-256-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256\n"
        "KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384\n"
        "PubkeyAcceptedAlgorithms ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-256,rsa-sha2-512\n"
        "CASignatureAlgorithms ecdsa-sha2-nistp256,ssh-ed25519\nHostbasedAcceptedAlgorithms ssh-ed25519\n"
        "RequiredRSASize 2048\n",
    )
    assert (route.algorithms.rsa_bits, route.algorithms.user_keys[0]) == (2048, "ecdsa-sha2-nistp256")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Host web\n ProxyJmp bastion\n", r"line 2.*[Bb]ad configuration option.*\(“ProxyJmp bastion”\)"),
        ("Host web\n Port many\n", r"line 2.*Bad.*\(“Port many”\)"),
        ('Host "web\n', r"line 1.*quotes \(“Host \"web”\)"),
        ("Host web\n\n Foo 1\n Bar 2\n", r"\(“Foo 1”\); .*\(“Bar 2”\)"),
        ("Host other\n IdentityAgent ${NOBODY_HAS_SET_THIS}/a\n", r"NOBODY_HAS_SET_THIS.*no value"),
        ("IdentityFile ~/%w\n", "says “~/%w”, and %w is not a token"),
        (
            "IdentityFile ~/${NOBODY_HAS_SET_THIS}\n",
            "NOBODY_HAS_SET_THIS} is not set in Deckhand's environment",
        ),
    ],
)
def test_bad_lines_are_quoted(here: SshFiles, text: str, words: str) -> None:
    with pytest.raises(LinkError, match=words):
        resolved(here, text)


def test_a_bad_line_of_an_included_file_is_quoted_from_there(here: SshFiles, tmp_path: Path) -> None:
    (tmp_path / "more").write_text("Host a\n Nonsense yes\n")
    with pytest.raises(LinkError, match=rf"{tmp_path}/more: line 2: .*\(“Nonsense yes”\)"):
        resolved(here, f"Include {tmp_path}/more\n")


@pytest.mark.parametrize(
    "host", ["-oProxyCommand=x", "a b", "a;b", "$(id)", "`id`", "a'b", "a\nb", "a|b", ""]
)
def test_a_name_that_a_shell_would_take_for_more_reaches_no_program(
    here: SshFiles, tmp_path: Path, host: str
) -> None:
    with pytest.raises(LinkError, match="is not a host name"):
        resolved(here, f'Match exec "touch {tmp_path}/ran"\n', host)
    with pytest.raises(LinkError, match="is not a"):
        resolved(here, f'Match exec "touch {tmp_path}/ran"\n', "web", host or "-x")
    assert not (tmp_path / "ran").exists()


def test_a_host_name_that_the_configuration_makes_up_is_no_more_than_a_name_either(here: SshFiles) -> None:
    with pytest.raises(LinkError, match="is not a host name"):
        resolved(here, 'Host web\n HostName "$(id)"\n ProxyCommand nc %h %p\n')


# --- limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program_of_match", "words"),
    [
        ("sleep 60", "took too long to read"),
        ("yes >&2", "writes? without an end|write without an end"),
        ("sleep 60 & sleep 60", "took too long to read"),
    ],
)
def test_what_a_match_exec_does_has_limits_of_time_and_size(
    here: SshFiles, monkeypatch: pytest.MonkeyPatch, program_of_match: str, words: str
) -> None:
    monkeypatch.setattr(asking, "ASK_SECONDS", 2.0)
    threads, files = threading.active_count(), descriptors()
    began = time.monotonic()
    with pytest.raises(LinkError, match=words):
        resolved(here, f'Match exec "{program_of_match}"\n')
    assert time.monotonic() - began < 8
    assert until(lambda: no_more_than(threads, files))
    assert until(lambda: not mine("sleep", "yes"))


def test_a_child_that_a_match_exec_leaves_behind_holds_nothing_up(here: SshFiles) -> None:
    began = time.monotonic()
    assert resolved(here, 'Match exec "setsid sleep 30 2>&1 & true"\n HostName there\n').host == "there"
    assert time.monotonic() - began < 8


def test_the_end_of_the_process_waits_for_no_match_exec(here: SshFiles) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(resolved, here, 'Match exec "sleep 60"\n')
        assert until(lambda: bool(mine("sleep")))
        began = time.monotonic()
        here.children.cut()
        assert isinstance(asked.exception(5), LinkError)
        assert time.monotonic() - began < 4
        with pytest.raises(LinkError):
            resolved(here, "Host web\n")


def mine(*names: str) -> list[int]:
    """The processes of these names that this one, or one that it started, has started."""
    found, parents = [], {os.getpid()}
    for _ in range(4):
        parents |= {pid for pid, (_, parent) in every_process().items() if parent in parents}
    for pid, (name, _) in every_process().items():
        if pid in parents and name in names:
            found.append(pid)
    return found


def every_process() -> dict[int, tuple[str, int]]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(") ")
        except OSError:
            continue
        found[int(folder.name)] = (name, int(rest.split()[1]))
    return found
