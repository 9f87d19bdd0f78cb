"""Who may do what: every right, on hosts whose policy is named, chosen by tag, the default, or missing."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.config.settings import load
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Right, may
from bot.core.rules.policy import groups_to_read as to_read
from tests.support.people import member

HOSTS = """
[hosts.plain]
docker = "unix:///a"
tags = ["dev"]
[hosts.tagged]
docker = "unix:///a"
tags = ["web", "prod"]
[hosts.named]
docker = "unix:///a"
tags = ["prod"]
policy = "strict"
[hosts.live]
docker = "unix:///a"
tags = ["live"]
"""
POLICIES = """
[policies.default]
look = ["*"]
request = ["U0ANN", "S0DEV"]
approve = ["S0OPS"]
stop = ["C0OPS"]
[policies.prod]
tags = ["prod", "live"]
request = ["C0PROD"]
approve = ["U0BOB", "S0OPS", "G0SECRET"]
restore = ["S0OPS"]
audit = ["U0ANN"]
[policies.strict]
look = ["U0ANN"]
request = []
approve = ["U0BOB"]
stop = []
"""
KNOWN = {"S0OPS": ("U0BOB", "U0CYD"), "S0DEV": ("U0CYD",)}
NOT_KNOWN: Mapping[str, tuple[str, ...]] = {}
EMPTY: Mapping[str, tuple[str, ...]] = {"S0OPS": (), "S0DEV": ()}

LOOK, REQUEST, APPROVE, STOP, RESTORE, AUDIT = Right
NOWHERE = ""
MATRIX = [
    # host, right, person, channel, groups, answer
    # the default policy
    ("plain", LOOK, "U0CYD", NOWHERE, NOT_KNOWN, True),  # everyone
    ("plain", LOOK, "", NOWHERE, KNOWN, False),  # but nobody without an id
    ("plain", REQUEST, "U0ANN", NOWHERE, NOT_KNOWN, True),  # named: no group is needed
    ("plain", REQUEST, "U0CYD", NOWHERE, KNOWN, True),  # a member
    ("plain", REQUEST, "U0CYD", NOWHERE, NOT_KNOWN, False),  # Slack does not say: closed
    ("plain", REQUEST, "U0CYD", NOWHERE, EMPTY, False),
    ("plain", REQUEST, "U0BOB", NOWHERE, KNOWN, False),  # of another group
    ("plain", REQUEST, "U0ANNA", NOWHERE, KNOWN, False),  # whose id merely begins the same
    ("plain", APPROVE, "U0BOB", NOWHERE, KNOWN, True),
    ("plain", APPROVE, "U0ANN", NOWHERE, KNOWN, False),  # the right to ask is not the right to approve
    ("plain", APPROVE, "S0OPS", NOWHERE, KNOWN, False),  # a group is no person
    ("plain", STOP, "C0OPS", NOWHERE, KNOWN, False),  # nor is a channel
    ("plain", STOP, "U0CYD", "C0OPS", NOT_KNOWN, True),  # anyone, asked there
    ("plain", STOP, "U0CYD", "C0PROD", KNOWN, False),  # not elsewhere
    ("plain", STOP, "U0CYD", NOWHERE, KNOWN, False),  # not from a shell or a form
    ("plain", STOP, "", "C0OPS", KNOWN, False),
    ("plain", RESTORE, "U0ANN", "C0OPS", KNOWN, False),  # unset
    ("plain", RESTORE, "U0BOB", NOWHERE, KNOWN, False),  # unset
    ("plain", AUDIT, "U0CYD", NOWHERE, NOT_KNOWN, True),  # unset: who may look
    # chosen by tag; what it leaves out comes from the default
    ("tagged", LOOK, "U0CYD", NOWHERE, NOT_KNOWN, True),
    ("tagged", REQUEST, "U0ANN", NOWHERE, KNOWN, False),  # replaced, not added to
    ("tagged", REQUEST, "U0ANN", "C0PROD", NOT_KNOWN, True),
    ("tagged", REQUEST, "U0CYD", "C0OPS", KNOWN, False),
    ("tagged", APPROVE, "U0BOB", NOWHERE, NOT_KNOWN, True),
    ("tagged", APPROVE, "U0CYD", NOWHERE, KNOWN, True),
    ("tagged", APPROVE, "U0CYD", NOWHERE, NOT_KNOWN, False),
    ("tagged", APPROVE, "U0ANN", "G0SECRET", NOT_KNOWN, True),  # a private channel
    ("tagged", APPROVE, "U0ANN", "G0OTHER", KNOWN, False),
    ("tagged", STOP, "U0ANN", "C0OPS", NOT_KNOWN, True),
    ("tagged", RESTORE, "U0CYD", NOWHERE, KNOWN, True),
    ("tagged", RESTORE, "U0ANN", NOWHERE, KNOWN, False),
    ("tagged", AUDIT, "U0ANN", NOWHERE, NOT_KNOWN, True),
    ("tagged", AUDIT, "U0CYD", NOWHERE, KNOWN, False),  # who may look may not, once it is set
    # named by the host, whose tags then count for nothing
    ("named", LOOK, "U0ANN", NOWHERE, NOT_KNOWN, True),
    ("named", LOOK, "U0BOB", NOWHERE, KNOWN, False),
    ("named", REQUEST, "U0ANN", "C0PROD", KNOWN, False),  # set to nobody
    ("named", APPROVE, "U0BOB", NOWHERE, NOT_KNOWN, True),
    ("named", APPROVE, "U0CYD", "G0SECRET", KNOWN, False),
    ("named", STOP, "U0ANN", "C0OPS", KNOWN, False),  # set to nobody, whatever the default says
    ("named", RESTORE, "U0ANN", NOWHERE, KNOWN, False),  # unset here and there
    ("named", AUDIT, "U0ANN", NOWHERE, NOT_KNOWN, True),  # unset: who may look here
    ("named", AUDIT, "U0BOB", NOWHERE, KNOWN, False),
]


def hosts(folder: Path, text: str) -> Mapping[str, Host]:
    (folder / "deckhand.toml").write_text(text)
    return load(folder / "deckhand.toml", {}).rules.hosts.by_name


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Host]:
    return hosts(tmp_path_factory.mktemp("matrix"), HOSTS + POLICIES)


@pytest.mark.parametrize(("host", "right", "person", "channel", "groups", "answer"), MATRIX)
def test_a_policy_answers(
    registered: Mapping[str, Host],
    host: str,
    right: Right,
    person: str,
    channel: str,
    groups: Mapping[str, tuple[str, ...]],
    *,
    answer: bool,
) -> None:
    policy = registered[host].policy
    assert may(policy, right, member(person), groups, channel) is answer
    if answer and groups is NOT_KNOWN:
        assert to_read(policy, right, member(person), channel) == (), "no group had to be asked for"


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("policies", ["", "[policies.default]\n", "[policies.other]\nlook = ['*']\n"])
@pytest.mark.parametrize("channel", [NOWHERE, "C0OPS"])
def test_what_nothing_sets_belongs_to_nobody(
    tmp_path: Path, right: Right, policies: str, channel: str
) -> None:
    policy = hosts(tmp_path, HOSTS.replace('policy = "strict"', "") + policies)["plain"].policy
    assert not any(
        may(policy, right, member(person), KNOWN, channel) for person in ("U0ANN", "U0BOB", "U0CYD", "*", "")
    )


def test_why_a_host_has_its_policy_is_told(registered: Mapping[str, Host]) -> None:
    assert {name: (host.policy.name, host.policy_because) for name, host in registered.items()} == {
        "plain": ("default", "the default"),
        "tagged": ("prod", "by tag prod"),
        "named": ("strict", "named by the host"),
        "live": ("prod", "by tag live"),
    }


def test_any_of_a_policys_tags_chooses_it(tmp_path: Path) -> None:
    found = hosts(tmp_path, HOSTS.replace('"web", "prod"', '"web"') + POLICIES)
    assert (found["live"].policy.name, found["live"].policy_because) == ("prod", "by tag live")


def test_a_table_of_all_rights_has_a_case_for_each_sort_of_host() -> None:
    assert {(host, right) for host, right, *_ in MATRIX} == {
        (host, right) for host in ("plain", "tagged", "named") for right in Right
    }
