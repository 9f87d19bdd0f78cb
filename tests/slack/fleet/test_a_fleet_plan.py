"""Many hosts, one decision: one message, decided on together by each host's own policy, begun in waves."""

from collections.abc import Callable

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from bot.slack.action_ids import (
    FLEET_ADJUST,
    FLEET_ALONE,
    FLEET_APPROVE,
    FLEET_APPROVE_PLAN,
    FLEET_GO_ON,
    FLEET_ONE,
    FLEET_REJECT,
    FLEET_STOP,
)
from tests.slack.fleet.site import HOSTS, Site, menu_of, named, rows, said, use
from tests.slack.place import ANN, BOB, CYD, PATIENCE, buttons

OPEN = """
[policies.default]
look = ["*"]
request = ["*"]
approve = ["*"]
stop = ["*"]
"""
Begin = Callable[..., Site]


def ask(site: Site, words: str = "@web everything") -> None:
    site.workspace.command(ANN, "/docker-prune", words)


def press(site: Site, by: str, action: str, text: str = "Approve?", value: str | None = None) -> None:
    assert site.workspace.click(by, site.message(text).ts, action, value).ok


def ended(site: Site) -> None:
    site.comes_to(lambda state: state.ended)


def test_one_approval_cleans_every_host_in_waves_and_one_message_reports_it(begin: Begin) -> None:
    site = begin(OPEN)
    ask(site)
    message = site.message("Approve?")
    table = rows(message)
    assert list(table) == [*HOSTS, "all"]
    assert table["web-1"][:3] == ("2", "1GB", "2 images")
    assert table["all"][0] == "8"
    assert "cannot be undone" in message.text
    assert not site.place.store.runs.claimable()
    press(site, BOB, FLEET_APPROVE)
    ended(site)
    message = site.message("✅")
    assert {host: cells[1] for host, cells in rows(message).items() if host != "all"} == dict.fromkeys(
        HOSTS, "done"
    )
    assert [rows(message)[host][0] for host in HOSTS] == ["1", "2", "3", "4"]
    assert not site.untouched()
    assert len([m for m in site.workspace.messages() if not m.thread_ts]) == 1, "one message in the channel"
    (done,) = site.events(Tag.FLEET_ENDED)
    assert done.facts["reclaimed_bytes"] == 4 * 10**9
    assert site.place.store.chain.verify().broken is None
    assert site.place.store.chain.compare().differences == ()


def test_each_hosts_own_policy_counts_and_who_may_not_ask_is_left_out_and_named(begin: Begin) -> None:
    policies = f"""{OPEN}
[policies.two]
tags = ["two"]
quorum = 2
[policies.bobs]
tags = ["bobs"]
approve = ["{BOB}"]
[policies.shut]
tags = ["shut"]
request = ["{CYD}"]
"""
    tags = {"web-2": ["web", "two"], "web-3": ["web", "bobs"], "web-4": ["web", "shut"]}
    site = begin(policies, tags)
    ask(site)
    message = site.message("Approve?")
    assert list(rows(message)) == ["web-1", "web-2", "web-3", "all"]
    assert "web-4: You may not ask for cleanups on web-4" in said(message)
    assert rows(message)["web-2"][3] == "0 of 2 approved"
    press(site, CYD, FLEET_APPROVE)
    site.comes_to(lambda state: state.standings[0].status is Status.DONE)
    state = site.fleet()
    assert [one.status for one in state.standings[1:]] == [Status.PROPOSED, Status.PROPOSED]
    assert [len(one.approvers) for one in state.standings[1:]] == [1, 0]
    voted = site.events(Tag.FLEET_VOTED)[-1]
    assert named(voted, "plans") == ["web-1", "web-2"]
    assert named(voted, "refused") == ["web-3"]
    assert site.untouched() == {"web-2", "web-3", "web-4"}
    press(site, BOB, FLEET_APPROVE)
    ended(site)
    assert site.untouched() == {"web-4"}


def test_whoever_asked_may_approve_only_where_the_policy_lets_them(begin: Begin) -> None:
    own = '[policies.own]\ntags = ["own"]\nself_approval = true\n'
    site = begin(OPEN + own, {"web-2": ["web", "own"]})
    ask(site)
    press(site, ANN, FLEET_APPROVE)
    site.comes_to(lambda state: state.standings[1].status is Status.DONE)
    assert {one.status for one in site.fleet().standings if one.host != "web-2"} == {Status.PROPOSED}
    assert site.untouched() == {"web-1", "web-3", "web-4"}


def test_a_host_that_keeps_too_much_holds_the_rest_until_a_person_says_go_on(begin: Begin) -> None:
    site = begin(OPEN)
    ask(site)
    site.message("Approve?")
    use(site, "web-1", "old:1")
    use(site, "web-1", "older:1")
    press(site, BOB, FLEET_APPROVE)
    site.comes_to(lambda state: bool(state.held))
    message = site.message("Held: no further host begins")
    assert "2 of 2 objects were kept, more than 50%" in said(message)
    assert {FLEET_GO_ON, FLEET_STOP} <= set(buttons(message))
    assert site.untouched() == set(HOSTS)
    press(site, BOB, FLEET_GO_ON, "Held: no further host begins")
    ended(site)
    assert site.untouched() == {"web-1"}
    (held,) = site.events(Tag.FLEET_HELD)
    assert held.facts["plans"] == [{"host": "web-1", "plan": site.fleet().standings[0].plan}]
    (went_on,) = site.events(Tag.FLEET_WENT_ON)
    assert went_on.actor == BOB


def test_stop_ends_a_held_rollout_and_nothing_more_begins(begin: Begin) -> None:
    site = begin(OPEN)
    ask(site)
    site.message("Approve?")
    use(site, "web-1", "old:1")
    use(site, "web-1", "older:1")
    press(site, BOB, FLEET_APPROVE)
    site.comes_to(lambda state: bool(state.held))
    press(site, CYD, FLEET_STOP, "Held: no further host begins")
    ended(site)
    assert site.untouched() == set(HOSTS)
    assert [one.status for one in site.fleet().standings[1:]] == [Status.CANCELLED] * 3


def test_hosts_are_left_out_and_the_votes_of_the_others_stand(begin: Begin) -> None:
    site = begin(OPEN.replace('stop = ["*"]', 'stop = ["*"]\nquorum = 2'))
    ask(site)
    press(site, BOB, FLEET_APPROVE)
    site.comes_to(lambda state: all(one.approvers == (BOB,) for one in state.standings))
    press(site, ANN, FLEET_ADJUST)
    assert site.workspace.wait_for(lambda: site.workspace.view(ANN), PATIENCE)
    left = menu_of(site.message("Approve?"))["web-2"]
    assert site.workspace.submit_view(ANN, {"leave_out": [left]}).ok
    site.comes_to(lambda state: state.standings[1].status is Status.CANCELLED)
    press(site, CYD, FLEET_APPROVE, "on 3 hosts")
    ended(site)
    assert site.untouched() == {"web-2"}
    (narrowed,) = site.events(Tag.FLEET_NARROWED)
    assert (narrowed.actor, narrowed.facts["plans"]) == (ANN, [{"host": "web-2", "plan": left}])


def test_all_of_one_host_is_one_press_away_and_it_may_be_decided_on_alone(begin: Begin) -> None:
    site = begin(OPEN)
    ask(site)
    message = site.message("Approve?")
    plan = menu_of(message)["web-3"]
    assert site.workspace.click(BOB, message.ts, FLEET_ONE, plan).ok
    view = site.workspace.wait_for(lambda: site.workspace.view(BOB), PATIENCE)
    assert view is not None
    assert "older:1" in str(view)
    assert site.workspace.click(BOB, str(view["id"]), FLEET_ALONE, plan).ok
    alone = site.message("Cleanup plan: everything on web-3")
    assert site.workspace.click(BOB, alone.ts, "approve").ok
    site.comes_to(lambda state: state.standings[2].status is Status.DONE)
    assert site.untouched() == {"web-1", "web-2", "web-4"}


def test_rejecting_ends_every_plan_that_waits_for_a_reason(begin: Begin) -> None:
    site = begin(OPEN)
    ask(site, "web-1,web-2 everything")
    press(site, BOB, FLEET_REJECT)
    assert site.workspace.wait_for(lambda: site.workspace.view(BOB), PATIENCE)
    assert site.workspace.submit_view(BOB, {"reason": "not on a Friday"}).ok
    ended(site)
    assert {one.status for one in site.fleet().standings} == {Status.REJECTED}
    assert site.untouched() == set(HOSTS)


def test_on_production_approve_asks_once_more_and_names_what_goes(begin: Begin) -> None:
    site = begin(OPEN, {"web-2": ["web", "prod"]})
    ask(site)
    assert "(PROD)" in site.message("Approve?").text
    press(site, BOB, FLEET_APPROVE)
    form = site.workspace.wait_for(lambda: site.workspace.view(BOB), PATIENCE)
    assert form is not None
    assert form["callback_id"] == FLEET_APPROVE_PLAN
    assert all(host in str(form) for host in HOSTS)
    assert {one.status for one in site.fleet().standings} == {Status.PROPOSED}
    assert site.workspace.submit_view(BOB, {}).ok
    ended(site)
    assert not site.untouched()


def test_hosts_without_anything_and_hosts_out_of_reach_are_named_and_keep_nobody_out(begin: Begin) -> None:
    site = begin(
        OPEN + '[hosts.gone]\ndocker = "unix:///nowhere/docker.sock"\ntags = ["web"]\nwatch = "off"\n'
    )
    ask(site, "@web everything until=720h only=images not=old*")
    private = site.place.told(ANN)
    assert "There is no plan for “@web”" in private
    assert "web-1, web-2, web-3, web-4: “everything” finds nothing to remove" in private
    assert "gone:" in private
    ask(site, "all everything")
    message = site.message("Approve?")
    assert "gone" not in rows(message)
    assert "*Left out*: 1 host" in said(message)
