"""A history in a few lines, for places that draw nothing."""

from collections.abc import Sequence

from bot.core.watch.samples import Sample


def thinned_out(samples: Sequence[Sample], most: int) -> tuple[Sample, ...]:
    """At most so many of them, evenly over their time: the last of each part of it; the newest is among them."""
    if len(samples) <= most:
        return tuple(samples)
    begin, span = samples[0].at, samples[-1].at - samples[0].at
    last: dict[int, Sample] = {}
    for each in samples:
        last[min(most - 1, int((each.at - begin) / span * most))] = each
    return tuple(last[part] for part in sorted(last))


def latest_whole(samples: Sequence[Sample]) -> Sample | None:
    """The newest sample in which all was counted."""
    return next((each for each in reversed(samples) if each.docker is not None), None)
