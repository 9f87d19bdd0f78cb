"""The `filters` parameter: which are known, and what they mean for each kind of object."""

import fnmatch
import json
import re
from collections.abc import Collection, Mapping
from datetime import timedelta

from bot.trial.sample.errors import InvalidParameterError
from bot.trial.sample.names import Reference

_DURATION = re.compile(r"(\d+(?:\.\d*)?)([^\d.]*)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_TRUE = frozenset({"1", "true", "True", "t", "T"})
_FALSE = frozenset({"0", "false", "False", "f", "F"})


class Filters:
    """Filters as values by name; both JSON forms that clients send are read."""

    def __init__(self, raw: str, known: Collection[str]) -> None:
        """Read the parameter; a name that is not known is refused in the engine's wording."""
        self._values: dict[str, list[str]] = {}
        for name, values in _decode(raw).items():
            if name not in known:
                raise InvalidParameterError(f"invalid filter '{name}'")
            self._values[name] = [str(value) for value in values]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def flag(self, name: str) -> bool | None:
        """Return a true-or-false filter, None where it was not given."""
        values = self.get(name)
        if not values:
            return None
        if set(values) <= _TRUE:
            return True
        if set(values) <= _FALSE:
            return False
        raise InvalidParameterError(f"invalid filter '{name}={values}'")

    def any_of(self, name: str, candidates: Collection[str]) -> bool:
        """Whether one of the candidates is asked for, or the filter was not given."""
        return name not in self or any(value in candidates for value in self.get(name))

    def matches_labels(self, labels: Mapping[str, str]) -> bool:
        """Whether every label asked for, `key` or `key=value`, is there."""
        for wanted in self.get("label"):
            key, equals, value = wanted.partition("=")
            if key not in labels or (equals and labels[key] != value):
                return False
        return True

    def matches_names(self, name: str, candidate: str) -> bool:
        """Whether a candidate matches one of the values as an unanchored expression."""
        return name not in self or any(searches(value, candidate) for value in self.get(name))

    def matches_reference(self, reference: Reference) -> bool:
        """Whether a reference matches one of the patterns, with or without its tag (`path.Match`)."""
        if "reference" not in self:
            return True
        forms = (str(reference), reference.repository)
        return any(fnmatch.fnmatchcase(form, value) for form in forms for value in self.get("reference"))


def _decode(raw: str) -> dict[str, list[str]]:
    if not raw:
        return {}
    try:
        decoded = json.loads(raw)
    except ValueError as error:
        raise InvalidParameterError("invalid filter") from error
    if not isinstance(decoded, dict) or not all(isinstance(one, (list, dict)) for one in decoded.values()):
        raise InvalidParameterError("invalid filter")
    return {name: list(values) for name, values in decoded.items()}


def searches(expression: str, text: str) -> bool:
    """Whether an unanchored expression fits; a broken one is no error to the engine: it fits nothing."""
    try:
        return re.search(expression, text) is not None
    except re.error:
        return False


def go_duration(text: str) -> timedelta:
    """Read a Go duration such as `1h30m`. Raises ValueError in Go's words; Go knows no days."""
    if text == "0":
        return timedelta()
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f'time: invalid duration "{text}"')
    seconds = 0.0
    for number, unit in parts:
        if not unit:
            raise ValueError(f'time: missing unit in duration "{text}"')
        if unit not in _SECONDS:
            raise ValueError(f'time: unknown unit "{unit}" in duration "{text}"')
        seconds += float(number) * _SECONDS[unit]
    return timedelta(seconds=seconds)
