"""Which commands there are, what each is for in a line, and where it is: a module is loaded when it is asked for.

SQLAlchemy, Docker's and Slack's packages take a second together, and no command needs them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from bot.shell.line.whole import whole


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command is, and the first paragraph of what its function says of it."""

    module: str
    """Below ``bot.shell``."""
    function: str
    purpose: str
    example: str
    """A command line that somebody would type."""

    def loaded(self, name: str) -> TyperCommand:
        """The command itself, with its arguments and options."""
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        module = import_module(f"bot.shell.{self.module}")
        alone.command(name, epilog=f"Example: {self.example}")(getattr(module, self.function))
        return cast("TyperCommand", get_command(alone))


HELP = "Deckhand shows where Docker hosts' disks went, and removes exactly what a person approved."
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "config": "Look at the configuration.",
        "audit": "Read the audit.",
        "db": "Look after the database.",
        "hosts": "Look after the registered hosts.",
        "policy": "Look at who may do what.",
    }
)
COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "try": Command(
            "trying",
            "try_it",
            "Try Deckhand on a local page that looks like Slack, with sample hosts.",
            "deckhand try --port 9000",
        ),
        "init": Command(
            "configuration.init",
            "init",
            "Ask five questions and write a first deckhand.toml for a small team. What an option answers is not asked.",
            "deckhand init",
        ),
        "config check": Command(
            "configuration.config",
            "config_check",
            "Check the configuration file; exit code 2 and every mistake with its remedy when there are any.",
            "deckhand config check",
        ),
        "config show": Command(
            "configuration.config",
            "config_show",
            "Show the configuration as it counts: each value, and where it comes from. Secrets are masked.",
            "deckhand config show --json",
        ),
        "config schema": Command(
            "configuration.config",
            "config_schema",
            "Print the JSON Schema of deckhand.toml, for editors.",
            "deckhand config schema",
        ),
        "hosts import": Command(
            "hosts.hosts",
            "hosts_import",
            "Print what this machine knows of hosts as TOML to paste into deckhand.toml; adds nothing by itself.",
            "deckhand hosts import --ssh-config",
        ),
        "hosts list": Command(
            "hosts.hosts",
            "hosts_list",
            "List the registered hosts, and how each is reached.",
            "deckhand hosts list @web",
        ),
        "hosts trust": Command(
            "hosts.hosts",
            "hosts_trust",
            "Show the key of a host's SSH server, and that of each jump host, and trust it after a yes.",
            "deckhand hosts trust prod-3",
        ),
        "hosts check": Command(
            "hosts.hosts",
            "hosts_check",
            "Try every step on the way to each host's engine, and say which one fails; exit code 1 when one does.",
            "deckhand hosts check prod-3",
        ),
        "hosts accept": Command(
            "hosts.accept",
            "hosts_accept",
            "Let a host be the engine that answers there now, after it was another one before.",
            "deckhand hosts accept prod-3",
        ),
        "policy explain": Command(
            "rules.policy",
            "policy_explain",
            "Say what a person may do on a host and why, and which cleanups may run there and when.",
            "deckhand policy explain prod-3 U0BOB --channel C0OPS",
        ),
        "doctor": Command(
            "doctor",
            "doctor",
            "Check the configuration, the database, the tokens and every host; exit code 1 when something fails.",
            "deckhand doctor --slack",
        ),
        "run": Command(
            "running",
            "run",
            "Run the bot: connect to Slack and serve until SIGTERM.",
            "deckhand run",
        ),
        "health": Command(
            "health",
            "health",
            "Ask the bot that runs here whether it is ready; exit code 1 says that it is not.",
            "deckhand health",
        ),
        "df": Command(
            "hosts.df",
            "df",
            "Show a host's disk usage, as its own `docker system df` does, or that of several. Removes nothing.",
            "deckhand df @web,prod-3",
        ),
        "history": Command(
            "hosts.history",
            "history",
            "Show how a host's disk filled, and how long it lasts, by what the bot has seen. Asks no host.",
            "deckhand history prod-3 7d",
        ),
        "watch": Command(
            "hosts.watch",
            "watch",
            "Show how hosts' disks stand, a line each, kept up to date until Ctrl-C; in a pipe once. Asks no host.",
            "deckhand watch @prod",
        ),
        "why-full": Command(
            "hosts.why_full",
            "why_full",
            "Say what holds the whole disk of a host, since when each part grows, and what to do. Removes nothing.",
            "deckhand why-full prod-3",
        ),
        "plan": Command(
            "planning",
            "plan",
            "Print what cleanups would remove and keep, and why; of several hosts a line each. Removes nothing.",
            "deckhand plan prod-3 routine until=10d",
        ),
        "schedules": Command(
            "rules.schedules",
            "schedules",
            "Show the schedules and when each comes next, by the configuration and in the database.",
            "deckhand schedules --json",
        ),
        "audit list": Command(
            "audit.review",
            "audit_list",
            "List cleanups, newest first.",
            "deckhand audit list prod-3 since=30d outcome=partial,failed",
        ),
        "audit stats": Command(
            "audit.review",
            "audit_stats",
            "Count cleanups and what they freed: by host, profile, month, requester and outcome.",
            "deckhand audit stats since=90d",
        ),
        "audit show": Command(
            "audit.review",
            "audit_show",
            "Show one cleanup: every object and what became of it, and every event.",
            "deckhand audit show ID --json",
        ),
        "audit verify": Command(
            "audit.verify",
            "verify",
            "Walk the chain of events, and compare every row with it: plans, votes, objects, restores, and "
            "what finds them.",
            "deckhand audit verify",
        ),
        "audit export": Command(
            "audit.export",
            "export",
            "Export events, oldest first: all of them, or those of the cleanups that a filter means.",
            "deckhand audit export --output events.jsonl",
        ),
        "audit head": Command(
            "audit.export",
            "head",
            "Print where the chain ends, as SEQ:HASH. Kept elsewhere, it shows later whether the chain was rewritten.",
            "deckhand audit head",
        ),
        "audit archive": Command(
            "audit.export",
            "archive",
            "Move old events to a file, and leave a checkpoint in the chain. Nothing else ever deletes events.",
            "deckhand audit archive --before 365d --output old.jsonl",
        ),
        "audit format": Command(
            "audit.export",
            "show_format",
            "Print the format of the audit: all that is needed to verify an export without Deckhand.",
            "deckhand audit format",
        ),
        "db upgrade": Command(
            "db",
            "upgrade",
            "Bring the database's schema up to date; `deckhand run` does this by itself.",
            "deckhand db upgrade --plan",
        ),
        "db check": Command(
            "db",
            "check",
            "Check the database itself: its schema and, of SQLite, every page. `deckhand audit verify` checks what it "
            "says.",
            "deckhand db check",
        ),
        "db backup": Command(
            "db",
            "backup",
            "Copy the SQLite database to a file, as it is at one moment, also while the bot runs; say where its audit "
            "ends.",
            "deckhand db backup yesterday.db",
        ),
        "db restore": Command(
            "db",
            "restore",
            "Put a copy in the place of the SQLite database, which is kept under another name. No bot may run on it.",
            "deckhand db restore yesterday.db",
        ),
    }
)
"""In the order of use, which is the one of the help; those of a group have its name before theirs."""


class _Listed(TyperCommand):
    """Stands in a list of commands for one that is not loaded yet."""

    def __init__(self, name: str, command: Command) -> None:
        super().__init__(name, help=command.purpose)
        self._command = command

    def loaded(self) -> TyperCommand:
        return self._command.loaded(str(self.name))


class _Group(TyperGroup):
    """Loads the command that is called; help and suggestions do with the list."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, others = super().resolve_command(ctx, args)
        return name, command.loaded() if isinstance(command, _Listed) else command, others


def _command_line() -> _Group:
    """All of it: the commands in their order, a group where its first one stands."""
    app = typer.Typer(cls=_Group, help=HELP, no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback()(whole)
    line = cast("_Group", get_command(app))
    for path, command in COMMANDS.items():
        of, _, name = path.rpartition(" ")
        if of and of not in line.commands:
            line.add_command(_Group(name=of, help=GROUPS[of], no_args_is_help=True))
        group = cast("_Group", line.commands[of]) if of else line
        group.add_command(_Listed(name, command))
    return line


cli = _command_line()
