"""Logs: which grow without an end."""

import pytest

from bot.core.docker.logs import ContainerLog, Logs, names_of


@pytest.mark.parametrize(
    ("driver", "options", "unbounded"),
    [
        ("json-file", {}, True),
        ("json-file", {"max-file": "3"}, True),  # files of no size are one file
        ("json-file", {"max-size": "-1"}, True),
        ("json-file", {"max-size": ""}, True),
        ("json-file", {"max-size": "10m"}, False),
        ("json-file", {"max-size": "1024"}, False),
        ("json-file", {"max-size": "2gb", "max-file": "3"}, False),
        ("local", {}, False),  # 20 MB and five files by itself
        ("journald", {}, False),
        ("none", {}, False),
        ("", {}, False),
    ],
)
def test_a_log_has_no_end_where_its_driver_sets_none(
    driver: str, options: dict[str, str], *, unbounded: bool
) -> None:
    assert ContainerLog(id="1", name="web", driver=driver, options=options).unbounded is unbounded


def test_those_without_an_end_are_told_by_name_and_the_rest_of_them_counted() -> None:
    logs = Logs(
        containers=[ContainerLog(id=name, name=name, driver="json-file") for name in ("web", "db", "job")]
    )
    assert names_of(logs.unbounded, 2) == "db, job and 1 more"
    assert names_of(logs.unbounded, 3) == "db, job, web"
