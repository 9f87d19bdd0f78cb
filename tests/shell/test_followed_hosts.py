"""Whose events are followed, by the configuration."""

from pathlib import Path

from bot.config.settings import load


def test_events_are_followed_where_a_host_says_so_and_else_where_it_is_tagged_ci(tmp_path: Path) -> None:
    file = tmp_path / "deckhand.toml"
    file.write_text(
        """
        [hosts.plain]
        docker = "unix:///x"
        [hosts.said]
        docker = "unix:///x"
        events = true
        [hosts.ci]
        docker = "unix:///x"
        tags = ["ci"]
        [hosts.quiet]
        docker = "unix:///x"
        tags = ["ci"]
        events = false
        """
    )
    hosts = load(file, {}).rules.hosts.by_name
    assert [name for name, host in hosts.items() if host.events] == ["said", "ci"]
