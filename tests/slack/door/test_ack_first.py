"""Acknowledgements come before work, and work is never held up for long."""

import threading
import time

from bot.slack.door.ack_first import LONGEST, AckFirst


def held(ack_first: AckFirst) -> threading.Thread:
    thread = threading.Thread(target=ack_first.hold)
    thread.start()
    return thread


def test_work_begins_at_once_where_nothing_waits() -> None:
    ack_first = AckFirst()
    ack_first.came()
    ack_first.acknowledged()
    waiting = held(ack_first)
    waiting.join(LONGEST / 2)
    assert not waiting.is_alive()


def test_work_waits_for_the_last_acknowledgement() -> None:
    ack_first = AckFirst()
    ack_first.came()
    ack_first.came()
    waiting = held(ack_first)
    ack_first.acknowledged()
    waiting.join(0.05)
    assert waiting.is_alive()
    ack_first.acknowledged()
    waiting.join(LONGEST / 2)
    assert not waiting.is_alive()


def test_acknowledgements_of_what_was_given_up_let_no_later_work_begin_early() -> None:
    ack_first = AckFirst()
    ack_first.came()
    ack_first.hold()  # gives up in the end
    ack_first.acknowledged()
    ack_first.came()
    waiting = held(ack_first)
    waiting.join(0.05)
    assert waiting.is_alive()
    ack_first.acknowledged()
    waiting.join(LONGEST / 2)
    assert not waiting.is_alive()


def test_what_was_lost_with_a_connection_holds_work_up_once() -> None:
    ack_first = AckFirst()
    ack_first.came()
    began = time.monotonic()
    ack_first.hold()
    assert time.monotonic() - began >= LONGEST
    again = held(ack_first)
    again.join(LONGEST / 2)
    assert not again.is_alive()
