"""``[policies.*]`` and ``[schedules.*]`` of a configuration: what they become, and each mistake with its remedy."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.config.settings import Settings, load
from bot.core.plan.protection import NOTHING_MORE, Protection
from bot.core.rules.policy import Policy, Volumes
from tests.shell.configuration import written

HOSTS = '[hosts.a]\ndocker = "unix:///x"\ntags = ["prod", "web"]\n[hosts.b]\ndocker = "unix:///x"\ntags = ["ci"]\n'
CRON = 'cron = "0 3 * * *"\nchannel = "C0OPS"\n'
NIGHTLY = f'[schedules.nightly]\nhosts = ["@ci"]\nprofile = "ci"\n{CRON}'


def loaded(folder: Path, text: str) -> Settings:
    return written.loaded(folder, HOSTS + text)


def policy(folder: Path, text: str, host: str = "a") -> Policy:
    return loaded(folder, text).rules.hosts.by_name[host].policy


def problems(folder: Path, text: str) -> list[str]:
    return written.problems(folder, HOSTS + text)


def test_a_policy_that_says_nothing_limits_nothing_that_worked_before(tmp_path: Path) -> None:
    found = policy(tmp_path, '[policies.default]\nlook = ["*"]\n')
    assert found == Policy(name="default", look=("*",))
    assert (found.profiles, found.volumes, found.protection) == (None, Volumes.ANONYMOUS, NOTHING_MORE)
    assert (found.max_bytes, found.max_objects, found.quorum_above) == (None, None, None)
    assert (found.auto_approve, found.windows.windows) == ((), ())


def test_every_key_of_a_policy_is_read_and_comes_from_the_default_where_it_is_left_out(
    tmp_path: Path,
) -> None:
    text = """
        [policies.default]
        time_zone = "Europe/Berlin"
        start_within = "3d"
        volumes = "never"
        max_objects = 500
        auto_approve = ["ci"]
        [policies.prod]
        tags = ["prod"]
        profiles = ["dangling", "ci", "picked", "own"]
        volumes = "named"
        windows = ["mon-fri 22:00-06:00", "sat,sun 00:00-24:00"]
        max_bytes = "1.5TB"
        quorum_above = 2
        auto_approve = ["dangling", "own"]
        [profiles.own]
        images = { take = "dangling" }
        """
    found = policy(tmp_path, text)
    assert found.profiles == ("dangling", "ci", "picked", "own")
    assert (found.volumes, found.max_bytes, found.max_objects) == (Volumes.NAMED, 1_500_000_000_000, 500)
    assert (found.quorum_above, found.auto_approve) == (2, ("dangling", "own"))
    assert (found.start_within, found.windows.zone) == (timedelta(days=3), ZoneInfo("Europe/Berlin"))
    assert found.windows.words() == "mon-fri 22:00-06:00, sat,sun 00:00-24:00 (Europe/Berlin)"
    assert policy(tmp_path, text, "b").volumes is Volumes.NEVER


def test_a_policys_protection_only_ever_adds(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        """
        [protect]
        images = ["base/*"]
        keep_last = 3
        dangling_min_age = "0s"
        [policies.default.protect]
        labels = ["keep"]
        unused_for = "7d"
        [policies.prod]
        tags = ["prod"]
        [policies.prod.protect]
        images = ["postgres"]
        keep_last = 1
        unused_for = "1d"
        dangling_min_age = "2h"
        """,
    )
    assert settings.rules.protection("a") == Protection(
        images=("base/*", "postgres"), labels=("keep",), keep_last=3, unused_for=timedelta(days=7),
        dangling_min_age=timedelta(hours=2),
    )  # fmt: skip
    assert settings.rules.protection("b") == Protection(
        images=("base/*",), labels=("keep",), keep_last=3, unused_for=timedelta(days=7),
        dangling_min_age=timedelta(),
    )  # fmt: skip


def test_a_schedule_is_read_with_the_hosts_that_it_means_each_once(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        '[schedules.nightly]\nhosts = ["b", "@prod", "@ci", "a"]\nprofile = "ci"\narguments = "until=48h"\n'
        'time_zone = "Europe/Berlin"\ngrace = "10m"\nexpires = "12h"\n' + CRON,
    )
    (one,) = settings.rules.schedules
    assert (one.name, one.hosts, one.channel) == ("nightly", ("b", "a"), "C0OPS")
    assert (one.arguments.profile, one.arguments.words) == ("ci", ("until=48h",))
    assert (one.grace, one.expires) == (timedelta(minutes=10), timedelta(hours=12))
    assert one.after(datetime(2026, 7, 1, tzinfo=UTC)) == datetime(2026, 7, 1, 1, tzinfo=UTC)


MISTAKES = [
    ('[policies.default]\ntags = ["ci"]', r"policies\.default\.tags: every host that no other policy is for"),
    ('[policies.x]\ntags = ["prd"]', r"policies\.x\.tags: no host has the tag “prd”; did you mean prod\?$"),
    (
        '[policies.x]\ntags = ["prod"]\n[policies.y]\ntags = ["web"]',
        r'hosts\.a: two policies are for it: x \(by tag prod\) and y \(by tag web\); .* policy = "x"$',
    ),
    ('[policies.x]\nlook = ["bob"]', r"policies\.x\.look\.0: “bob” is no Slack id; .* channel ids \(C…\)"),
    ('[policies.x]\nlook = ["D0BOB"]', r"policies\.x\.look\.0: “D0BOB” is no Slack id"),
    (
        '[policies.x]\nprofiles = ["rutine"]',
        r"policies\.x\.profiles: there is no profile “rutine”; did you mean routine\?$",
    ),
    ('[policies.x]\nvolumes = "some"', r"policies\.x\.volumes: input should be 'never', 'anonymous' or 'named'"),
    ('[policies.x]\nauto_approve = ["cii"]', r"policies\.x\.auto_approve: there is no profile “cii”; did you mean"),
    ('[policies.x]\nauto_approve = ["picked"]', r"policies\.x\.auto_approve: there is no profile “picked”"),
    (
        '[policies.x]\nauto_approve = ["volumes"]',
        r"policies\.x\.auto_approve: “volumes” takes volumes, which only a person approves; remove it$",
    ),
    (
        '[policies.x]\nauto_approve = ["v"]\n[profiles.v]\nvolumes = { take = "anonymous" }',
        r"policies\.x\.auto_approve: “v” takes volumes",
    ),
    (
        '[policies.default]\nauto_approve = ["ci"]\n[policies.x]\nprofiles = ["dangling"]',
        r"policies\.x\.auto_approve: “ci” is not among the profiles that this policy allows; add it there, or",
    ),
    (
        '[policies.x.auto_approve_to]\neverythin = "below=70%"',
        r"policies\.x\.auto_approve_to: there is no profile “everythin”; did you mean everything\?$",
    ),
    (
        '[policies.x.auto_approve_to]\nvolumes = "below=70%"',
        r"policies\.x\.auto_approve_to: “volumes” takes volumes, which only a person approves; remove it$",
    ),
    (
        '[policies.x]\nauto_approve_to = { ci = "below=70%" }\nprofiles = ["dangling"]',
        r"policies\.x\.auto_approve_to: “ci” is not among the profiles that this policy allows; add it there, or",
    ),
    (
        '[policies.x]\nauto_approve_to = { ci = "70%" }',
        r"policies\.x\.auto_approve_to\.ci: “70%” is no target; write it like below=70%, or free=20GB$",
    ),
    (
        '[policies.x]\nauto_approve_to = { ci = "below=170%" }',
        r"policies\.x\.auto_approve_to\.ci: “170%” is no share of a disk; write one from 1% to 99%, like 70%$",
    ),
    (
        '[policies.x]\nauto_approve = ["ci"]\nauto_approve_to = { ci = "below=70%" }',
        r"policies\.x\.auto_approve_to: “ci” is approved without a target already, by auto_approve; remove it from",
    ),
    (
        "[policies.x]\nauto_on_pressure = true",
        r"policies\.x\.auto_on_pressure: for which plan\? Add auto_approve_to = .*, or remove it$",
    ),
    (
        '[policies.x]\nauto_windows = ["sat 00:00-24:00"]',
        r"policies\.x\.auto_windows: the policy approves nothing itself; add auto_approve_to = .*, or remove it$",
    ),
    (
        "[policies.x]\nquorum_above = 2",
        r"policies\.x\.quorum_above: above what\? .* add max_bytes = \"50GB\", or remove it$",
    ),
    (
        '[policies.default]\nmax_bytes = "1GB"\nquorum_above = 2\n[policies.x]\nquorum = 2',
        r"policies\.x\.quorum_above: is 2, and quorum is 2 already; write a higher one$",
    ),
    ('[policies.x]\nmax_bytes = "50"', r"policies\.x\.max_bytes: “50” is not a size; write it like 500MB"),
    ("[policies.x]\nmax_bytes = 50", r"policies\.x\.max_bytes: a size is written as text"),
    ("[policies.x]\nmax_objects = -1", r"policies\.x\.max_objects: .*greater than or equal to 0"),
    ("[policies.x]\nwindows = []", r"policies\.x\.windows: .*at least 1"),
    ('[policies.x]\nwindows = ["mo 1:00-2:00"]', r"policies\.x\.windows\.0: “mo 1:00-2:00” is no window"),
    ('[policies.x]\nwindows = ["mo 01:00-02:00"]', r"policies\.x\.windows\.0: “mo” in .* is no day; the days are"),
    ('[policies.x]\ntime_zone = "Europe/Berlim"', r"policies\.x\.time_zone: “Europe/Berlim” is no time zone"),
    ('[policies.x]\ntime_zone = "../../etc/passwd"', r"policies\.x\.time_zone: “../../etc/passwd” is no time"),
    ('[policies.x]\nstart_within = "0s"', r"policies\.x\.start_within: an approval holds for some time"),
    ('[policies.x]\nstart_within = "8d"', r"policies\.x\.start_within: an approval holds .* a week at most; write"),
    ("[policies.x.protect]\nkeep_lst = 1", r"policies\.x\.protect\.keep_lst: .*did you mean keep_last\?$"),
    ("[policies.x]\nmax_byte = 1", r"policies\.x\.max_byte: .*did you mean max_bytes\?$"),
    (NIGHTLY.replace("@ci", "@cis"), r"schedules\.nightly\.hosts: no host has the tag “cis”; did you mean ci\?$"),
    (NIGHTLY.replace("@ci", "bb"), r"schedules\.nightly\.hosts: there is no \[hosts\.bb\]; did you mean b\?; a tag"),
    (NIGHTLY.replace('"@ci"', ""), r"schedules\.nightly\.hosts: .*at least 1"),
    (NIGHTLY.replace('"ci"', '"cii"'), r"schedules\.nightly\.profile: there is no profile “cii”; did you mean"),
    (NIGHTLY.replace("C0OPS", "#ops"), r"schedules\.nightly\.channel: “#ops” is no channel's id \(C… or G…\)"),
    (NIGHTLY.replace("C0OPS", "U0BOB"), r"schedules\.nightly\.channel: “U0BOB” is no channel's id"),
    (NIGHTLY.replace("0 3", "0 25"), r"schedules\.nightly\.cron: “0 25 \* \* \*” cannot be read: bad hour"),
    (NIGHTLY.replace('channel = "C0OPS"', ""), r"schedules\.nightly\.channel: is missing"),
    (NIGHTLY + 'time_zone = "Mars"', r"schedules\.nightly\.time_zone: “Mars” is no time zone"),
    (NIGHTLY + 'arguments = "image=x"', r"schedules\.nightly\.arguments: write only what narrows the profile"),
    (NIGHTLY + 'arguments = "routine"', r"schedules\.nightly\.arguments: write only what narrows the profile"),
    (NIGHTLY + 'arguments = "until=soon"', r"schedules\.nightly\.arguments: until=: “soon” is not a duration"),
    (NIGHTLY + 'arguments = "only=volumes"', r"schedules\.nightly\.arguments: only=: ci takes no volumes"),
    (NIGHTLY + 'arguments = "below=70"', r"schedules\.nightly\.arguments: below=: .* Did you mean below=70%\?$"),
    (NIGHTLY + 'when = "75%"', r"schedules\.nightly\.when: “75%” does not say how full .* like above 75%, or under"),
    (NIGHTLY + 'when = "above 20GB"', r"schedules\.nightly\.when: “above 20GB” does not say how full"),
    (NIGHTLY + 'when = "above 175%"', r"schedules\.nightly\.when: “above 175%” does not say how full"),
    (NIGHTLY + "when = 75", r"schedules\.nightly\.when: how full a disk has to be is written as text"),
    (NIGHTLY + 'crn = "x"', r"schedules\.nightly\.crn: there is no such key; did you mean cron\?$"),
    (
        NIGHTLY + '[policies.x]\ntags = ["ci"]\nprofiles = ["dangling"]',
        r"schedules\.nightly\.profile: “ci” is not among the profiles that policy “x” allows on b; add it there$",
    ),
    (
        NIGHTLY.replace('"ci"', '"volumes"') + '[policies.default]\nvolumes = "never"',
        r"schedules\.nightly\.profile: “volumes” takes volumes, and policy “default” never lets that happen on b$",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES)
def test_a_mistake_is_named_with_its_key_and_remedy(tmp_path: Path, text: str, expected: str) -> None:
    found = problems(tmp_path, text)
    assert len(found) == 1, found
    assert re.match(expected, found[0]), found[0]


def test_an_argument_that_an_own_profile_cannot_take_is_a_mistake_too(tmp_path: Path) -> None:
    own = '[profiles.ci]\nimages = { take = "unused" }\n'
    (problem,) = problems(tmp_path, NIGHTLY + 'arguments = "only=networks"\n' + own)
    assert problem == "schedules.nightly.arguments: only=: ci takes no networks; it takes image."


def test_the_policy_that_a_host_names_wins_over_its_tags_and_ends_the_doubt(tmp_path: Path) -> None:
    text = '[policies.x]\ntags = ["prod"]\nquorum = 3\n[policies.y]\ntags = ["web"]\n'
    file = tmp_path / "deckhand.toml"
    file.write_text(HOSTS.replace('"web"]\n', '"web"]\npolicy = "x"\n') + text)
    assert load(file, {}).rules.hosts.by_name["a"].policy.quorum == 3


def test_all_mistakes_of_policies_and_schedules_are_told_at_once(tmp_path: Path) -> None:
    text = "".join(
        mistake.replace("policies.x", f"policies.x{number}").replace("nightly", f"nightly{number}") + "\n"
        for number, (mistake, _) in enumerate(MISTAKES)
        if mistake.startswith(("[policies.x]\nmax", "[policies.x]\ntime", "[schedules")) and "polic" not in mistake[9:]
    )  # fmt: skip
    assert len(problems(tmp_path, text)) >= 15
