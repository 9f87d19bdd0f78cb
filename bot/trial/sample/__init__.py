"""A simulated Docker Engine on a unix socket, with the removal semantics of a real one."""

from bot.trial.sample.making.builder import Builder
from bot.trial.sample.making.fleet import build_universe, web_universe
from bot.trial.sample.making.production import production_universe
from bot.trial.sample.making.steps import Step
from bot.trial.sample.server import SampleEngine
from bot.trial.sample.universe import Universe

UNIVERSES = {"sample": production_universe, "ci-1": build_universe, "web-1": web_universe}
"""What makes each sample host of a trial, by its name."""

__all__ = ["UNIVERSES", "Builder", "SampleEngine", "Step", "Universe", "production_universe"]
