"""What a whole cleanup leaves in the audit: everything that somebody asks who was not there; refusals too."""

from typing import Any

from bot.core.audit.events import ChainedEvent, Tag
from bot.store.opening import Store
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Start, buttons, eventually

STRICT = '[policies.default]\nlook = ["U0ANN"]\nrequest = ["U0ANN"]\napprove = ["U0BOB"]\nexpires = "20m"\n'
STRICT += '[policies.default.protect]\nnames = ["*-data"]\n[protect]\nimages = ["postgres"]\n'


def everything(store: Store, plan: str = "") -> dict[str, list[ChainedEvent]]:
    """The events of a plan, or of none, by their tags."""
    found: dict[str, list[ChainedEvent]] = {}
    for link in store.audit.events(plan):
        found.setdefault(str(link.event.tag), []).append(link)
    return found


def facts(links: list[ChainedEvent]) -> Any:
    (link,) = links
    return link.event.facts


def test_a_cleanup_can_be_told_from_the_audit_alone(start: Start) -> None:
    place = start(STRICT)
    message = place.propose(ANN)
    place.approve(BOB, message)
    place.message("Cleanup done")
    plan_id = place.store.audit.cleanups()[0].plan
    said = everything(place.store, plan_id)

    asked, approved, ended = (
        facts(said[tag]) for tag in (Tag.PLAN_PROPOSED, Tag.PLAN_APPROVED, Tag.CLEANUP_FINISHED)
    )
    policy = {
        "name": "default", "look": ["U0ANN"], "request": ["U0ANN"], "approve": ["U0BOB"], "stop": [],
        "restore": [], "audit": None, "quorum": 1, "self_approval": False, "expires": 1200,
    }  # fmt: skip
    assert asked["policy_in_force"].items() >= policy.items()
    assert approved["policy_in_force"] == asked["policy_in_force"]
    protection = asked["protection_in_force"]
    assert (protection["images"], protection["names"]) == (["postgres"], ["*-data"])
    assert approved["protection_in_force"] == facts(said[Tag.PLAN_VOTED])["protection_in_force"] == protection
    assert (asked["actor_name"], approved["actor_name"]) == ("ann", "bob")
    engine = place.plan(plan_id).plan.draft.engine
    for said_by in (asked, ended):
        assert (said_by["engine"]["id"], said_by["engine"]["version"]) == (engine.id, engine.version)
        assert said_by["deckhand"] == asked["deckhand"] != ""
    assert [item["rule"] for item in asked["items"]] != []
    assert [(item["name"], item["outcome"]) for item in ended["items"]] == [
        (item["name"], "removed") for item in asked["items"]
    ]
    assert all({"predicted_bytes", "bytes", "reason"} <= set(item) for item in ended["items"])
    assert ended["reclaimed_bytes"] == sum(item["bytes"] for item in ended["items"]) > 0
    assert (ended["measured_bytes"], bool(ended["measured_note"])) == (None, True)
    assert (ended["requester"]["id"], [each["id"] for each in ended["approvers"]]) == (ANN, [BOB])
    assert ended["before"] != ended["after"]
    assert (ended["outcome"], ended["duration_ms"] >= 0, ended["started_at"] > asked["expires_at"][:4]) == (
        "done", True, True,
    )  # fmt: skip


def test_the_events_after_a_message_was_posted_say_where_it_stands(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    message = place.propose(ANN)
    plan_id = buttons(message)["approve"]
    eventually(lambda: everything(place.store, plan_id).get(Tag.PLAN_POSTED))
    place.approve(BOB, message)
    place.message("Cleanup done")
    said = everything(place.store, plan_id)
    link = f"{place.workspace.url}/archives/{message.channel}/p{message.ts.replace('.', '')}"
    posted = {"channel": message.channel, "ts": message.ts, "permalink": link}
    assert facts(said[Tag.PLAN_POSTED]).items() >= posted.items()
    for tag in (Tag.PLAN_VOTED, Tag.PLAN_APPROVED, Tag.CLEANUP_STARTED, Tag.CLEANUP_FINISHED):
        assert facts(said[tag])["permalink"] == link


def test_every_refused_attempt_is_in_the_audit_once_a_minute(start: Start) -> None:
    place = start(STRICT)
    for count, (command, text) in enumerate(
        [("/docker-df", "prod-3"), ("/docker-prune", "prod-3 everything"), ("/docker-audit", "host=prod-3")]
        * 2,
        1,
    ):
        place.workspace.command(CYD, command, text)
        place.told(CYD, count)
    refused = everything(place.store)
    for tag, attempted in (
        (Tag.LOOK_REFUSED, "look"), (Tag.REQUEST_REFUSED, "request"), (Tag.AUDIT_REFUSED, "audit"),
    ):  # fmt: skip
        links = refused[tag]
        assert 1 <= len(links) <= 2  # the minute may have turned over
        event = links[0].event
        assert (event.actor, event.host, event.facts["attempted"]) == (CYD, "prod-3", attempted)
        assert event.facts["policy"] == "default"
        assert "U0ANN" in str(event.facts["reason"])
    assert place.store.chain.verify().broken is None


def test_a_vote_on_a_plan_that_nobody_knows_is_in_the_audit(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    message = place.propose(ANN)
    plan_id = buttons(message)["approve"]
    with place.store.sessions._db.begin() as connection:
        for table in ("plan_item", "vote", "plan"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - the names above
    place.workspace.click(BOB, message.ts, "approve")
    assert place.told(BOB).startswith("This plan is not in the database")
    (refused,) = everything(place.store, plan_id)[Tag.PLAN_REFUSED]
    assert (refused.event.actor, refused.event.host, refused.event.facts["attempted"]) == (BOB, "", "approve")


def test_the_head_of_the_audit_is_posted_once_a_day_whoever_runs(start: Start) -> None:
    posts = '[audit]\nhead_channel = "C0OPS"\nhead_at = "00:00"\n' + OPEN_TO_ALL
    place = start(posts)
    message = place.message("The audit stands at event ")
    place.propose(ANN)
    assert len([m for m in place.workspace.messages() if "The audit stands" in m.text]) == 1
    seq, _, digest = message.text.rpartition(" ")[2].partition(":")
    (announced,) = everything(place.store)[Tag.AUDIT_HEAD_POSTED]
    assert place.store.trail.announce_head(announced.at.date(), "C0OPS") is None, (
        "what another replica is told"
    )
    assert (announced.seq, announced.hash) == (int(seq), digest)
    assert announced.event.facts["channel"] == "C0OPS"
    assert eventually(lambda: place.store.audit.head().seq > announced.seq)
