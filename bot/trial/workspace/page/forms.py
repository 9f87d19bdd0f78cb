"""What a person has put into the inputs of a message or a view, in the shape Slack reports it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from bot.trial.workspace.core import JSON, Refused
from bot.trial.workspace.limits.elements import options_of

Given: TypeAlias = str | Sequence[str]
# By action_id, or by block_id and then action_id.
Values: TypeAlias = Mapping[str, "Given | Mapping[str, Given]"]

REQUIRED = "Please complete this required field."

# Where the payload says what was chosen, and where the element says what is chosen at first.
_ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
_MANY_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")
_PLAIN = {
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
}
_NOT_IN_STATE = ("button", "overflow", "image", "workflow_button")


def elements_of(blocks: Sequence[JSON]) -> Iterator[tuple[JSON, JSON]]:
    """Give each element that a person can act on, with its block."""
    for block in blocks:
        candidates = [block.get("element"), block.get("accessory"), *(block.get("elements") or ())]
        for element in candidates:
            if isinstance(element, dict) and element.get("action_id") and element.get("type") != "image":
                yield block, element


def find_element(blocks: Sequence[JSON], action_id: str, block_id: str = "") -> tuple[JSON, JSON]:
    """Raise Refused (`no_such_element`) when the surface, as it now stands, has none.

    A surface that was drawn anew while a person made up their mind has other block ids: then the one element with
    that action id is meant.
    """
    found = [each for each in elements_of(blocks) if each[1]["action_id"] == action_id]
    exact = [each for each in found if block_id in ("", each[0]["block_id"])]
    if exact or len(found) == 1:
        return (exact or found)[0]
    raise Refused("no_such_element", [action_id])


def state_of(blocks: Sequence[JSON], values: Values) -> JSON:
    """Give `state`: what was given, or else what each input starts with."""
    state: JSON = {}
    for block, element in elements_of(blocks):
        if element["type"] not in _NOT_IN_STATE:
            chosen = chosen_in(element, _given(values, block, element))
            state.setdefault(block["block_id"], {})[element["action_id"]] = chosen
    return {"values": state}


def chosen_in(element: JSON, given: Given | None) -> JSON:
    """Give the element's value as Slack reports it; `given` None means untouched."""
    kind = element["type"]
    if kind in _ONE_OPTION:
        chosen = element.get("initial_option") if given is None else _option(element, given)
        return {"type": kind, "selected_option": chosen}
    if kind in _MANY_OPTIONS:
        many = [given] if isinstance(given, str) else given
        options = (
            element.get("initial_options", []) if many is None else [_option(element, one) for one in many]
        )
        return {"type": kind, "selected_options": options}
    key, initial = _PLAIN.get(kind, ("value", "initial_value"))
    for one in [given] if isinstance(given, str) else given or ():
        if one and one not in element.get("conversations", [one]):
            raise Refused("no_such_option", [f"{element['action_id']}: {one}"])
    return {"type": kind, key: element.get(initial) if given is None else given or None}


def action_of(block: JSON, element: JSON, given: Given | None, *, action_ts: str) -> JSON:
    """Give the entry for `actions` in a block_actions payload."""
    action: JSON = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": action_ts,
    }
    if element["type"] == "button":
        action["text"] = element["text"]
        if element.get("value") is not None:
            action["value"] = element["value"]
        if given is not None and given != element.get("value"):
            raise Refused("no_such_element", [f"{element['action_id']} with value {given}"])
        return action
    return action | chosen_in(element, given)


def mistakes_in(blocks: Sequence[JSON], state: JSON) -> dict[str, str]:
    """Find what Slack's own client would not let a person submit, by block_id."""
    mistakes = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        entry = state["values"].get(block["block_id"], {}).get(element.get("action_id"), {})
        chosen = next((value for key, value in entry.items() if key != "type"), None)
        says = _mistake(element, chosen) if chosen else _missing(block)
        if says:
            mistakes[block["block_id"]] = says
    return mistakes


def _missing(block: JSON) -> str:
    return "" if block.get("optional") else REQUIRED


def _mistake(element: JSON, chosen: object) -> str:
    if element["type"] == "plain_text_input":
        length = len(str(chosen))
        if length < element.get("min_length", 0):
            return f"Please enter at least {element['min_length']} characters."
        if length > element.get("max_length", length):
            return f"Please enter at most {element['max_length']} characters."
    if element["type"] == "number_input":
        return _number_mistake(element, str(chosen))
    return ""


def _number_mistake(element: JSON, text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return "Please enter a number."
    if not element.get("is_decimal_allowed") and not number.is_integer():
        return "Please enter a whole number."
    if number < float(element.get("min_value", number)):
        return f"Please enter a number of at least {element['min_value']}."
    if number > float(element.get("max_value", number)):
        return f"Please enter a number of at most {element['max_value']}."
    return ""


def _option(element: JSON, value: object) -> JSON | None:
    if value == "":
        return None
    for option in options_of(element):
        if option.get("value") == value:
            return option
    raise Refused("no_such_option", [f"{element['action_id']}: {value}"])


def _given(values: Values, block: JSON, element: JSON) -> Given | None:
    inner = values.get(block["block_id"])
    if isinstance(inner, Mapping):
        return inner.get(element["action_id"])
    given = values.get(element["action_id"])
    return None if isinstance(given, Mapping) else given
