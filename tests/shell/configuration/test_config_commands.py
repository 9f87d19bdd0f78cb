"""``deckhand config check | show | schema``: what is wrong with a configuration, how it counts, what editors know."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from bot.config.environment import SECRETS
from bot.config.settings import load
from tests.support.schemas.json_schema import problems
from tests.support.shell import deckhand

EXAMPLE = Path(__file__).parents[3] / "deploy" / "deckhand.example.toml"
SCHEMAS = EXAMPLE.parent / "schemas"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    (tmp_path / "deckhand.toml").write_text(EXAMPLE.read_text())
    return tmp_path


def test_check_says_what_there_is_and_asks_nobody(example: Path) -> None:
    ended = deckhand("config", "check", folder=example)
    assert ended.returncode == 0
    assert ended.stdout.startswith("deckhand.toml is in order: 4 hosts under 3 policies, 1 schedule.\n")
    assert not (example / "deckhand.db").exists()


def test_check_names_every_mistake_and_ends_with_2(example: Path) -> None:
    file = example / "deckhand.toml"
    file.write_text(file.read_text().replace("quorum = 2", "quorom = 2").replace('"@ci"', '"@cj"'))
    ended = deckhand("config", "check", folder=example)
    assert ended.returncode == 2
    assert "policies.prod.quorom: there is no such key; did you mean quorum?" in ended.stderr
    assert (
        "schedules.nightly-ci.hosts: no host has the tag “cj”; there are: ci, dev, prod, web" in ended.stderr
    )


def test_what_show_prints_is_a_configuration_that_counts_the_same(example: Path) -> None:
    file = example / "deckhand.toml"
    file.write_text(
        file.read_text() + '[hosts."db-1.example.com"]\nssh = "db-1.example.com"\npolicy = "of.db"\n'
        '[policies."of.db"]\nquorum = 3\nprotect = { keep_last = 3 }\n[profiles."my.own"]\n'
        'images = { take = "unused" }\n'
    )
    ended = deckhand("config", "show", folder=example)
    (example / "shown.toml").write_text(ended.stdout)
    before, after = (load(example / name, {}) for name in ("deckhand.toml", "shown.toml"))
    assert after.rules.profiles == before.rules.profiles
    assert after.rules.schedules == before.rules.schedules
    assert after.registries == before.registries
    assert (after.slack, after.metrics, after.log) == (before.slack, before.metrics, before.log)
    assert after.audit.head_channel == before.audit.head_channel == "C0OPS"
    for one in before.rules.hosts.all():
        other = after.rules.hosts.by_name[one.name]
        assert (other.address, other.policy, other.watch, other.events) == (
            one.address, one.policy, one.watch, one.events,
        )  # fmt: skip
        assert other.protection == one.protection


def test_show_says_of_each_value_where_it_comes_from(example: Path) -> None:
    shown = json.loads(deckhand("config", "show", "--json", folder=example).stdout)
    found = {(one["table"], one["key"]): (one["value"], one["place"]) for one in shown}
    assert found["policies.prod", "quorum"] == (2, "deckhand.toml")
    assert found["policies.prod", "look"] == (["*"], "[policies.default]")
    assert found["policies.prod", "start_within"] == ("24h", "deckhand.toml")
    assert found["policies.ci", "start_within"] == ("24h", "default")
    assert found["hosts.build", "policy"] == ("ci", "by tag ci")
    assert found["hosts.prod-3", "watch"] == ("15m", "[watch]")
    assert found["hosts.prod-3", "events"] == (False, "default")
    assert found["database", "url"] == ("sqlite:///deckhand.db", "deckhand.toml")


def test_no_secret_is_shown_whichever_way_it_came(example: Path) -> None:
    (example / "key").write_text("in-a-file" * 9)
    file = example / "deckhand.toml"
    file.write_text(
        file.read_text().replace("sqlite:///deckhand.db", "postgresql+psycopg://d:in-the-url@db/d")
    )
    given = {name: "in-the-environment" for name in SECRETS if not name.startswith("DECKHAND")}
    given["DECKHAND_AUDIT_KEY_FILE"] = str(example / "key")
    for more in ({}, {"DECKHAND_DATABASE_URL": "postgresql+psycopg://d:in-the-environment@db/d"}):
        for form in ((), ("--json",)):
            ended = deckhand("config", "show", *form, folder=example, **given, **more)
            assert ended.returncode == 0
            assert not re.search("in-(a-file|the-url|the-environment)", ended.stdout + ended.stderr)
            assert "d:***@db/d" in ended.stdout
            assert ended.stdout.count("SLACK_BOT_TOKEN") == 1


def test_the_schema_is_the_one_that_the_example_names_and_the_example_is_as_it_says(tmp_path: Path) -> None:
    printed = json.loads(deckhand("config", "schema", folder=tmp_path).stdout)
    named = re.match(r"#:schema (\S+)\n", EXAMPLE.read_text())
    assert named
    assert json.loads((EXAMPLE.parent / named[1]).read_text()) == printed
    assert list(problems(tomllib.loads(EXAMPLE.read_text()), printed)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        '[hosts.a]\ndokcer = "unix:///x"',
        "[hosts.a]\ndocker = 3",
        '[hosts.a]\nwatch = "often"',
        "[hosts.a]\n[policies.p]\nexpires = 30",
        '[hosts.a]\n[policies.p]\napprove = ["bob"]',
        "[hosts.a]\n[policies.p]\nquorum = 0",
        '[hosts.a]\n[log]\nlevel = "loud"',
        '[hosts.a]\n[profiles.p]\nimages = { take = "all" }',
        '[hosts.a]\n[profiles.p]\nimages = { min_age = "1h" }',
        "[slack]\nremind_after = 2",
    ],
)  # fmt: skip
def test_an_editor_sees_a_mistake_by_the_schema(tmp_path: Path, wrong: str) -> None:
    printed = json.loads(deckhand("config", "schema", folder=tmp_path).stdout)
    assert list(problems(tomllib.loads(wrong), printed))
