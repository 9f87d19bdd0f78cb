"""The digest of a plan: whatever is changed in it shows, and nothing else does."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.audit import written
from bot.core.audit.written import canonical, plan_digest
from bot.core.plan.plan import Plan
from tests.store.samples import plan

PLAN = written.PLAN.read(written.PLAN.text(plan(items=2)))


def changed(value: Any) -> Iterator[tuple[str, Any]]:
    """Every value that differs from this one in a single place, and where that is."""
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            for where, other in changed(getattr(value, one.name)):
                yield f"{one.name}.{where}", replace(value, **{one.name: other})
    elif isinstance(value, Mapping):
        yield from changed_mapping(value)
    elif isinstance(value, tuple):
        yield from changed_list(value)
    else:
        yield from changed_leaf(value)


def changed_mapping(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "more", {**value, "another": 1}
    for key in value:
        yield f"without {key}", {each: value[each] for each in value if each != key}
        yield from ((f"{key}.{where}", {**value, key: other}) for where, other in changed(value[key]))


def changed_list(value: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    yield "twice", (*value, *value) if value else ("new",)
    yield from (("turned", value[::-1]) for _ in range(value[::-1] != value))
    for index, each in enumerate(value):
        yield f"without {index}", (*value[:index], *value[index + 1 :])
        for where, other in changed(each):
            yield f"{index}.{where}", (*value[:index], other, *value[index + 1 :])


def changed_leaf(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        yield "not", not value
    elif isinstance(value, int):
        yield "one more", value + 1
    elif isinstance(value, datetime):
        yield "later", value + timedelta(microseconds=1)
    elif value is None:
        yield "set", 1
    else:
        yield "longer", f"{value} "


def test_whatever_is_changed_in_a_plan_changes_its_digest() -> None:
    others = dict(changed(PLAN))
    digests = {where: plan_digest(other) for where, other in others.items()}
    assert {"id.longer", "draft.items.1.references.0.longer", "expires_at.later"} <= digests.keys()
    assert [where for where, digest in digests.items() if digest == plan_digest(PLAN)] == []
    assert len(set(digests.values())) == len(digests)


def test_a_plan_has_one_digest_whatever_database_kept_it() -> None:
    again = written.PLAN.read(written.PLAN.text(PLAN))
    turned = replace(again, draft=replace(again.draft, layers=dict(list(again.draft.layers.items())[::-1])))
    assert plan_digest(turned) == plan_digest(PLAN)


def test_the_canonical_form_is_written_down() -> None:
    form, text = canonical(PLAN).split("\n")
    assert form == "deckhand plan 1"
    assert text.startswith('{"commands":["docker image prune -a --filter until=168h"],"created_at":"2')
    assert '"notes"' not in text, "a field that has its default is left out"
    assert plan_digest(PLAN) == "sha256:" + hashlib.sha256(canonical(PLAN).encode()).hexdigest()


def test_what_has_no_canonical_form_has_no_digest() -> None:
    broken: Plan = replace(PLAN, policy=1.5)  # type: ignore[arg-type] # what nobody can put there by type
    with pytest.raises(TypeError, match="a plan holds no float"):
        plan_digest(broken)
