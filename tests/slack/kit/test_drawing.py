"""What draws holds no more of the machine the more threads ask it to."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.slack.kit.drawing import drawn
from bot.slack.watch.chart import chart_of
from tests.core.watch.histories import made
from tests.slack.watch.test_history import history


def test_one_thread_draws_whoever_asks() -> None:
    def draw() -> bytes:
        return threading.current_thread().name.encode()

    with ThreadPoolExecutor(4) as askers:
        names = {task.result() for task in [askers.submit(drawn, draw) for _ in range(12)]}
    assert len(names) == 1


def fonts() -> list[str]:
    opened = [str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return sorted(name for name in opened if name.endswith(".ttf"))


def test_the_fonts_are_opened_once_however_many_threads_ask() -> None:
    asked = history(made(1, 28).samples)
    chart_of(asked)
    before = fonts()
    assert before
    for _ in range(3):
        with ThreadPoolExecutor(1) as asker:
            asker.submit(chart_of, asked).result()
    assert fonts() == before
