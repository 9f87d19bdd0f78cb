"""Slack's manifests, the image's recipe and the lock files agree with what the bot does and needs."""

import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

from bot.slack.checking import SCOPES
from bot.slack.parsing import AUDIT, DF, PRUNE

ROOT = Path(__file__).parents[2]


def test_the_manifest_names_our_commands_socket_mode_and_no_scope_too_many() -> None:
    manifest = (ROOT / "deploy" / "slack-manifest.yaml").read_text()
    assert re.findall(r"command: (\S+)", manifest) == [DF, PRUNE, AUDIT]
    assert "socket_mode_enabled: true" in manifest
    assert set(re.findall(r"^      - ([a-z_]+(?::[a-z]+)?)(?: #.*)?$", manifest, re.MULTILINE)) == set(SCOPES)


def test_the_link_of_the_readme_opens_with_the_manifest_filled_in() -> None:
    (link,) = re.findall(r"^\[create-app\]: (.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    asked = parse_qs(urlsplit(link).query)
    assert (urlsplit(link).hostname, asked["new_app"]) == ("api.slack.com", ["1"])
    manifest = yaml.safe_load((ROOT / "deploy" / "slack-manifest.yaml").read_text())
    assert yaml.safe_load(asked["manifest_yaml"][0]) == manifest
    assert len(link) < 8_000, "servers refuse longer addresses"


def test_the_manifest_of_http_mode_is_the_same_but_for_its_addresses() -> None:
    of_socket, of_http = (
        [line for line in (ROOT / "deploy" / name).read_text().splitlines() if not line.startswith("#")]
        for name in ("slack-manifest.yaml", "slack-manifest-http.yaml")
    )
    url = re.compile(r" +(?:request_|message_menu_options_)?url: https://deckhand\.example\.com/slack/events")
    addresses = [line for line in of_http if url.fullmatch(line)]
    assert len(addresses) == len([DF, PRUNE, AUDIT, "events", "interactivity", "menus"])
    rest = [line.replace("socket_mode_enabled: false", "socket_mode_enabled: true") for line in of_http]
    assert [line for line in rest if line not in addresses] == of_socket


def test_the_image_runs_without_root_and_needs_no_buildx() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    instructions = [line.split()[0] for line in dockerfile.splitlines() if line[:1].isupper()]
    assert instructions.index("USER") < instructions.index("ENTRYPOINT")
    assert re.search(
        r"^USER [1-9]\d*$", dockerfile, re.MULTILINE
    )  # a number, which Kubernetes can tell from root
    assert not re.search(r"--mount|<<|# syntax", dockerfile)


def test_the_package_and_its_lock_files_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = (ROOT / "requirements.txt").read_text()
    for requirement in project["dependencies"]:
        name = re.split(r"[\[<>=]", requirement)[0]
        assert re.search(rf"^{re.escape(name)}(\[\w+\])?==", locked, re.MULTILINE), name
