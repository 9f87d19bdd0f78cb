"""The arguments of a Web API call, however they came: query, form or JSON."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from bot.trial.workspace.core import JSON, Refused

# Arguments that are JSON in themselves, and come as a string in a form.
_NESTED = ("blocks", "attachments", "metadata", "view", "files")
_FALSE = ("", "0", "false", "False", None)


class Args:
    """Arguments by name. Reading one that must be there raises Refused (`invalid_arguments`)."""

    def __init__(self, values: JSON) -> None:
        self.values = values

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise Refused("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        return self.values.get(name) not in (*_FALSE, False)

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise Refused("invalid_arguments", [f"[ERROR] must be a number: {name}"]) from None

    def view(self) -> JSON:
        view = self.values.get("view")
        if not isinstance(view, dict):
            raise Refused("invalid_arguments", ["[ERROR] missing required field: view"])
        return view

    def message(self) -> JSON:
        """Give the parts of a message, checked for shape only."""
        message = {key: self.values.get(key) for key in ("text", "blocks", "attachments", "metadata")}
        for key in ("blocks", "attachments"):
            if message[key] is not None and not isinstance(message[key], list):
                raise Refused(f"invalid_{key}_format")
        return message


def read_args(query: Mapping[str, str], content_type: str, body: bytes) -> Args:
    """Raise Refused (`invalid_json`, `invalid_form_data`) for a body that cannot be read."""
    values: JSON = dict(query)
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        values |= _from_json(body)
    elif body:
        values |= _from_form(body)
    for name in _NESTED:
        if isinstance(values.get(name), str):
            values[name] = _nested(name, values[name])
    return Args(values)


def _from_json(body: bytes) -> JSON:
    try:
        values = json.loads(body or b"{}")
    except ValueError:
        raise Refused("invalid_json") from None
    if not isinstance(values, dict):
        raise Refused("json_not_object")
    return values


def _from_form(body: bytes) -> JSON:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError:
        raise Refused("invalid_form_data") from None


def _nested(name: str, text: str) -> object:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise Refused(f"invalid_{name}_format" if name == "blocks" else "invalid_arguments") from None
