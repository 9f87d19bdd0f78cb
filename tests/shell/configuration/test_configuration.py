"""Every mistake of a configuration at once: file, key, what is wrong, what to write instead; exit code 2."""

import re
from pathlib import Path

import pytest

from bot.config.settings import load
from bot.core.rules.hosts import ContextAddress, SocketAddress, SshAddress
from bot.core.rules.policy import Right, may
from tests.shell.configuration.written import problems
from tests.support.people import member
from tests.support.shell import deckhand

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "deploy" / "deckhand.example.toml"
HOST = '[hosts.a]\ndocker = "unix:///var/run/docker.sock"\n'


def test_the_example_file_is_read_as_it_stands() -> None:
    settings = load(EXAMPLE, {})
    hosts = settings.rules.hosts.by_name
    assert hosts["local"].address == SocketAddress(url="unix:///var/run/docker.sock")
    assert hosts["build"].address == ContextAddress(context="build")
    assert hosts["prod-3"].address == SshAddress(
        host="prod-3.example.com", user="deploy", port=22, identity="~/.ssh/deckhand",
        known_hosts="~/.ssh/known_hosts",
    )  # fmt: skip
    assert hosts["prod-3"].tags == ("prod", "web")
    default, prod = hosts["local"].policy, hosts["prod-3"].policy
    assert default.approve == ("U0BOB", "S0OPS")
    assert (prod.approve, prod.quorum, prod.request) == (("S0OPS",), 2, ("*",))
    assert settings.database_url.get_secret_value() == "sqlite:///deckhand.db"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[hosts.a]\ntags = ["x"]', r"hosts\.a: names no way to its engine; write exactly one of ssh = "),
        (HOST + 'ssh = "u@h"', r"hosts\.a: names ssh and docker; write exactly one of"),
        ('[hosts.a]\nssh = "u@h:99999"', r"hosts\.a\.ssh: “u@h:99999” is no address; write it like user@host:22"),
        ('[hosts.a]\nssh = "u@h; rm -rf /"', r"hosts\.a\.ssh: .* is no address"),
        ('[hosts.a]\ndocker = "http://x"', r"hosts\.a\.docker: “http://x” is no address of an engine; write unix"),
        (HOST + 'sshh = "x"', r"hosts\.a\.sshh: there is no such key; did you mean ssh\?"),
        (HOST + 'policy = "prd"\n[policies.prod]\n', r"hosts\.a\.policy: .*did you mean prod\?"),
        (HOST + 'identity = "x"', r"hosts\.a\.identity: only means something beside ssh; remove it"),
        ('[hosts."a b"]\ndocker = "unix:///x"', r"hosts\.a b: .*no name that can be typed in Slack"),
        (HOST + "[policies.default]\nquorum = 0", r"policies\.default\.quorum: .*greater than or equal to 1"),
        (HOST + '[policies.default]\nquorum = "2"', r"policies\.default\.quorum: .*this is '2'"),
        (HOST + '[policies.default]\napprove = ["bob"]', r"policies\.default\.approve\.0: “bob” is no Slack id"),
        (HOST + '[policies.default]\nexpires = "soon"', r"policies\.default\.expires: “soon” is not a duration"),
        (HOST + "[policies.default]\nexpires = 30", r"policies\.default\.expires: a duration is written as text"),
        (HOST + '[database]\nurl = "mysql://x"', r"database\.url: “mysql” is not supported; write sqlite"),
        (
            HOST + '[profiles.data]\nvolumes = { take = "named" }',
            r"profiles\.data\.volumes\.take: means nothing for volumes; write anonymous",
        ),
        (HOST + '[slack]\nlisten = "here"', r"slack\.listen: “here” is no address to listen on"),
        (HOST + '[slack]\nlisten = "here:²"', r"slack\.listen: “here:²” is no address to listen on"),
        (HOST + "[polices.default]\n", r"polices: there is no such key; did you mean policies\?"),
        ("", r"hosts: is missing; deploy/deckhand.example.toml shows a whole one"),
        ("hosts = [", r"is not TOML: .*deploy/deckhand\.example\.toml shows"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key_and_remedy(tmp_path: Path, text: str, expected: str) -> None:
    found = problems(tmp_path, text)
    assert len(found) == 1
    assert re.match(expected, found[0]), found[0]


def test_what_is_missing_for_slack_is_named_beside_the_files_mistakes(tmp_path: Path) -> None:
    found = problems(tmp_path, HOST + "sshh = 1", {})
    assert [problem.partition(":")[0] for problem in found] == ["hosts.a.sshh", "environment", "environment"]
    assert "SLACK_BOT_TOKEN" in found[1]
    assert "SLACK_APP_TOKEN" in found[2]


def test_http_mode_wants_a_signing_secret_and_no_app_token(tmp_path: Path) -> None:
    text = HOST + '[slack]\nmode = "http"\n'
    found = problems(tmp_path, text, {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"})
    assert len(found) == 1
    assert "SLACK_SIGNING_SECRET" in found[0]
    settings = load(
        tmp_path / "deckhand.toml",
        {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"},
        for_slack=True,
    )
    assert settings.slack.mode == "http"


def test_all_mistakes_are_told_at_once_with_exit_code_2_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "deckhand.toml").write_text(
        '[hosts.a]\nssh = "u@h:0"\n[hosts.b]\n[policies.default]\napprove = ["bob"]\nquorum = -1\n'
    )
    ended = deckhand("run", folder=tmp_path)
    assert ended.returncode == 2
    for part in (
        "deckhand.toml: hosts.a.ssh:",
        "deckhand.toml: hosts.b: names no way",
        "deckhand.toml: policies.default.approve.0:",
        "deckhand.toml: policies.default.quorum:",
        "environment: SLACK_BOT_TOKEN",
        "environment: SLACK_APP_TOKEN",
    ):
        assert ended.stderr.count(part) == 1, ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_file_is_the_options_else_the_environments_else_the_folders(tmp_path: Path) -> None:
    for name in ("option", "environment", "deckhand"):
        (tmp_path / f"{name}.toml").write_text(HOST.replace("hosts.a", f"hosts.from-{name}"))
    by_folder = deckhand("hosts", "list", folder=tmp_path)
    by_environment = deckhand("hosts", "list", folder=tmp_path, DECKHAND_CONFIG="environment.toml")
    by_option = deckhand(
        "hosts", "list", "--config", "option.toml", folder=tmp_path, DECKHAND_CONFIG="environment.toml"
    )
    assert [
        re.findall(r"from-\w+", ended.stdout) for ended in (by_folder, by_environment, by_option)
    ] == [["from-deckhand"], ["from-environment"], ["from-option"]]  # fmt: skip


def test_without_a_file_the_way_to_one_is_shown(tmp_path: Path) -> None:
    ended = deckhand("hosts", "list", folder=tmp_path)
    assert ended.returncode == 2
    assert "deckhand.toml: there is no such file; write it (deploy/deckhand.example.toml" in ended.stderr


def test_the_environments_database_wins_and_secrets_do_not_print(tmp_path: Path) -> None:
    (tmp_path / "deckhand.toml").write_text(HOST)
    environment = {
        "DECKHAND_DATABASE_URL": "postgresql+psycopg://deckhand:s3cret@db/audit",
        "SLACK_BOT_TOKEN": "xoxb-s3cret",
        "SLACK_APP_TOKEN": "xapp-s3cret",
        "SLACK_SIGNING_SECRET": "sign-s3cret",
    }
    settings = load(tmp_path / "deckhand.toml", environment, for_slack=True)
    assert settings.database_url.get_secret_value().endswith("@db/audit")
    assert "s3cret" not in f"{settings!r} {settings}"


def test_a_host_without_any_policy_belongs_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "deckhand.toml").write_text(HOST)
    policy = load(tmp_path / "deckhand.toml", {}).rules.hosts.by_name["a"].policy
    assert not any(may(policy, right, member("U0ANN"), {}) for right in Right)
