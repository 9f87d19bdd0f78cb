"""``deckhand df`` and ``deckhand hosts`` for several hosts."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bot.config.settings import load
from bot.store.opening import open_store
from tests.conftest import StartSshd
from tests.core.things import ENGINE
from tests.support.shell import deckhand


def test_df_of_several_hosts_shows_each_and_ends_with_1_when_one_failed(folder: Path) -> None:
    ended = deckhand("df", "prod-3,db-1", folder=folder)
    assert ended.returncode == 1
    assert ended.stdout.split()[:5] == ["HOST", "ENGINE", "SIZE", "RECLAIMABLE", "DISK"]
    assert "fail  db-1: the name db-1.example.com does not resolve" in ended.stdout
    assert "prod-3  26.1.5" in ended.stdout


def test_hosts_that_fail_alike_stand_together_under_their_cause_the_most_frequent_first(folder: Path) -> None:
    dead = "".join(f'[hosts.dead-{n}]\ndocker = "tcp://127.0.0.1:1"\n' for n in range(3))
    file = folder / "deckhand.toml"
    file.write_text(f"{file.read_text()}{dead}")
    for command in (("df", "all"), ("doctor",)):
        lines = deckhand(*command, folder=folder).stdout.splitlines()
        causes = [line for line in lines if line.startswith("fail") and line.endswith((" host", " hosts"))]
        assert [cause.split(": ")[1] for cause in causes] == ["4 hosts", "1 host"]
        place = lines.index(causes[0])
        alike = {line.split()[1] for line in lines[place + 1 : place + 5]}
        assert alike == {"db-1:", "dead-0:", "dead-1:", "dead-2:"}
        assert len([line for line in lines if line.startswith("fail  ")]) == 5 + len(causes)


def test_df_of_several_hosts_as_json_has_a_place_for_each(folder: Path) -> None:
    ended = deckhand("df", "@web", "--json", folder=folder)
    found = json.loads(ended.stdout)
    assert ended.returncode == 0
    assert set(found) == {"hosts", "failed", "total"}
    (one,) = found["hosts"]
    assert set(one) == {"host", "engine", "same_engine_as", "size", "reclaimable", "disk", "usage"}
    assert (one["host"], one["engine"]["version"], one["disk"]) == ("prod-3", "26.1.5", None)
    assert one["size"] == sum(row["size"] for row in one["usage"]) == found["total"]["size"]

    some = json.loads(deckhand("df", "build,prod-*", "--json", folder=folder).stdout)
    assert [error["host"] for error in some["failed"]] == ["build"]
    assert set(some["failed"][0]) == {"host", "cause", "message"}
    assert some["total"]["hosts"] == 1


def test_df_of_one_host_as_json_can_have_the_form_of_several(folder: Path) -> None:
    found = json.loads(deckhand("df", "prod-3", "--json", "--disk", folder=folder).stdout)
    assert [one["host"] for one in found["hosts"]] == ["prod-3"]


def test_df_of_one_host_says_what_is_known_of_its_disk(folder: Path) -> None:
    assert "Disk behind it: unknown" in deckhand("df", "prod-3", folder=folder).stdout


def test_hosts_list_takes_a_selection(folder: Path) -> None:
    lines = deckhand("hosts", "list", "@prod,db-*", folder=folder).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["HOST", "prod-3", "db-1"]
    wrong = deckhand("hosts", "list", "@prodd", folder=folder)
    assert (wrong.returncode, "Did you mean @prod?" in wrong.stderr) == (2, True)


def test_another_engine_is_refused_until_a_person_or_a_script_accepts_it(folder: Path) -> None:
    engine = json.loads(deckhand("plan", "prod-3", "--json", folder=folder).stdout)["engine"]["id"]
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        store.ledger.accept_engine("prod-3", replace(ENGINE, id="BEFORE", name="old-machine"), "shell:test")

    refused = deckhand("plan", "prod-3", folder=folder)
    assert refused.returncode == 1
    assert "it was old-machine (BEFORE" in refused.stderr
    assert "run: deckhand hosts accept prod-3" in refused.stderr

    for wrong, said in ((("--yes", "BEFORE"), "nothing was changed"), ((), "--yes ENGINE_ID")):
        ended = deckhand("hosts", "accept", "prod-3", *wrong, folder=folder)
        assert (ended.returncode, said in ended.stderr) == (1, True)
    accepted = deckhand("hosts", "accept", "prod-3", "--yes", engine, folder=folder)
    assert (accepted.returncode, f"prod-3 is {engine} from now on." in accepted.stdout) == (0, True)
    assert deckhand("plan", "prod-3", folder=folder).returncode == 0
    again = deckhand("hosts", "accept", "prod-3", folder=folder)
    assert (again.returncode, "nothing changed" in again.stdout) == (0, True)


def test_check_says_of_each_host_which_step_fails(folder: Path) -> None:
    ended = deckhand("hosts", "check", "--json", folder=folder)
    assert ended.returncode == 1
    prod, build, db = json.loads(ended.stdout)
    assert (prod["host"], prod["ok"], build["ok"], db["ok"]) == ("prod-3", True, False, False)
    assert [step["step"] for step in prod["steps"]] == [
        "configuration", "socket", "engine", "rights", "disk usage", "disk", "cleanups",
    ]  # fmt: skip
    assert set(prod["steps"][0]) == {"step", "ok", "detail", "milliseconds"}
    assert [step["ok"] for step in build["steps"]][:2] == [False, None]
    assert [step["step"] for step in db["steps"] if step["ok"] is False] == ["name"]
    shown = deckhand("hosts", "check", "@web", "build", folder=folder).stdout
    assert "prod-3 (unix://" in shown
    assert "fail  configuration: there is no Docker context “build”" in shown


def test_a_key_is_trusted_with_its_fingerprint_and_with_no_other(folder: Path, sshd: StartSshd) -> None:
    server = sshd()
    (folder / "deckhand.toml").write_text(
        f'[hosts.far]\nssh = "{server.user}@{server.address}:{server.port}"\nidentity = "{server.identity}"\n'
        f'known_hosts = "/nonexistent"\n[policies.default]\nlook = ["*"]\n'
    )
    nobody = deckhand("hosts", "trust", "far", folder=folder)
    assert nobody.returncode == 1
    fingerprint = nobody.stdout.split("shows the key ")[1].split()[0]
    wrong = deckhand("hosts", "trust", "far", "--yes", "SHA256:else", folder=folder)
    assert (wrong.returncode, (folder / "deckhand.known_hosts").exists()) == (1, False)
    right = deckhand("hosts", "trust", "far", "--yes", fingerprint, folder=folder)
    assert (right.returncode, "is trusted from now on" in right.stdout) == (0, True)
    again = deckhand("hosts", "trust", "far", folder=folder)
    assert "trusted already" in again.stdout
    checked = deckhand("hosts", "check", "far", folder=folder)
    assert f"ok    host key: {fingerprint}" in checked.stdout
    assert "ok    login: as" in checked.stdout


def test_import_prints_toml_that_loads_and_adds_nothing(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text("Host web-1 db.example.com we!rd *.x\n User deploy\nHost we@rd\n")
    ended = deckhand("hosts", "import", "--ssh-config", "--contexts", folder=folder, HOME=str(home))
    assert ended.returncode == 0
    assert "# left out: “we@rd”" in ended.stdout
    before = (folder / "deckhand.toml").read_text()
    (folder / "deckhand.toml").write_text(ended.stdout)
    hosts = load(folder / "deckhand.toml", {}).rules.hosts
    assert {host.name: str(host.address) for host in hosts.all()} == {
        "web-1": "ssh web-1", "db.example.com": "ssh db.example.com", "default": "context default",
    }  # fmt: skip
    assert before != ended.stdout
    assert deckhand("hosts", "import", folder=folder).returncode == 2
