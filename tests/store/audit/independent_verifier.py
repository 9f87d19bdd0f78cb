"""Verifies an export of the audit. Written from the text that `deckhand audit format` prints, and nothing else.

    python independent_verifier.py EXPORT [KEY…]

Prints `whole`, or the number of the first event that does not hold; keys are named newest first.
"""

import hashlib
import hmac
import json
import sys
from collections.abc import Sequence
from typing import Any


def canonical(event: dict[str, Any]) -> str:
    names = ["actor", "at", "facts", "host", "once", "plan", "seal", "seq", "tag"]
    kept = {name: event[name] for name in names if event["seal"] or name not in {"once", "seal"}}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def digest(event: dict[str, Any], keys: dict[str, bytes]) -> str:
    text = f"{event['previous']}\n{canonical(event)}".encode()
    seal = event["seal"]
    if seal in {"", "sha256"}:
        return hashlib.sha256(text).hexdigest()
    key = keys.get(seal.removeprefix("hmac-sha256:"))
    return hmac.new(key, text, "sha256").hexdigest() if key else "no key"


def first_broken(lines: Sequence[str], secrets: Sequence[str] = ()) -> int | None:
    texts = [secret.strip().encode() for secret in secrets]
    keys = {hmac.new(key, b"deckhand audit key", "sha256").hexdigest()[:16]: key for key in texts}
    header, *events, footer = [json.loads(line) for line in lines]
    assert (header["audit"], header["version"]) == ("deckhand", 1)
    if "seq" in footer:  # the last line is not there
        return int(footer["seq"]) + 1
    seq = footer["first"] - 1 if header["complete"] and footer["first"] else None
    previous, age = None, len(texts)
    for event in events:
        if seq is None or (not header["complete"] and event["seq"] > seq + 1):
            seq, previous = event["seq"] - 1, None
        keyed = event["seal"].removeprefix("hmac-sha256:")
        now = list(keys).index(keyed) if keyed in keys else len(texts)
        follows = event["seq"] == seq + 1 and previous in {None, event["previous"]}
        if not follows or now > age or digest(event, keys) != event["hash"]:
            return int(seq) + 1
        seq, previous, age = event["seq"], event["hash"], now
    if (len(events), previous) != (footer["events"], footer["hash"]) or (
        footer["last"] == footer["head"]["seq"] and footer["hash"] != footer["head"]["hash"]
    ):
        return (seq or 0) + 1
    return seq if texts and age == len(texts) else None


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as export:  # noqa: PTH123 - needs no more than this
        print(first_broken(export.read().splitlines(), sys.argv[2:]) or "whole")  # noqa: T201 - its answer
