"""Typos are met: one line about the one word that is wrong, and the corrected line ready to send."""

from collections.abc import Callable

import pytest

from bot.core.errors import UsageError
from bot.slack.parsing import corrected, parse_prune
from tests.slack.place import ANN, OPEN_TO_ALL, Place

Start = Callable[[str], Place]
HOSTS = f'tags = ["prod"]\n{OPEN_TO_ALL}'


@pytest.mark.parametrize(
    ("command", "typed", "right"),
    [
        ("/docker-prune", "prod-3 routin until=10d", "/docker-prune prod-3 routine until=10d"),
        ("/docker-prune", "prod-3 routine untli=10d", "/docker-prune prod-3 routine until=10d"),
        ("/docker-prune", "prod-3 routine until=10days keep=2", "/docker-prune prod-3 routine until=10d keep=2"),
        ("/docker-prune", "prod-3 routine until=10 days", "/docker-prune prod-3 routine until=10d"),
        ("/docker-prune", "prod-3 everything only=imags,cache", "/docker-prune prod-3 everything only=images,cache"),
        ("/docker-prune", "prod-3 everything arrival=built", "/docker-prune prod-3 everything arrival=build"),
        ("/docker-prune", "prdo-3 everything", "/docker-prune prod-3 everything"),
        ("/docker-prune", "prod-3 image=olde:1", "/docker-prune prod-3 image=older:1"),
        ("/docker-prune", "prod-3 why olde:1", "/docker-prune prod-3 why older:1"),
        ("/docker-df", "prod3", "/docker-df prod-3"),
        ("/docker-df", "prod-3,@prd", "/docker-df prod-3,@prod"),
        ("/docker-df", "prod3 -v", "/docker-df prod-3 -v"),
        ("/docker-audit", "host=prod-3 sicne=30d", "/docker-audit host=prod-3 since=30d"),
    ],
)  # fmt: skip
def test_the_corrected_line_is_ready_to_send(start: Start, command: str, typed: str, right: str) -> None:
    place = start(HOSTS)
    place.workspace.command(ANN, command, typed)
    said = place.told(ANN)
    assert said.endswith(f"Ready to send: `{right}`")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("command", "typed", "says"),
    [
        ("/docker-prune", "prod-3 xyzzy", "There is no profile “xyzzy”. The profiles are: "),
        ("/docker-prune", "prod-3 routine everything", "I do not understand “everything”"),
        ("/docker-prune", "prod-3 routine keep=many", "keep=: “many” is no number of versions"),
        ("/docker-df", "prod-3 -v please", "I do not understand “please”"),
        ("/docker-df", "--all", "/docker-df has no option “--all”"),
    ],
)
def test_a_fault_that_nobody_can_mend_is_one_line_about_it(
    start: Start, command: str, typed: str, says: str
) -> None:
    place = start(HOSTS)
    place.workspace.command(ANN, command, typed)
    said = place.told(ANN)
    assert said.startswith(says)
    assert "\n" not in said
    assert "Ready to send" not in said


def test_who_types_a_volume_is_shown_to_the_press_that_picks_it(start: Start) -> None:
    place = start(HOSTS)
    for count, word in enumerate(("volume=pg-data", "volumes=pg-data"), start=1):
        place.workspace.command(ANN, "/docker-prune", f"prod-3 {word}")
        said = place.told(ANN, count)
        assert "press Volumes… under the host's report" in said
        assert "\n" not in said


def test_what_is_asked_in_words_is_put_right_as_it_was_written(start: Start) -> None:
    place = start(HOSTS)
    place.workspace.say(ANN, "@deckhand prune prod-3 routin")
    assert place.told(ANN).endswith("Ready to send: `prune prod-3 routine`")


def test_only_the_word_that_is_wrong_is_put_right() -> None:
    with pytest.raises(UsageError) as caught:
        parse_prune("keap-1 routine keap=2")
    assert (
        corrected("/docker-prune keap-1 routine keap=2", caught.value)
        == "/docker-prune keap-1 routine keep=2"
    )
    assert corrected("/docker-prune something else", caught.value) == ""
