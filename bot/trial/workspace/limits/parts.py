"""Slack's limits on the small parts that blocks are made of: texts, options, confirmations."""

from dataclasses import dataclass, field

from bot.trial.workspace.core import JSON

ID_CHARACTERS = 255
OPTION_TEXT = 75
OPTION_VALUE = 150
URL_CHARACTERS = 3000
ALT_TEXT = 2000

_TEXT_KEYS = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that Slack refuses. `error` is the name of the refusal, `place` a JSON pointer."""

    place: str
    says: str
    error: str = "invalid_blocks"

    def __str__(self) -> str:
        return f"[ERROR] {self.says} [json-pointer:{self.place}]"


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a walk through a message or a view has found wrong, and what it has met so far."""

    problems: list[Problem] = field(default_factory=list)
    action_ids: set[str] = field(default_factory=set)
    block_ids: set[str] = field(default_factory=set)
    tables: int = 0
    charts: int = 0
    markdown_characters: int = 0

    def add(self, place: str, says: str, error: str = "invalid_blocks") -> None:
        self.problems.append(Problem(place=place, says=says, error=error))


def object_at(found: Findings, place: str, value: object) -> JSON | None:
    if isinstance(value, dict):
        return value
    found.add(place, "must be an object")
    return None


def check_string(found: Findings, place: str, value: object, *, most: int, least: int = 0) -> None:
    if not isinstance(value, str):
        found.add(place, "must be a string")
    elif len(value) < least:
        found.add(place, f"must be more than {least - 1} characters")
    elif len(value) > most:
        found.add(place, f"must be less than {most + 1} characters")


def check_text(found: Findings, place: str, value: object, *, most: int, mrkdwn: bool = False) -> None:
    text = object_at(found, place, value)
    if text is None:
        return
    kind = str(text.get("type"))
    allowed = ("plain_text", "mrkdwn") if mrkdwn else ("plain_text",)
    if kind not in allowed:
        found.add(f"{place}/type", f"must be one of {', '.join(allowed)}")
        return
    for extra in sorted(set(text) - _TEXT_KEYS[kind]):
        found.add(place, f"invalid additional property: {extra}")
    check_string(found, f"{place}/text", text.get("text"), most=most, least=1)


def check_optional_text(found: Findings, place: str, holder: JSON, key: str, *, most: int) -> None:
    if holder.get(key) is not None:
        check_text(found, f"{place}/{key}", holder[key], most=most)


def check_optional_string(found: Findings, place: str, holder: JSON, key: str, *, most: int) -> None:
    if holder.get(key) is not None:
        check_string(found, f"{place}/{key}", holder[key], most=most)


def items_at(
    found: Findings, place: str, value: object, *, most: int, least: int = 1
) -> list[tuple[str, object]]:
    """Give each item with its place, to walk through. The list's length is noted on the way."""
    if not isinstance(value, list):
        found.add(place, "must be an array")
        return []
    if len(value) < least:
        found.add(place, "must not be empty")
    if len(value) > most:
        found.add(place, f"no more than {most} items allowed")
    return [(f"{place}/{number}", item) for number, item in enumerate(value)]


def check_options(found: Findings, place: str, options: object, *, most: int, mrkdwn: bool = False) -> None:
    for here, item in items_at(found, place, options, most=most):
        option = object_at(found, here, item)
        if option is None:
            continue
        check_text(found, f"{here}/text", option.get("text"), most=OPTION_TEXT, mrkdwn=mrkdwn)
        check_string(found, f"{here}/value", option.get("value"), most=OPTION_VALUE, least=1)
        about = option.get("description")
        if about is not None:
            check_text(found, f"{here}/description", about, most=OPTION_TEXT, mrkdwn=mrkdwn)


def check_confirm(found: Findings, place: str, holder: JSON) -> None:
    """Check the `confirm` of an element, when it has one."""
    here = f"{place}/confirm"
    if holder.get("confirm") is None:
        return
    confirm = object_at(found, here, holder["confirm"])
    if confirm is None:
        return
    check_text(found, f"{here}/title", confirm.get("title"), most=100)
    check_text(found, f"{here}/text", confirm.get("text"), most=300, mrkdwn=True)
    check_text(found, f"{here}/confirm", confirm.get("confirm"), most=30)
    check_text(found, f"{here}/deny", confirm.get("deny"), most=30)
    if confirm.get("style") not in (None, "primary", "danger"):
        found.add(f"{here}/style", "must be one of primary, danger")


def check_picture(found: Findings, place: str, image: JSON) -> None:
    """Check what image blocks and image elements share: one source, and a description of it."""
    if ("image_url" in image) == ("slack_file" in image):
        found.add(place, "must have exactly one of image_url and slack_file")
    check_optional_string(found, place, image, "image_url", most=URL_CHARACTERS)
    check_string(found, f"{place}/alt_text", image.get("alt_text"), most=ALT_TEXT, least=1)


def check_id(found: Findings, place: str, holder: JSON, key: str, seen: set[str]) -> None:
    """Check an action_id or block_id: its length, and that nothing else here has it."""
    value = holder.get(key)
    if value is None:
        return
    check_string(found, f"{place}/{key}", value, most=ID_CHARACTERS, least=1)
    if isinstance(value, str):
        if value in seen:
            found.add(f"{place}/{key}", f'{key} "{value}" already exists')
        seen.add(value)


def text_characters(value: object) -> int:
    """Count the characters of every `text` string anywhere inside `value`."""
    if isinstance(value, dict):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(text_characters(v) for v in value.values())
    if isinstance(value, list | tuple):
        return sum(text_characters(item) for item in value)
    return 0
