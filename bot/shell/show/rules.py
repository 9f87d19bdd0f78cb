"""What the shell shows of policies and schedules."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.core.audit.events import time_text
from bot.core.docker.ages import Arrival
from bot.core.json import Json
from bot.core.plan.protection import NOTHING_MORE
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Policy, Tell, limits_words
from bot.core.rules.schedules import Schedule
from bot.core.units import duration_text
from bot.ports import Timer
from bot.services.decide.approving import moment_text
from bot.services.rules.explaining import Explained, Subject, standing_words
from bot.shell.show import output

NEXT_SHOWN = 3
ARRIVALS = {
    Arrival.SEEN: "images arrived when Deckhand first saw them, where the engine does not tell",
    Arrival.BUILD: "images are as old as their build says, where the engine does not tell when they arrived",
}

TOLD = {
    Tell.NEVER: "nobody",
    Tell.CHANNEL: "who may approve, by a mention in the plan's message",
    Tell.DIRECT: "who may approve, in person",
    Tell.ON_CALL: "who of those who may approve is on call, in person",
}


def show_policy(host: Host, asked: Subject, answers: Sequence[Explained], now: datetime) -> None:
    """Print every right of a person on a host, and the rules of its policy."""
    where = f"asked in {asked.channel}" if asked.channel else "asked in no channel"
    output.say(f"{host.name}: policy “{host.policy.name}”, {host.policy_because}")
    output.say(f"{asked.user_id}, {where}; {standing_words(asked)}", "")
    output.show_table(
        ("RIGHT", "", "WHY"),
        ((str(one.right), "yes" if one.allowed else "no", one.why) for one in answers),
    )
    output.say("")
    output.show_table(("RULE", ""), _rules(host.policy, now))


def _rules(policy: Policy, now: datetime) -> Sequence[tuple[str, str]]:
    limits = limits_words(policy)
    above = f"; {policy.quorum_above} above {limits}" if limits and policy.quorum_above else ""
    return (
        ("quorum", f"{policy.quorum}{above}"),
        ("limit", f"nothing above {limits}" if limits and not policy.quorum_above else "none"),
        ("self approval", "yes" if policy.self_approval else "no: whoever asked does not count"),
        ("guests", "as members" if policy.guests else "only who is named"),
        ("plans expire", f"after {duration_text(policy.expires)}"),
        ("approvals hold", f"for {duration_text(policy.start_within)}"),
        ("profiles", "all" if policy.profiles is None else ", ".join(policy.profiles) or "none"),
        ("volumes", str(policy.volumes)),
        ("arrival", ARRIVALS[policy.arrival]),
        ("windows", _windows(policy, now)),
        ("only what can be restored", "yes" if policy.only_restorable else "no: anything"),
        ("each vote says why", "yes" if policy.reasons else "no: rejections do"),
        ("told of plans", _told(policy)),
        ("quiet hours", policy.quiet.words() or "none"),
        ("approved by itself", _itself(policy)),
        ("protected too", _protected(policy)),
    )


def _itself(policy: Policy) -> str:
    """What the policy approves without a person, and when."""
    to = [f"{name} up to {target}" for name, target in policy.auto_approve_to.items()]
    what = ", ".join([*policy.auto_approve, *to])
    when = f", {policy.auto_windows.words()}" if what and policy.auto_windows.windows else ""
    alerts = "; alerts of disks ask by themselves" if policy.auto_on_pressure and to else ""
    return f"{what}{when}{alerts}" if what else "nothing"


def _windows(policy: Policy, now: datetime) -> str:
    if not policy.windows.windows:
        return "at any time"
    opening = policy.windows.opening(now)
    state = "open now" if opening <= now else f"next from {moment_text(policy, opening)}"
    return f"{policy.windows.words()}; {state}"


def _told(policy: Policy) -> str:
    told = "as [slack] call_approvers says" if policy.tell is None else TOLD[policy.tell]
    on_call = f" ({policy.on_call})" if policy.on_call else ""
    then = f"; after {duration_text(policy.escalate_after)} {', '.join(policy.escalate_to)}"
    return f"{told}{on_call}{then if policy.escalate_to else ''}"


def _protected(policy: Policy) -> str:
    nothing = NOTHING_MORE.json()
    return (
        "; ".join(
            f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
            for key, value in policy.protection.json().items()
            if value != nothing[key]
        )
        or "nothing beside [protect]"
    )


def show_schedules(schedules: Sequence[Schedule], timers: Sequence[Timer], now: datetime) -> None:
    """Print the configured schedules with their next times, and those that only the database knows."""
    known = {timer.name: timer for timer in timers}
    rows = [
        (one.name, ", ".join(one.hosts), _request(one), _when(one), one.channel,
         f"{one.after(now).astimezone(one.zone):%a %Y-%m-%d %H:%M}", _stored(one, known))
        for one in schedules
    ]  # fmt: skip
    rows += [
        (name, "-", "-", "-", "-", "never: no longer configured", f"{timer.next_at:%Y-%m-%d %H:%MZ}")
        for name, timer in known.items()
        if name not in {one.name for one in schedules}
    ]
    output.show_table(("SCHEDULE", "HOSTS", "CLEANUP", "CRON", "CHANNEL", "NEXT", "IN THE DATABASE"), rows)


def _request(schedule: Schedule) -> str:
    return " ".join([schedule.arguments.profile or "", *schedule.arguments.words])


def _when(schedule: Schedule) -> str:
    full = f", when {schedule.when}" if schedule.when else ""
    return f"{schedule.cron} ({schedule.zone}){full}"


def _stored(schedule: Schedule, known: dict[str, Timer]) -> str:
    timer = known.get(schedule.name)
    if timer is None:
        return "nothing yet: the bot begins it"
    if timer.definition != schedule.definition:
        return "another cron yet: the bot changes it at its next start"
    return f"{timer.next_at.astimezone(UTC):%Y-%m-%d %H:%MZ}"


def schedules_json(schedules: Sequence[Schedule], timers: Sequence[Timer], now: datetime) -> list[Json]:
    """The same for programs; times are in UTC."""
    known = {timer.name: timer for timer in timers}
    names = [*(one.name for one in schedules), *known]
    by_name = {one.name: one for one in schedules}
    return [_schedule_json(name, by_name.get(name), known.get(name), now) for name in dict.fromkeys(names)]


def _schedule_json(name: str, schedule: Schedule | None, timer: Timer | None, now: datetime) -> Json:
    stored: dict[str, Json] = {
        "name": name,
        "configured": schedule is not None,
        "next_in_database": time_text(timer.next_at) if timer else None,
    }
    if schedule is None:
        return stored
    moments = [now]
    for _ in range(NEXT_SHOWN):
        moments.append(schedule.after(moments[-1]))
    return stored | {
        "hosts": list(schedule.hosts),
        "profile": schedule.arguments.profile,
        "arguments": " ".join(schedule.arguments.words),
        "cron": schedule.cron,
        "when": str(schedule.when) if schedule.when else None,
        "time_zone": str(schedule.zone),
        "channel": schedule.channel,
        "grace": duration_text(schedule.grace),
        "expires": duration_text(schedule.expires) if schedule.expires else None,
        "next": [time_text(moment) for moment in moments[1:]],
    }
