"""Ids that belong to a request: the same each time, and another for each request."""

import re

from bot.core.ids import ALPHABET, LENGTH, id_of


def test_a_request_has_one_id_that_can_be_read_aloud() -> None:
    found = [id_of(f"13345224609.738474920.{number}") for number in range(10_000)]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(f"[{ALPHABET}]{{{LENGTH}}}", one) for one in found)
    assert id_of("13345224609.738474920.7") == found[7]
