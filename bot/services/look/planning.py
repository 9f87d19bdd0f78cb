"""Planning: look at a host's engine and compute what a cleanup would remove from it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import EngineInfo, Image, Inventory, Kind, Volume
from bot.core.docker.services import running_now
from bot.core.docker.sightings import Place, changed_engine
from bot.core.docker.twins import Twin, twins
from bot.core.docker.usage import DiskSpace, DiskUsage, LastLook, Survey
from bot.core.docker.users import Users
from bot.core.errors import EngineChangedError, StoreUnavailableError, UsageError
from bot.core.life.restoring import digests, pullable, restorable_at_all, said_of
from bot.core.plan.arguments import PICKED, Arguments, narrowed, parse_arguments
from bot.core.plan.objects import Explanation, explain, find, picked, picked_before
from bot.core.plan.plan import CAREFUL, Draft, Item, Plan
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN, DEFAULT_PROFILE, Profile, find_profile
from bot.core.plan.protection import NOTHING_MORE, Protection
from bot.core.plan.target.cutting import drafted
from bot.core.plan.target.reaching import check_reach
from bot.core.rules.policy import Volumes, allows
from bot.core.rules.rules import Rules
from bot.ports import NO_METRICS, Engine, Engines, Ledger, Metrics
from bot.services.clocks import Clocks
from bot.services.look.offered import Offered

_ALL_UNUSED = replace(BUILT_IN["everything"], arrival=Arrival.BUILD)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What a look at a host shows."""

    host: str
    survey: Survey
    offers: tuple[Draft, ...]
    """One draft per profile that the host's policy allows, in order of aggression; none when another engine than
    before answers."""
    changed: EngineChangedError | None = None
    """Set when another engine answers than the one that the host is known to be."""
    twins: tuple[Twin, ...] = ()
    """Other hosts with an engine of the same id, be it the same one or a clone; not everybody may know of each."""
    unused: int = 0
    """Bytes that a plan would free which knows neither ages nor protection, and takes no volumes."""
    may_pick_volumes: bool = False
    """Whether the host's policy lets people pick named volumes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """Computes reports and drafts; removes nothing, and stores nothing but what it saw."""

    engines: Engines
    ledger: Ledger
    rules: Callable[[], Rules]
    """Those in force; each look and each plan is made by one reading of them."""
    clocks: Clocks | None = None
    """What an engine's clock is compared with; None: with nothing."""
    metrics: Metrics = NO_METRICS
    offered: Offered | None = None
    """Where forms read what each cleanup would free."""

    def check(self, arguments: Arguments) -> Collection[Kind]:
        """The kinds that may be taken; UsageError for what can be told wrong before an engine is asked."""
        if arguments.picks:
            return {pick.kind for pick in arguments.picks}
        return _named(self.rules().profiles, arguments).rules

    def report(self, host: str, early: Callable[[DiskUsage], None] | None = None) -> HostReport:
        """Look at the host once, and plan every profile on what was seen.

        ``early`` gets the table of disk usage without the volumes where those take longer than all else.
        """
        with self.metrics.looking(host):
            engine = self.engines.connect(host)
            survey = self._survey(host, engine, early)
        rules = self.rules()
        policy = rules.hosts.find(host).policy
        changed = self._changed(host, survey.inventory.engine)
        allowed = [each for each in rules.profiles_on(host).values() if allows(policy, each)]

        def made(survey: Survey) -> tuple[Draft, ...]:
            # Whether the registry still has them is asked for a plan, not for each look.
            may_be = restorable_at_all(survey.inventory.images) if policy.only_restorable else None
            profiles = [replace(each, restorable=may_be) for each in allowed]
            return _all(rules.protection(host), survey, profiles)

        offers: tuple[Draft, ...] = ()
        unused = 0
        if changed is None:
            self.remember(host, survey.usage, survey.disk)
            survey, offers = _decided(engine, survey, made)
            unused = draft(Measured.of(survey.inventory), _ALL_UNUSED, NOTHING_MORE).frees.high
            if self.offered:
                self.offered.remember(host, offers)
        named = policy.volumes is Volumes.NAMED and changed is None
        return HostReport(
            host=host, survey=survey, offers=offers, unused=unused, changed=changed, may_pick_volumes=named,
            twins=self._twins(rules, host, survey.inventory.engine),
        )  # fmt: skip

    def _twins(self, rules: Rules, host: str, engine: EngineInfo) -> tuple[Twin, ...]:
        with suppress(StoreUnavailableError):
            known = self.ledger.known_engines()
            return twins(host, engine.identity, {h: known[h] for h in known if h in rules.hosts.by_name})
        return ()

    def last_look(self, host: str) -> LastLook | None:
        """What the host showed the last time; None when it was never looked at, or that cannot be read."""
        try:
            return self.ledger.last_looks([host]).get(host)
        except StoreUnavailableError:
            return None

    def remember(self, host: str, usage: DiskUsage, disk: DiskSpace | None) -> None:
        """Keep what a host showed as its last look: at its report, and at the end of a cleanup."""
        if self.offered:
            self.offered.forget(host)
        with suppress(StoreUnavailableError):  # who looks sees it all the same
            look = LastLook(at=self.ledger.now(), usage=usage, disk=disk)
            self.ledger.remember_look(host, look)

    def explain(self, host: str, name: str) -> tuple[Explanation, ...]:
        """Why every profile takes or keeps what the name means; UsageError when it means nothing."""
        with self.metrics.looking(host):
            engine = self.engines.connect(host)
            survey, rules = self._survey(host, engine), self.rules()
        protection, profiles = rules.protection(host), rules.profiles_on(host).values()
        survey, drafts = _decided(engine, survey, lambda now: _all(protection, now, profiles))
        return tuple(explain(thing, drafts) for thing in find(survey.inventory, name))

    def draft(self, host: str, arguments: Arguments) -> tuple[Survey, Draft]:
        """Look at the host and plan one cleanup; UsageError when the arguments ask for what cannot be."""
        survey, drafts = self.drafts(host, [arguments])
        return survey, drafts[0]

    def drafts(self, host: str, requests: Sequence[Arguments]) -> tuple[Survey, tuple[Draft, ...]]:
        """Plan several cleanups on one look. Each image that a plan takes was asked for afresh.

        EngineChangedError when another engine answers than the one that the host is known to be.
        """
        rules = self.rules()
        protection, known = rules.protection(host), rules.profiles_on(host)
        names = [
            rules.named(host, PICKED if request.picks else _named(known, request).name)
            for request in requests
        ]
        with self.metrics.looking(host):
            engine = self.engines.connect(host)
            survey = self._survey(host, engine)
        changed = self._changed(host, survey.inventory.engine)
        if changed:
            raise changed
        for request in requests:
            check_reach(host, request.target, survey.disk)
        asks_first = rules.only_restorable(host)

        def made(survey: Survey, confirmed: frozenset[str] | None = None) -> tuple[Draft, ...]:
            measured = Measured.of(survey.inventory)
            profiles = [
                replace(_profile(known, survey.inventory, request), restorable=confirmed)
                for request in requests
            ]
            if asks_first and confirmed is None:  # a target is cut from what registries say that they have
                profiles = [replace(profile, target=None) for profile in profiles]
            return tuple(
                _told(replace(drafted(survey, measured, profile, protection, known), rules=named), survey)
                for profile, named in zip(profiles, names, strict=True)
            )

        survey, drafts = _decided(engine, survey, made)
        said = engine.registries_say(_digests(item for one in drafts for item in one.items))
        if asks_first:
            drafts = made(survey, pullable(said))
        return survey, tuple(_with_note(one, said_of(one.items, said)) for one in drafts)

    def kept_now(self, rules: Rules, plan: Plan, engine: Engine) -> Mapping[tuple[Kind, str], str]:
        """What these rules keep of a plan's objects, and why, by a fresh look; HostError, UnknownHostError."""
        draft_before = plan.draft
        try:
            request = request_of(plan)
            named = None if draft_before.profile == PICKED else _named(rules.profiles_on(plan.host), request)
        except UsageError as error:
            return {(item.kind, item.id): f"{error}" for item in draft_before.items}
        profile = named or picked_before(draft_before.items)
        inventory = self._survey(plan.host, engine).inventory
        if rules.only_restorable(plan.host):
            confirmed = pullable(engine.registries_say(_digests(draft_before.items)))
            profile = replace(profile, restorable=confirmed)
        now = draft(Measured.of(inventory), profile, rules.protection(plan.host))
        planned = {(item.kind, item.id) for item in draft_before.items}
        return {(kept.kind, kept.id): kept.rule for kept in now.kept if (kept.kind, kept.id) in planned}

    def _changed(self, host: str, engine: EngineInfo) -> EngineChangedError | None:
        try:
            return changed_engine(self.ledger.identify(host, engine), host, engine)
        except StoreUnavailableError:
            return None  # and no plan can be stored

    def _survey(self, host: str, engine: Engine, early: Callable[[DiskUsage], None] | None = None) -> Survey:
        """Look at an engine, and remember and read when its images were seen in use.

        Where that cannot be read the images' use is unknown: who may look still sees where the disk went, and
        no plan can be stored.
        """
        survey = self._timed(host, lambda: engine.survey(early))
        inventory = survey.inventory
        users = Users.of(inventory)
        used = [i.id for i in inventory.images if users.of_image(i) or (i.containers or 0) > 0]
        present = [image.id for image in inventory.images]
        try:
            place = Place(host, inventory.engine.identity)
            seen = self.ledger.look(place, present, used, inventory.taken_at)
            ran = self.ledger.look_at_services(
                place, running_now(inventory, users), present, inventory.taken_at
            )
            inventory = replace(inventory, volumes=self._with_mountings(place, inventory), ran=ran)
        except StoreUnavailableError:
            return survey
        images = tuple(
            replace(image, first_seen_at=seen[image.id].first_at, used_at=seen[image.id].used_at)
            for image in inventory.images
        )
        since = min((sighting.first_at for sighting in seen.values()), default=None)
        return replace(survey, inventory=replace(inventory, images=images, watched_since=since))

    def _timed(self, host: str, look: Callable[[], Survey]) -> Survey:
        """The look, with what there is to say of the clocks of Deckhand's machine and of the engine's."""
        try:
            began = self.clocks.now() if self.clocks else None
        except StoreUnavailableError:
            began = None
        survey = look()
        if self.clocks is None or began is None:
            return survey
        with suppress(StoreUnavailableError):
            said = (self.clocks.own(), self.clocks.of_engine(host, survey.inventory.taken_at, began))
            return replace(survey, clocks=tuple(sentence for sentence in said if sentence))
        return survey

    def _with_mountings(self, place: Place, inventory: Inventory) -> tuple[Volume, ...]:
        """The volumes with what is known of who mounted them: of an anonymous one that is all that tells it apart."""
        names = [volume.name for volume in inventory.volumes]
        known = self.ledger.look_at_volumes(place, names, inventory.containers, inventory.taken_at)
        return tuple(replace(volume, mounting=known.get(volume.name)) for volume in inventory.volumes)


def _decided(
    engine: Engine, survey: Survey, made: Callable[[Survey], tuple[Draft, ...]]
) -> tuple[Survey, tuple[Draft, ...]]:
    """What goes and what stays, and the look that says so: each image that would go was asked for afresh.

    An engine's list does not tell that an image was tagged or pulled again. Whatever offers a plan, explains one or
    makes one asks here, so that all of them say the same.
    """
    fresh: set[str] = set()
    while True:
        drafts = made(survey)
        taken = {item.id for one in drafts for item in one.items if item.kind is Kind.IMAGE}
        if taken <= fresh:
            return survey, drafts
        survey = _refreshed(engine, survey, taken - fresh)
        fresh |= taken


def _all(protection: Protection, survey: Survey, profiles: Iterable[Profile]) -> tuple[Draft, ...]:
    measured = Measured.of(survey.inventory)
    return tuple(_told(draft(measured, profile, protection), survey) for profile in profiles)


def _profile(known: Mapping[str, Profile], inventory: Inventory, arguments: Arguments) -> Profile:
    return picked(inventory, arguments.picks) if arguments.picks else _named(known, arguments)


def _named(known: Mapping[str, Profile], arguments: Arguments) -> Profile:
    return narrowed(find_profile(arguments.profile or DEFAULT_PROFILE, known), arguments)


def request_of(plan: Plan) -> Arguments:
    """What was asked for to get this plan."""
    profile = [] if plan.draft.profile == PICKED else [plan.draft.profile]
    return parse_arguments([*profile, *plan.draft.arguments.split()])


def _digests(items: Iterable[Item]) -> Mapping[str, Sequence[str]]:
    """The references by which registries know the images among these, by the images' ids."""
    return {item.id: found for item in items if (found := digests(item))}


def _with_note(made: Draft, note: str) -> Draft:
    return replace(made, notes=(*made.notes, note)) if note else made


def _told(made: Draft, survey: Survey) -> Draft:
    """The draft, with what a person should know of the clocks that its ages and its expiry are counted by."""
    careful = tuple(f"{CAREFUL}{sentence}" for sentence in survey.clocks)
    return replace(made, notes=(*made.notes, *careful)) if careful else made


def _refreshed(engine: Engine, survey: Survey, image_ids: Collection[str]) -> Survey:
    """The survey with these images as they are now; those that are gone are left out."""
    asked = [image for image in survey.inventory.images if image.id in image_ids]
    now: dict[str, Image] = {image.id: image for image in engine.refreshed(asked)}
    images = tuple(
        now.get(image.id, image) for image in survey.inventory.images
        if image.id not in image_ids or image.id in now
    )  # fmt: skip
    return replace(survey, inventory=replace(survey.inventory, images=images))
