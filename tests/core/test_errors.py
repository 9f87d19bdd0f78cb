"""Errors are sentences that a person can read, in one tree."""

import pytest

from bot.core import errors


def test_every_error_belongs_to_the_one_tree() -> None:
    own = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(own) > 15
    assert all(issubclass(kind, errors.DeckhandError) for kind in own)


def test_all_mistakes_of_a_configuration_are_told_at_once() -> None:
    error = errors.ConfigurationError(["hosts.a: no address", "slack: no token"])
    assert error.problems == ("hosts.a: no address", "slack: no token")
    assert str(error) == "hosts.a: no address\nslack: no token"


def test_an_error_of_a_host_begins_with_its_name() -> None:
    error = errors.HostUnreachableError("prod-3", "nothing answers")
    assert (error.host, str(error)) == ("prod-3", "prod-3: nothing answers")


@pytest.mark.parametrize("kind", [errors.EngineRequestError, errors.ConflictError, errors.NotFoundError])
def test_an_answer_of_the_engine_keeps_its_status_and_its_words(
    kind: type[errors.EngineRequestError],
) -> None:
    error = kind("prod-3", 409, "image is referenced")
    assert (error.host, error.status, error.message) == ("prod-3", 409, "image is referenced")
    assert str(error) == "prod-3: the engine answered 409: image is referenced"
