"""What people are shown as names, and the order of the kinds."""

import pytest

from bot.core.docker.inventory import ORDER, CacheRecord, Kind, full_reference, short_id
from tests.core.things import container, image, network, record, volume

DIGEST = "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


@pytest.mark.parametrize(
    ("tags", "digests", "name"),
    [
        (("app:2", "app:1"), ("app@sha256:1",), "app:2"),
        ((), ("b@sha256:1", "a@sha256:1"), "b@sha256:1"),
        ((), (), "ca978112ca1b"),
    ],
)
def test_an_image_is_called_by_its_tag_or_its_digest_or_its_short_id(
    tags: tuple[str, ...], digests: tuple[str, ...], name: str
) -> None:
    one = image("x", id=DIGEST, tags=tags, digests=digests)
    assert (one.name, one.references) == (name, tags + digests)


@pytest.mark.parametrize(
    ("object_id", "short"),
    [(DIGEST, "ca978112ca1b"), (DIGEST[7:], "ca978112ca1b"), ("abc", "abc"), ("", "")],
)
def test_a_short_id_is_what_dockers_tables_show(object_id: str, short: str) -> None:
    assert short_id(object_id) == short


@pytest.mark.parametrize(
    ("reference", "full"),
    [
        ("app", "app:latest"),
        ("app:1", "app:1"),
        ("reg:5000/app", "reg:5000/app:latest"),
        ("reg:5000/app:1", "reg:5000/app:1"),
        ("team/app", "team/app:latest"),
        ("app@sha256:d", "app@sha256:d"),
        ("", ""),
    ],
)
def test_a_reference_without_tag_or_digest_means_latest(reference: str, full: str) -> None:
    assert full_reference(reference) == full


def test_kinds_are_removed_in_the_order_in_which_each_frees_the_next() -> None:
    assert ORDER == (Kind.CONTAINER, Kind.NETWORK, Kind.IMAGE, Kind.BUILD_CACHE, Kind.VOLUME)


def test_a_volume_is_pinned_by_its_name_and_everything_else_by_its_id() -> None:
    of = image("x", id=DIGEST)
    things = (container("c", of), network("n"), of, record("r"), volume("v"))
    assert [thing.id for thing in things] == ["id-c", "id-n", DIGEST, "r", "v"]
    assert [thing.name for thing in things] == ["c", "n", "ca978112ca1b", "regular r", "v"]


def test_a_record_is_called_by_its_description() -> None:
    assert record("r", description="RUN make").name == "RUN make"


def test_a_record_of_which_nothing_is_known_counts_as_shared_and_in_use() -> None:
    one = CacheRecord(id="r", type="regular")
    assert (one.shared, one.in_use) == (True, True)
