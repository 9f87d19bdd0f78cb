"""Protection: what no profile may take, whatever its rules say."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.core.inventory import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Patterns of image references, and labels on any kind of object."""

    images: tuple[str, ...] = ()
    """Shell patterns that are held against each reference (``registry.example.com/*``, ``*:stable``)."""
    labels: tuple[str, ...] = ()
    """``key``, or ``key=value``."""

    def of_labels(self, labels: Mapping[str, str]) -> str | None:
        """The protecting label that an object carries; None when it carries none."""
        for label in self.labels:
            key, equals, value = label.partition("=")
            if key in labels and (not equals or labels[key] == value):
                return label
        return None

    def of_image(self, image: Image) -> str | None:
        """The first pattern that one of the image's references matches; None when none does."""
        for pattern in self.images:
            if any(fnmatchcase(reference, pattern) for reference in image.references):
                return pattern
        return None
