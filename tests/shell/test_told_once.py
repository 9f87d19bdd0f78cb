"""What a configuration may say is read, adds up, is shown and documented, key by key: none is half told."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import toml
from bot.config.file import read_tables
from bot.config.on_call import OnCallTable
from bot.config.settings import Settings, load
from bot.config.tables import PolicyTable, ScheduleTable
from bot.config.taking import RULES, PolicyProtectTable, ProfileTable, ProtectTable
from bot.config.types import Table
from bot.core.docker.inventory import Kind
from bot.core.plan.profiles import Profile, Rule, Scope
from bot.core.plan.protection import NOTHING_MORE, Protection, rules_digest
from bot.core.rules.on_call import WEEK, OnCall
from bot.core.rules.policy import Policy, Right
from bot.core.rules.schedules import Schedule
from tests.support.shell import deckhand

ROOT = Path(__file__).parents[2]
EXAMPLE = tomllib.loads((ROOT / "deploy" / "deckhand.example.toml").read_text())
MINUTE = timedelta(minutes=1)
DERIVED = frozenset({"name"})
"""Fields of a value that come from where its table stands."""

PROTECT: Mapping[str, Any] = {
    "images": ["postgres"], "names": ["db-*"], "labels": ["keep"], "keep_last": 3, "keep_ran": 2, "unused_for": "9d",
    "dangling_min_age": "8d",
}  # fmt: skip
POLICY: Mapping[str, Any] = {
    "look": ["U0LOOK"], "request": ["U0REQUEST"], "approve": ["U0APPROVE"], "stop": ["U0STOP"],
    "restore": ["U0RESTORE"], "audit": ["U0AUDIT"], "guests": True, "quorum": 2, "self_approval": True,
    "expires": "17m", "profiles": ["ci", "routine"], "volumes": "named", "protect": PROTECT,
    "windows": ["mon-fri 22:00-06:00"], "time_zone": "Europe/Berlin", "start_within": "19h", "max_bytes": "50GB",
    "max_objects": 523, "quorum_above": 5, "auto_approve": ["ci"], "auto_approve_to": {"routine": "below=71%"},
    "auto_windows": ["sat,sun 00:00-24:00"], "auto_on_pressure": True, "tags": ["prod"], "arrival": "build",
    "only_restorable": True, "reasons": True, "tell": "on_call", "on_call": "S0DUTY", "escalate_to": ["U0HEAD"],
    "escalate_after": "7m", "quiet": ["21:00-07:00"],
}  # fmt: skip
PROFILE: Mapping[str, Any] = {
    "containers": {"take": "stopped", "min_age": "1d"}, "networks": {"take": "unused", "min_age": "2d"},
    "images": {"take": "unused", "min_age": "3d", "keep_last": 4}, "build_cache": {"take": "unused", "min_age": "5d"},
    "volumes": {"take": "anonymous", "min_age": "6d"}, "labels": ["wanted"], "without_labels": ["refused"],
    "exclude": ["left-out"], "arrival": "build",
}  # fmt: skip
SCHEDULE: Mapping[str, Any] = {
    "hosts": ["a"], "profile": "ci", "arguments": "until=48h", "cron": "0 3 * * *", "time_zone": "Europe/Berlin",
    "channel": "C0OPS", "grace": "23m", "expires": "12h", "when": "above 74%",
}  # fmt: skip
ON_CALL: Mapping[str, Any] = {
    "weeks": ["U0ANN", "U0BOB S0OPS"], "begins": "2026-11-02 08:30", "time_zone": "Europe/Berlin",
}  # fmt: skip


def loaded(folder: Path, **tables: Any) -> Settings:
    hosts = {"a": {"docker": "unix:///x", "tags": ["prod"]}}
    toml.write(folder / "deckhand.toml", {"hosts": hosts, **tables})
    return load(folder / "deckhand.toml", {})


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        (ProtectTable, PROTECT), (PolicyProtectTable, PROTECT), (PolicyTable, POLICY), (ProfileTable, PROFILE),
        (ScheduleTable, SCHEDULE), (OnCallTable, ON_CALL), *((RULES[key], PROFILE[key]) for key in RULES),
    ],
)  # fmt: skip
def test_every_key_is_tried_here_with_what_is_not_its_default(
    table: type[Table], keys: Mapping[str, Any]
) -> None:
    assert set(keys) == set(table.model_fields)
    read = table.model_validate(dict(keys))
    assert [key for key, field in table.model_fields.items() if getattr(read, key) == field.default] == []


def test_every_key_is_in_the_example_file() -> None:
    file, mistakes = read_tables(EXAMPLE)
    assert mistakes == []
    for section, inner in file:
        tables = inner if isinstance(inner, dict) else {section: inner}
        shown = {key for table in tables.values() for key in table.model_fields_set}
        assert shown == set(type(next(iter(tables.values()))).model_fields), section
    rules = [profile.rules() for profile in file.profiles.values()]
    assert {key for each in rules for rule in each.values() if rule for key in rule.model_fields_set} == {
        key for table in RULES.values() for key in table.model_fields
    }


def test_a_protection_rule_is_read_adds_up_and_is_shown(tmp_path: Path) -> None:
    names = {each.name for each in fields(Protection)}
    assert names == set(ProtectTable.model_fields)
    settings = loaded(tmp_path, protect=PROTECT, policies={"default": {"protect": PROTECT}})
    a = settings.rules.hosts.by_name["a"]
    for name in names:
        everywhere, nothing, there = (
            getattr(each, name) for each in (a.everywhere, NOTHING_MORE, a.policy.protection)
        )
        assert everywhere == there != nothing
        alone = Protection(**{each: getattr(NOTHING_MORE, each) for each in names} | {name: everywhere})
        for both in (NOTHING_MORE.and_also(alone), alone.and_also(NOTHING_MORE)):
            assert both == alone
        assert rules_digest(None, alone) != rules_digest(None, NOTHING_MORE)
    asked = ("policy", "explain", "a", "U0ANN")
    said = json.loads(deckhand(*asked, "--json", folder=tmp_path).stdout)["protect"]
    text = deckhand(*asked, folder=tmp_path).stdout
    assert said.keys() == names
    assert [name for name in names if f"{name}: " not in text] == []
    assert toml.written({"protect": said}) == toml.written({"protect": a.everywhere.json()})
    assert read_tables({"hosts": {"a": {"context": "a"}}, "protect": said})[0].protect.value() == a.everywhere


def test_every_key_of_a_policy_is_read_is_taken_from_the_default_and_shown(tmp_path: Path) -> None:
    unset = Policy(name="default")
    names = {each.name for each in fields(Policy)} - DERIVED
    assert names == {"protection" if key == "protect" else key for key in PolicyTable.model_fields} - {
        "tags", "time_zone",
    }  # fmt: skip
    policies = {
        "default": {key: value for key, value in POLICY.items() if key != "tags"},
        "prod": {"tags": ["prod"]},
    }
    inherited = loaded(tmp_path, policies=policies).rules.hosts.by_name["a"].policy
    given = loaded(tmp_path, policies={"prod": POLICY}).rules.hosts.by_name["a"].policy
    assert inherited == given
    assert given.name == "prod"
    assert [name for name in names if getattr(given, name) == getattr(unset, name)] == []
    assert {str(each.zone) for each in (given.windows, given.quiet)} == {"Europe/Berlin"}
    asked = ("policy", "explain", "a", "U0ANN")
    said = json.loads(deckhand(*asked, "--json", folder=tmp_path).stdout)
    assert set(POLICY) - set(said) == {str(right) for right in Right} | {"tags"}
    assert set(said["rights"]) == {str(right) for right in Right}
    text = deckhand(*asked, folder=tmp_path).stdout
    for value in (
        "17m",
        "19h",
        "50GB",
        "523",
        "5 above",
        "named",
        "Europe/Berlin",
        "as members",
        "postgres",
        "ci, routine up to below=71%, sat,sun 00:00-24:00 (Europe/Berlin); alerts of disks ask by themselves",
        "yes",
        "S0DUTY",
        "after 7m U0HEAD",
        "21:00-07:00",
    ):
        assert value in text


def test_every_key_of_a_profile_is_read_and_in_its_words(tmp_path: Path) -> None:
    profiles = {"data": {"volumes": PROFILE["volumes"]}, "own": {**PROFILE}}
    del profiles["own"]["volumes"]
    found = loaded(tmp_path, profiles=profiles).rules.profiles
    own, data = found["own"], found["data"]
    assert {rule.min_age.days for rule in (*own.rules.values(), *data.rules.values())} == {1, 2, 3, 5, 6}
    assert {each.name for each in fields(Rule)} == {
        "scope" if key == "take" else key for table in RULES.values() for key in table.model_fields
    }
    words = f"{own.words()}; {data.words()}"
    for said in ("stopped", "unused", "anonymous", "3 days", "last 4", "wanted", "refused", "left-out"):
        assert said in words
    plain = Rule(scope=Scope.UNUSED)
    for name in {each.name for each in fields(Rule)} - {"scope"}:
        value = next(value for rule in own.rules.values() if (value := getattr(rule, name)))
        other = Rule(scope=Scope.UNUSED, **{name: value})
        assert other.words() != plain.words()
        one, another = (Profile(name="x", rules={Kind.IMAGE: rule}) for rule in (plain, other))
        assert rules_digest(one, NOTHING_MORE) != rules_digest(another, NOTHING_MORE)


def test_every_key_of_a_schedule_is_read_and_shown(tmp_path: Path) -> None:
    settings = loaded(tmp_path, schedules={"nightly": SCHEDULE}, policies={"default": {"look": ["*"]}})
    (one,) = settings.rules.schedules
    assert {each.name for each in fields(Schedule)} - DERIVED == {
        "zone" if key == "time_zone" else key for key in ScheduleTable.model_fields
    } - {"profile"}
    assert (one.hosts, one.arguments.profile, one.arguments.words) == (("a",), "ci", ("until=48h",))
    assert str(one.when) == "above 74%"
    assert (one.cron, str(one.zone), one.channel) == ("0 3 * * *", "Europe/Berlin", "C0OPS")
    assert (one.grace.total_seconds(), one.expires and one.expires.total_seconds()) == (23 * 60, 12 * 3600)
    assert one.after(datetime(2026, 7, 1, tzinfo=UTC)) == datetime(2026, 7, 1, 1, tzinfo=UTC)
    (said,) = json.loads(deckhand("schedules", "--json", folder=tmp_path).stdout)
    assert set(SCHEDULE) - set(said) == set()


def test_every_key_of_an_on_call_schedule_is_read_and_counts(tmp_path: Path) -> None:
    called = {"default": {"tell": "on_call", "on_call": "ops"}}
    rules = loaded(tmp_path, on_call={"ops": ON_CALL}, policies=called).rules
    assert {each.name for each in fields(OnCall)} - DERIVED == {
        "zone" if key == "time_zone" else key for key in OnCallTable.model_fields
    }
    policy = rules.hosts.by_name["a"].policy
    first = datetime(2026, 11, 2, 7, 30, tzinfo=UTC)  # half past eight in Berlin
    assert [rules.called(policy, first + offset) for offset in (-MINUTE, MINUTE, WEEK, 2 * WEEK)] == [
        (), ("U0ANN",), ("U0BOB", "S0OPS"), ("U0ANN",),
    ]  # fmt: skip
    assert rules.called(replace(policy, on_call="S0DUTY"), first) == ("S0DUTY",)
