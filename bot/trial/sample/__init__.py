"""A simulated Docker Engine on a unix socket, with the removal semantics of a real one."""

from bot.trial.sample.making.builder import Builder
from bot.trial.sample.making.production import production_universe
from bot.trial.sample.making.steps import Step
from bot.trial.sample.server import SampleEngine
from bot.trial.sample.universe import Universe

__all__ = ["Builder", "SampleEngine", "Step", "Universe", "production_universe"]
