"""A look's offers, the answer to “why” and a plan say the same of an image that was pulled again since the last one."""

from collections.abc import Callable
from datetime import UTC, datetime

from tests.slack.place import ANN, OPEN_TO_ALL, Place, offered, shown

Start = Callable[[str], Place]


def pulled_again(place: Place, name: str) -> None:
    """An engine's list does not tell it: name and id are what they were."""
    known = place.engine.universe
    with known.lock:
        (image,) = (image for reference, image in known.references.items() if str(reference).endswith(name))
        known.tagged_at[image] = datetime.now(UTC)


def test_what_was_pulled_again_stays_by_the_answer_to_why_by_the_offer_and_by_the_plan(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-prune", "prod-3 why old:1")
    assert "*routine* would remove it" in shown(place.message("Why old:1"))
    pulled_again(place, "old:1")
    place.workspace.command(ANN, "/docker-prune", "prod-3 why old:1")
    answer = place.message("*routine* keeps it: tagged or pulled ")
    assert "*everything* would remove it" in shown(answer)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    report = place.message("300MB can go now (routine)")
    place.press(ANN, report, offered(report)[0])
    assert "Frees 300MB in 1 object" in place.message("Cleanup plan: routine").text
