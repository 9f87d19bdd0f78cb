"""Labels as Docker's ``label`` and ``label!`` filters read them, but that each ``label!`` spares by itself."""

from collections.abc import Mapping

import pytest

from bot.core.docker.labels import ANY_OBJECT, LabelFilter, carries


@pytest.mark.parametrize(
    ("labels", "wanted", "found"),
    [
        ({"a": "b"}, "a", True),
        ({"a": ""}, "a", True),
        ({"a": "b"}, "a=b", True),
        ({"a": "b"}, "a=c", False),
        ({"a": "b"}, "a=", False),
        ({"a": ""}, "a=", True),
        ({"a": "b=c"}, "a=b=c", True),
        ({"a": "b"}, "A", False),
        ({"a": "b"}, "b", False),
        ({}, "a", False),
        ({}, "", False),
    ],
)
def test_a_label_is_carried_by_its_key_or_by_key_and_exact_value(
    labels: Mapping[str, str], wanted: str, *, found: bool
) -> None:
    assert carries(labels, wanted) is found


@pytest.mark.parametrize(
    ("wanted", "labels", "objection"),
    [
        (("a", "b=1"), {"a": "x", "b": "1"}, None),
        (("a", "b=1"), {"a": "x", "b": "2"}, "it does not carry the label b=1"),
        (("a", "b=1"), {"b": "1"}, "it does not carry the label a"),
        (("a", "a=x"), {"a": "x"}, None),
        ((), {}, None),
        (("",), {"a": "x"}, "it does not carry the label "),
    ],
)
def test_several_wanted_labels_must_all_be_carried(
    wanted: tuple[str, ...], labels: Mapping[str, str], objection: str | None
) -> None:
    assert LabelFilter(wanted=wanted).objection(labels) == objection


@pytest.mark.parametrize(
    ("labels", "objection"),
    [
        ({}, None),
        ({"keep": "no"}, None),
        ({"keep": "yes"}, "it carries the label keep=yes"),
        ({"prod": ""}, "it carries the label prod"),
        ({"keep": "yes", "prod": ""}, "it carries the label keep=yes"),
    ],
)
def test_each_refused_label_spares_by_itself(labels: Mapping[str, str], objection: str | None) -> None:
    """Docker's own prune would take all but the last of these: there, only what carries both is spared."""
    assert LabelFilter(refused=("keep=yes", "prod")).objection(labels) == objection


def test_a_wanted_label_does_not_outweigh_a_refused_one() -> None:
    both = LabelFilter(wanted=("stage=ci",), refused=("keep",))
    assert both.objection({"stage": "ci"}) is None
    assert both.objection({"stage": "ci", "keep": ""}) == "it carries the label keep"
    assert both.objection({"keep": ""}) == "it does not carry the label stage=ci"


def test_a_filter_is_read_as_words_and_as_dockers_options() -> None:
    both = LabelFilter(wanted=("a", "b=1"), refused=("c", "d=2"))
    assert both.words() == "label a, label b=1, no label c, no label d=2"
    assert both.options() == (" --filter label=a --filter label=b=1 --filter label!=c --filter label!=d=2")
    assert (ANY_OBJECT.words(), ANY_OBJECT.options()) == ("", "")
