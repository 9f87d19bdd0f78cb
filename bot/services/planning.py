"""Planning: look at a host's engine and compute what each profile would remove from it."""

from dataclasses import dataclass
from datetime import timedelta

from bot.core.planner import draft
from bot.core.plans import Draft
from bot.core.prediction import Measured
from bot.core.profiles import BUILT_IN, DANGLING_MIN_AGE, Profile
from bot.core.protection import Protection
from bot.core.usage import Survey
from bot.ports import Engines


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What ``/docker-df HOST`` shows."""

    host: str
    survey: Survey
    offers: tuple[Draft, ...]
    """One draft per built-in profile, in order of aggression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """Computes reports and drafts; stores nothing and removes nothing."""

    engines: Engines
    protection: Protection
    dangling_min_age: timedelta = DANGLING_MIN_AGE

    def survey(self, host: str) -> Survey:
        return self.engines.connect(host).survey()

    def draft(self, survey: Survey, profile: Profile) -> Draft:
        return self._draft(Measured.of(survey.inventory), profile)

    def report(self, host: str) -> HostReport:
        """Look at the host once, and plan every profile on what was seen."""
        survey = self.survey(host)
        measured = Measured.of(survey.inventory)
        offers = tuple(self._draft(measured, profile) for profile in BUILT_IN.values())
        return HostReport(host=host, survey=survey, offers=offers)

    def _draft(self, measured: Measured, profile: Profile) -> Draft:
        return draft(measured, profile, self.protection, dangling_min_age=self.dangling_min_age)
