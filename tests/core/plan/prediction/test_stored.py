"""What plans free on the containerd store: blobs and snapshots, each kind of holder by itself and beside the others."""

from dataclasses import replace

from bot.core.docker.content.blobs import Build
from bot.core.docker.inventory import CacheRecord
from tests.core.stored import CONFIG, INDEX, MANIFEST, Store, user
from tests.core.things import ago, planned, record, taken

NAMES = CONFIG + MANIFEST + INDEX
EXACT = "exact: counted blob by blob and layer by layer, shared ones once"


def built(name: str, size: int, **more: object) -> CacheRecord:
    """A record that a build made; one that a FROM made has no description."""
    return record(name, size, **{"description": f"COPY {name}", "shared": True, "used": 1, **more})


def test_an_image_frees_its_blobs_and_its_snapshots() -> None:
    store = Store()
    app = store.image("app", ("a", 10, 100), ("b", 20, 200))
    plan = planned("everything", store.seen(app))
    assert (plan.frees.low, plan.frees.high, plan.frees.exact) == (330 + NAMES, 330 + NAMES, True)
    assert plan.frees.why == EXACT
    assert sum(plan.layers.values()) == plan.frees.high
    assert plan.layers["blob a"] == 10
    assert plan.layers[app.chain_ids[1]] == 200


def test_what_images_share_counts_at_the_last_of_them_and_not_at_all_where_one_stays() -> None:
    store = Store()
    base, other = store.image("base", ("a", 10, 100)), store.image("other", ("a", 10, 100), ("b", 20, 200))
    plan = planned("everything", store.seen(base, other))
    assert sorted(item.bytes for item in plan.items) == [NAMES, 330 + NAMES]
    assert plan.frees.high == 330 + 2 * NAMES
    plan = planned("everything", store.seen(base, other, user("web", base, "running")))
    assert [item.bytes for item in plan.items] == [220 + NAMES]


def test_a_container_holds_snapshots_and_no_blobs() -> None:
    store = Store()
    app = store.image("app", ("a", 10, 100))
    forced = user("forced", app)
    seen = store.seen(forced)  # the image's name was taken off by force, and its blobs are still remembered
    assert planned("everything", seen).frees.high == 100
    assert planned("everything", store.seen(app, forced)).frees.high == 110 + NAMES


def test_a_container_whose_image_nobody_has_seen_may_hold_what_others_stand_on() -> None:
    store = Store()
    app = store.image("app", ("a", 10, 100), ("b", 20, 200))
    lost = user(
        "lost", app, "running", image_id="gone", image="gone:1", manifest="gone", size_rw=5, size_root_fs=105
    )
    plan = planned("everything", store.seen(app, lost))
    assert (plan.frees.low, plan.frees.high) == (230 + NAMES, 330 + NAMES)
    assert "a kept container's image is gone" in plan.frees.why
    stopped = user("lost", app, image_id="gone", image="gone:1", manifest="gone", size_rw=5, size_root_fs=105)
    plan = planned("everything", store.seen(stopped))
    assert (plan.frees.low, plan.frees.high, plan.frees.exact) == (5, 105, False)


def test_a_record_that_a_build_made_has_a_snapshot_of_its_own() -> None:
    store = Store()
    app = store.image("app", ("a", 10, 100))
    made = built("made", 110)
    running = store.seen(app, made, user("web", app, "running"))
    assert [(i.id, i.bytes) for i in planned("everything", running).items] == [("made", 100)]
    plan = planned("everything", store.seen(app, made))
    assert {i.id: i.bytes for i in plan.items} == {app.id: 100 + NAMES, "made": 110}
    young = built("made", 110, in_use=True, last_used_at=ago(hours=2))
    assert [i.bytes for i in planned("everything", store.seen(app, young)).items] == [100 + NAMES]


def test_a_record_that_a_from_made_holds_what_the_image_holds() -> None:
    store = Store()
    base = store.image("base", ("a", 10, 100), sourced=True)
    of = record("from", 10, shared=True, used=1)
    plan = planned("everything", store.seen(base, of, user("web", base, "running")))
    assert taken(plan) == set()  # removing it would free nothing
    kept = record("from", 10, shared=True, used=1, in_use=True, last_used_at=ago(hours=2))
    assert planned("everything", store.seen(base, kept)).frees.high == 0
    plan = planned("everything", store.seen(base, of))
    assert {i.id: i.bytes for i in plan.items} == {base.id: 0, "from": 110 + NAMES}


def test_records_of_one_size_are_told_apart_by_what_they_stand_on_and_by_the_moment_they_were_made() -> None:
    store = Store()
    one = store.image("one", ("a", 10, 100), ("c", 10, 100), made_at=ago(days=1))
    two = store.image("two", ("b", 20, 100), ("d", 10, 100), made_at=ago(days=2))
    low = record("low", 20, shared=True, used=1)
    high = built("high", 110, parents=("low",), in_use=True, last_used_at=ago(hours=2))
    plan = planned("everything", store.seen(one, two, low, high))
    assert (plan.frees.exact, plan.frees.high) == (True, 10 + 100 + 10 + 100 + NAMES + 100 + NAMES)
    early = built("early", 110, created_at=ago(days=2), in_use=True, last_used_at=ago(hours=2))
    plan = planned("everything", store.seen(one, two, early))
    assert plan.frees.exact
    assert "blob d" not in plan.layers
    assert "blob c" in plan.layers


def test_a_kept_record_that_may_be_either_of_two_layers_makes_a_range_that_holds_both() -> None:
    store = Store()
    one, two = store.image("one", ("a", 10, 100)), store.image("two", ("b", 10, 100))
    either = built("either", 110, in_use=True, last_used_at=ago(hours=2))
    plan = planned("everything", store.seen(one, two, either))
    assert (plan.frees.low, plan.frees.high) == (200 + 2 * NAMES, 220 + 2 * NAMES)
    assert plan.frees.why == "a range: build cache may hold some of these layers"


def test_a_record_whose_image_has_gone_frees_all_that_is_left_of_it() -> None:
    store = Store()
    store.image("app", ("a", 10, 512))
    store.forget("app", "a")
    assert planned("everything", store.seen(built("made", 522, shared=False))).frees.high == 522


def test_a_from_whose_image_has_gone_says_that_it_frees_more_than_the_engine_tells() -> None:
    store = Store()
    store.image("base", ("a", 10, 512))
    store.forget("base", "a")
    plan = planned("everything", store.seen(record("from", 10, used=1)))
    assert (plan.frees.low, plan.frees.exact) == (10, False)
    assert "a lower bound" in plan.frees.why


def test_layers_that_were_linked_are_found_wherever_they_lie() -> None:
    store = Store()
    app = store.image("app", ("a", 10, 100), ("b", 20, 200))
    base, linked = built("base", 110), built("linked", 220)
    merged = built("merged", 0, parents=("base", "linked"))
    plan = planned("everything", store.seen(app, base, linked, merged))
    assert {i.id: i.bytes for i in plan.items if i.id != app.id} == {"base": 110, "linked": 220, "merged": 0}
    assert plan.frees.high == 330 + 300 + NAMES


def test_the_history_of_builds_holds_what_they_made_but_no_layers() -> None:
    store = Store()
    app = store.image("app", ("a", 10, 100))
    store.builds.append(Build(results=(app.id,)))
    assert planned("everything", store.seen(app)).frees.high == 110


def test_what_is_packed_in_several_ways_goes_with_its_record() -> None:
    store = Store()
    app = store.image("app", ("a", 10, 100))
    store.image("other", ("zstd", 7, 100), tags=())
    store.forget("other", "zstd")
    layer = store.blobs["blob a"]
    store.blobs["blob a"] = type(layer)(
        digest="blob a",
        size=10,
        diff_id=layer.diff_id,
        built=True,
        variants=("blob zstd",),
        refers_to=("blob zstd",),
    )
    plan = planned("everything", store.seen(app, built("made", 117)))
    assert {i.id: i.bytes for i in plan.items} == {app.id: 100 + NAMES, "made": 117}


def test_where_the_content_is_not_known_it_stays_an_estimate() -> None:
    store = Store()
    app = store.image("app", ("a", 10, 100))
    seen = replace(
        store.seen(app), content=None, no_content="its content could not be asked for: /grpc is answered 403"
    )
    why = planned("everything", seen).frees.why
    assert why.startswith("an estimate")
    assert "/grpc is answered 403" in why


def test_records_of_one_size_whose_images_have_gone_free_all_that_is_left_whichever_holds_which() -> None:
    store = Store()
    store.image("app", ("a", 10, 512), ("b", 10, 512))
    for late, name in enumerate("ab"):
        store.blobs[f"blob {name}"] = replace(store.blobs[f"blob {name}"], created_at=ago(days=1 - late))
    store.forget("app", "a", "b")
    low = built("low", 522, shared=False, created_at=ago(days=2))
    high = built("high", 522, shared=False, created_at=ago(days=2), parents=("low",))
    plan = planned("everything", store.seen(low, high))
    assert (plan.frees.low, plan.frees.high, plan.frees.exact) == (2 * 522, 2 * 522, True)
    young = replace(high, in_use=True, last_used_at=ago(hours=2))
    assert taken(planned("everything", store.seen(low, young))) == set()
    plan = planned("everything", store.seen(replace(low, in_use=True, last_used_at=ago(hours=2)), high))
    assert plan.frees.low <= 512 + 10 <= plan.frees.high


def test_a_layer_of_an_image_is_not_taken_for_that_of_one_that_has_gone() -> None:
    store = Store()
    store.image("gone", ("b", 10, 512))
    store.forget("gone", "b")
    app = store.image("app", ("a", 10, 512), made_at=ago(days=2))
    of_app = built("of-app", 522, created_at=ago(days=2))
    of_gone = built("of-gone", 522, shared=False, created_at=ago(days=3))
    plan = planned("everything", store.seen(app, of_app, of_gone))
    assert (plan.frees.low, plan.frees.high) == (512 + NAMES + 2 * 522,) * 2
    running = user("web", app, "running")
    plan = planned("everything", store.seen(app, running, of_app, of_gone))
    assert (plan.frees.low, plan.frees.high) == (512 + 522,) * 2


def test_a_record_of_the_moment_of_a_layer_is_it_though_its_folders_take_another_block() -> None:
    store = Store()
    app = store.image("app", ("a", 10, 512), made_at=ago(days=2))
    made = built("made", 10 + 1_024, created_at=ago(days=2))
    plan = planned("everything", store.seen(app, made))
    assert (plan.frees.exact, plan.frees.high) == (True, 10 + 512 + NAMES + 1_024)
    other = replace(made, created_at=ago(days=3))
    assert planned("everything", store.seen(app, other)).frees.high == 10 + 512 + NAMES + 10 + 1_024


POINTS = 28
"""Bytes of what the engine puts below each container."""


def test_what_no_image_tells_of_a_container_s_snapshots_other_containers_tell() -> None:
    store = Store()
    gone, app = store.image("gone", ("a", 10, 100), ("b", 20, 200)), store.image("app", ("c", 10, 50))
    for chain in gone.chain_ids:
        del store.snapshots[chain]
    store.blobs = {digest: blob for digest, blob in store.blobs.items() if digest.endswith((" app", " c"))}
    web = user("web", app, "running", size_rw=5, size_root_fs=5 + 50 + POINTS)
    orphan = user("orphan", gone, size_rw=7, size_root_fs=7 + 300 + POINTS)
    seen = store.seen(app, web, orphan)
    frees = planned("everything", seen).frees
    assert (frees.low, frees.high, frees.exact) == (307, 307, True)
    for unsure in (
        [app, orphan],  # how much is put below containers nobody tells
        [app, web, orphan, user("other", app, "running", size_rw=1, size_root_fs=1 + 50 + POINTS + 4)],
        [app, replace(web, size_root_fs=None), orphan],
    ):
        assert not planned("everything", store.seen(*unsure)).frees.exact


def test_of_several_snapshots_that_do_not_only_go_together_no_container_tells_which_is_how_large() -> None:
    store = Store()
    gone, app = store.image("gone", ("a", 10, 100), ("b", 20, 200)), store.image("app", ("c", 10, 50))
    for chain in gone.chain_ids:
        del store.snapshots[chain]
    web = user("web", app, "running", size_rw=5, size_root_fs=5 + 50 + POINTS)
    orphan = user("orphan", gone, size_rw=7, size_root_fs=7 + 300 + POINTS)
    lower = store.image("lower", ("a", 10, 100))
    del store.snapshots[lower.chain_ids[0]]
    on_lower = user("on-lower", lower, "running", size_rw=1)
    assert not planned("everything", store.seen(app, web, orphan, on_lower)).frees.exact
