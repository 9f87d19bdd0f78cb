"""Slack's limits on interactive elements: buttons, menus, inputs."""

import re
from collections.abc import Callable

from bot.trial.workspace.core import JSON
from bot.trial.workspace.limits.parts import (
    ID_CHARACTERS,
    URL_CHARACTERS,
    Findings,
    check_confirm,
    check_id,
    check_optional_string,
    check_optional_text,
    check_options,
    check_picture,
    check_text,
    items_at,
    object_at,
)

BUTTON_TEXT = 75
BUTTON_VALUE = 2000
PLACEHOLDER = 150
INPUT_CHARACTERS = 3000
MAX_SELECT_OPTIONS = 100

CONVERSATIONS = ("im", "mpim", "private", "public")
_FILTER = {"include", "exclude_bot_users", "exclude_external_shared_channels"}

MENUS = frozenset(
    f"{many}{source}_select"
    for many in ("", "multi_")
    for source in ("static", "external", "users", "conversations", "channels")
)
PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
CHOICES = frozenset({"checkboxes", "radio_buttons"})
TYPED = frozenset(
    {
        "plain_text_input",
        "number_input",
        "email_text_input",
        "url_text_input",
        "rich_text_input",
        "file_input",
    }
)

IN_SECTION = MENUS | PICKERS | CHOICES | {"button", "overflow", "image", "workflow_button"}
IN_ACTIONS = MENUS | PICKERS | CHOICES | {"button", "overflow", "workflow_button"}
IN_INPUT = MENUS | PICKERS | CHOICES | TYPED


def check_element(found: Findings, place: str, value: object, allowed: frozenset[str]) -> None:
    element = object_at(found, place, value)
    if element is None:
        return
    kind = element.get("type")
    if kind not in allowed:
        found.add(f"{place}/type", f"unsupported type: {kind}")
        return
    check_id(found, place, element, "action_id", found.action_ids)
    check_confirm(found, place, element)
    check_optional_text(found, place, element, "placeholder", most=PLACEHOLDER)
    check = _CHECKS.get(kind)
    if check is not None:
        check(found, place, element)


def _button(found: Findings, place: str, button: JSON) -> None:
    check_text(found, f"{place}/text", button.get("text"), most=BUTTON_TEXT)
    check_optional_string(found, place, button, "value", most=BUTTON_VALUE)
    check_optional_string(found, place, button, "url", most=URL_CHARACTERS)
    check_optional_string(found, place, button, "accessibility_label", most=BUTTON_TEXT)
    if button.get("style") not in (None, "primary", "danger"):
        found.add(f"{place}/style", "must be one of primary, danger")


def _static_menu(found: Findings, place: str, menu: JSON) -> None:
    groups = menu.get("option_groups")
    if groups is None:
        check_options(found, f"{place}/options", menu.get("options"), most=MAX_SELECT_OPTIONS)
    else:
        for here, item in items_at(found, f"{place}/option_groups", groups, most=MAX_SELECT_OPTIONS):
            group = object_at(found, here, item) or {}
            check_text(found, f"{here}/label", group.get("label"), most=75)
            check_options(found, f"{here}/options", group.get("options"), most=MAX_SELECT_OPTIONS)
    _initial_options(found, place, menu)


def _external_menu(found: Findings, place: str, menu: JSON) -> None:
    least = menu.get("min_query_length", 3)
    if not (isinstance(least, int) and least >= 0):
        found.add(f"{place}/min_query_length", "must be a number of at least 0")
    if "options" in menu or "option_groups" in menu:
        found.add(place, "must not define options: they are loaded")
    first = menu.get("initial_option")
    chosen = [first] if first is not None else menu.get("initial_options", [])
    if chosen:
        check_options(found, f"{place}/initial_option", chosen, most=MAX_SELECT_OPTIONS)


def _conversations(found: Findings, place: str, menu: JSON) -> None:
    rules = menu.get("filter")
    if rules is None:
        return
    if not isinstance(rules, dict) or not rules:
        found.add(f"{place}/filter", "must be an object that says something")
        return
    for extra in sorted(set(rules) - _FILTER):
        found.add(f"{place}/filter", f"invalid additional property: {extra}")
    included = rules.get("include", ["public"])
    for here, kind in items_at(found, f"{place}/filter/include", included, most=len(CONVERSATIONS)):
        if kind not in CONVERSATIONS:
            found.add(here, f"must be one of {', '.join(CONVERSATIONS)}")


def _overflow(found: Findings, place: str, overflow: JSON) -> None:
    check_options(found, f"{place}/options", overflow.get("options"), most=5)


def _choices(found: Findings, place: str, choices: JSON) -> None:
    check_options(found, f"{place}/options", choices.get("options"), most=10, mrkdwn=True)
    _initial_options(found, place, choices)


def _initial_options(found: Findings, place: str, element: JSON) -> None:
    """Check that what is chosen at first is among the options, to the letter."""
    given = options_of(element)
    first = element.get("initial_option")
    if first is not None and first not in given:
        found.add(f"{place}/initial_option", "must be one of the options")
    many = element.get("initial_options")
    if many is not None:
        for here, option in items_at(found, f"{place}/initial_options", many, most=MAX_SELECT_OPTIONS):
            if option not in given:
                found.add(here, "must be one of the options")


def _date(found: Findings, place: str, picker: JSON) -> None:
    date = picker.get("initial_date")
    if date is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(date)):
        found.add(f"{place}/initial_date", "must be in the form YYYY-MM-DD")


def _typed_text(found: Findings, place: str, entry: JSON) -> None:
    check_optional_string(found, place, entry, "initial_value", most=INPUT_CHARACTERS)
    for key in ("min_length", "max_length"):
        if key in entry and not (isinstance(entry[key], int) and 0 <= entry[key] <= INPUT_CHARACTERS):
            found.add(f"{place}/{key}", f"must be between 0 and {INPUT_CHARACTERS}")


def _number(found: Findings, place: str, entry: JSON) -> None:
    if not isinstance(entry.get("is_decimal_allowed"), bool):
        found.add(f"{place}/is_decimal_allowed", "must be true or false")
    for key in ("initial_value", "min_value", "max_value"):
        check_optional_string(found, place, entry, key, most=ID_CHARACTERS)


_CHECKS: dict[str, Callable[[Findings, str, JSON], None]] = {
    "button": _button,
    "static_select": _static_menu,
    "external_select": _external_menu,
    "multi_external_select": _external_menu,
    "conversations_select": _conversations,
    "multi_conversations_select": _conversations,
    "multi_static_select": _static_menu,
    "overflow": _overflow,
    "checkboxes": _choices,
    "radio_buttons": _choices,
    "datepicker": _date,
    "plain_text_input": _typed_text,
    "number_input": _number,
    "image": check_picture,
}


def options_of(element: JSON) -> list[JSON]:
    """List the options of a menu or a group of choices, those in option groups too."""
    options = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        if isinstance(group, dict):
            options += group.get("options") or ()
    return options
