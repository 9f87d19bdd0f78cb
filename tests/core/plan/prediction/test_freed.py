"""What removing images frees, between a lower and an upper figure, and to which image the bytes are counted."""

from bot.core.docker.content.layers import Freed, freed, measure
from bot.core.docker.inventory import Image
from tests.core.things import image

BASE, MIDDLE = ("base", 100), ("middle", 40)
ONE = image("one", BASE, MIDDLE, ("one", 1))
TWO = image("two", BASE, MIDDLE, ("two", 2))
NOTHING: frozenset[str] = frozenset()


def chains(of: Image, *depths: int) -> frozenset[str]:
    return frozenset(of.chain_ids[depth - 1] for depth in depths)


def removing(*removed: Image, stay: frozenset[str] = NOTHING, may_stay: frozenset[str] = NOTHING) -> Freed:
    return freed(removed, stay, may_stay, measure([ONE, TWO, *removed]))


def test_nothing_removed_frees_nothing() -> None:
    assert removing() == Freed(0, 0, {}, {}, ())


def test_shared_layers_count_with_the_last_image_that_goes() -> None:
    assert removing(ONE, TWO).by_image == {ONE.id: 1, TWO.id: 142}
    assert removing(TWO, ONE).by_image == {TWO.id: 2, ONE.id: 141}
    assert removing(ONE, TWO).low == removing(TWO, ONE).high == 143


def test_a_layer_that_stays_keeps_all_below_it() -> None:
    found = removing(ONE, stay=chains(ONE, 2))
    assert (found.low, found.high, found.by_image) == (1, 1, {ONE.id: 1})
    assert found.layers == {ONE.id: {ONE.chain_ids[2]: 1}}


def test_an_image_whose_top_layer_stays_frees_nothing() -> None:
    found = removing(ONE, stay=chains(ONE, 3))
    assert (found.low, found.high, found.layers) == (0, 0, {})


def test_a_layer_that_may_stay_lowers_only_the_lower_figure() -> None:
    found = removing(ONE, may_stay=chains(ONE, 1, 2))
    assert (found.low, found.high, found.by_image) == (1, 141, {ONE.id: 141})
    assert sum(found.layers[ONE.id].values()) == 141


def test_each_freed_layer_is_listed_once_with_its_size() -> None:
    found = removing(ONE, TWO, stay=chains(ONE, 1))
    assert found.layers == {
        TWO.id: {TWO.chain_ids[1]: 40, TWO.chain_ids[2]: 2}, ONE.id: {ONE.chain_ids[2]: 1}
    }  # fmt: skip


def test_an_ambiguous_history_above_a_layer_that_stays_gives_a_range() -> None:
    unclear = image("unclear", ("l1", 0), ("l2", 0), history=(0, 5, 0), size=5)
    alone = removing(unclear)
    assert (alone.low, alone.high) == (5, 5)
    above = removing(unclear, stay=chains(unclear, 1))
    assert (above.low, above.high, above.by_image) == (0, 5, {unclear.id: 5})


def test_bytes_are_never_negative_when_the_engine_contradicts_itself() -> None:
    base = image("base", BASE)
    built = image("built", BASE, ("more", 1), history=None, size=60)
    found = freed([built], frozenset(base.chain_ids), NOTHING, measure([base, built]))
    assert (found.low, found.high, found.by_image) == (0, 0, {built.id: 0})


def test_an_image_of_known_size_needs_no_history_when_all_of_it_goes() -> None:
    whole = image("whole", ("w1", 0), ("w2", 0), history=None, size=30)
    found = removing(whole)
    assert (found.low, found.high, found.unknown) == (30, 30, ())
    assert found.layers == {whole.id: {whole.chain_ids[0]: 0, whole.chain_ids[1]: 30}}
    partly = removing(whole, stay=chains(whole, 1))
    assert (partly.low, partly.high, partly.unknown) == (0, 0, (whole.name,))


def test_an_image_that_cannot_be_measured_counts_nothing_and_is_named() -> None:
    unsized = image("unsized", BASE, ("u", 0), history=None, size=None, tags=("app:1",))
    no_layers = image("no-layers", size=None, tags=("none:1",))
    found = removing(ONE, unsized, no_layers)
    assert found.by_image == {ONE.id: 141, unsized.id: 0, no_layers.id: 0}
    assert found.unknown == ("none:1", "app:1")
    assert found.low == found.high == 141


def test_an_image_whose_every_layer_stays_frees_nothing_however_little_is_known_of_it() -> None:
    unsized = image("unsized", BASE, ("u", 0), history=None, size=None)
    found = removing(unsized, stay=chains(unsized, 2))
    assert (found.low, found.high, found.by_image, found.unknown) == (0, 0, {unsized.id: 0}, ())


def test_an_image_of_words_alone_frees_nothing_for_certain() -> None:
    words = image("words", size=0, tags=("words:1",))
    found = removing(ONE, words)
    assert (found.low, found.high, found.by_image[words.id], found.unknown) == (141, 141, 0, ())
