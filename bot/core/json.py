"""What JSON can hold, as far as Deckhand uses it: no fractions."""

from typing import TypeAlias

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
