"""What tests of telling begin with."""

import pytest

from bot.store.opening import Store
from tests.services.watch.teller import Clock, with_a_plan


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def a_store(store: Store) -> Store:
    return with_a_plan(store)
