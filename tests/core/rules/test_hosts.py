"""Registered hosts: how each is reached, and what is said to a name that none of them has."""

import pytest

from bot.core.errors import NoSuchHostsError, UnknownHostError, UsageError
from bot.core.rules.hosts import Address, ContextAddress, Host, Hosts, SocketAddress, SshAddress
from bot.core.rules.policy import Policy


def host(name: str) -> Host:
    return Host(name=name, address=ContextAddress(context=name), policy=Policy(name="p"))


HOSTS = Hosts({name: host(name) for name in ("prod-3", "prod-1", "ci-1")})


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (SshAddress(host="prod-3"), "ssh prod-3"),
        (SshAddress(host="prod-3", user="deploy"), "ssh deploy@prod-3"),
        (SshAddress(host="prod-3", port=2222), "ssh prod-3:2222"),
        (SshAddress(host="h", user="u", port=22, identity="/key", known_hosts="/known"), "ssh u@h:22"),
        (ContextAddress(context="prod-3"), "context prod-3"),
        (SocketAddress(url="tcp://prod-3:2376", tls="/certs"), "tcp://prod-3:2376"),
    ],
)
def test_an_address_reads_as_it_was_configured_without_its_key_files(address: Address, text: str) -> None:
    assert str(address) == text


def test_a_host_is_found_by_its_exact_name() -> None:
    assert HOSTS.find("prod-1") == host("prod-1")
    assert [one.name for one in HOSTS.all()] == ["prod-3", "prod-1", "ci-1"]


def test_a_name_close_to_others_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownHostError) as raised:
        HOSTS.find("prod-33")
    assert raised.value.name == "prod-33"
    assert raised.value.nearest == ("prod-3", "prod-1")
    assert str(raised.value) == ("No host named “prod-33” is registered. Did you mean prod-3 or prod-1?")


@pytest.mark.parametrize("name", ["", "PROD-3", "database"])
def test_a_name_like_none_gets_no_suggestion(name: str) -> None:
    with pytest.raises(UnknownHostError) as raised:
        HOSTS.find(name)
    assert raised.value.nearest == ()
    assert str(raised.value) == f"No host named “{name}” is registered."


TAGGED = Hosts(
    {
        name: Host(name=name, address=ContextAddress(context=name), policy=Policy(name="p"), tags=tags)
        for name, tags in {
            "prod-3": ("prod", "web"), "prod-1": ("prod",), "ci-1": ("ci",), "ci-2": ("ci",), "all-in": (),
        }.items()
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("prod-1", ["prod-1"]),
        ("@ci", ["ci-1", "ci-2"]),
        ("prod-*", ["prod-3", "prod-1"]),
        ("ci-[12]", ["ci-1", "ci-2"]),
        ("?i-2", ["ci-2"]),
        ("all", ["prod-3", "prod-1", "ci-1", "ci-2", "all-in"]),
        ("ALL", ["prod-3", "prod-1", "ci-1", "ci-2", "all-in"]),
        ("*", ["prod-3", "prod-1", "ci-1", "ci-2", "all-in"]),
        ("@ci,prod-1", ["prod-1", "ci-1", "ci-2"]),
        ("@ci, ci-1 ,,ci-*", ["ci-1", "ci-2"]),
        ("@web,all-in", ["prod-3", "all-in"]),
    ],
)
def test_a_selection_means_each_host_once_in_the_order_of_the_configuration(
    text: str, names: list[str]
) -> None:
    assert [host.name for host in TAGGED.select(text)] == names


@pytest.mark.parametrize(
    ("text", "several"),
    [("prod-3", False), ("nobody", False), ("all-in", False), ("all", True), ("@ci", True), ("ci-?", True),
     ("ci-[1]", True), ("ci-1,ci-2", True)],
)  # fmt: skip
def test_a_selection_is_told_from_a_name(text: str, several: bool) -> None:  # noqa: FBT001 - pytest's way
    assert TAGGED.means_several(text) is several


def test_a_host_that_is_called_all_is_itself() -> None:
    hosts = Hosts({name: host(name) for name in ("all", "other")})
    assert not hosts.means_several("all")
    assert [one.name for one in hosts.select("all")] == ["all"]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("prod-33", ("prod-3", "prod-1")), ("@prodd", ("@prod",)), ("@zzz", ("@ci", "@prod", "@web")),
     ("proud-*", ("prod-3", "prod-1")), ("zzz*", ()), ("@ci,prodd-1", ("prod-1", "prod-3"))],
)  # fmt: skip
def test_a_part_that_means_no_host_is_answered_with_the_nearest(text: str, nearest: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as raised:
        TAGGED.select(text)
    assert isinstance(raised.value, UnknownHostError | NoSuchHostsError)
    assert raised.value.nearest == nearest


@pytest.mark.parametrize("text", ["", " , ", "a," * 600])
def test_a_selection_of_nothing_is_answered_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="Which hosts"):
        TAGGED.select(text)
