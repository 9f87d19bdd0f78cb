"""A configuration as somebody wrote it: what it means, and what is wrong with it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.config.settings import Settings, load
from bot.core.errors import ConfigurationError


def loaded(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Settings:
    """Read it; for running the bot, where there is an environment."""
    file = folder / "deckhand.toml"
    file.write_text(text)
    return load(file, environment or {}, for_slack=environment is not None)


def problems(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """All mistakes."""
    with pytest.raises(ConfigurationError) as caught:
        loaded(folder, text, environment)
    return [problem.removeprefix(f"{folder / 'deckhand.toml'}: ") for problem in caught.value.problems]
