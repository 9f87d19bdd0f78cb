"""Fills a universe: images from build steps, and what uses them, by ages counted back from now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.trial.sample import names
from bot.trial.sample.making.steps import Step, diff_ids, history
from bot.trial.sample.objects import (
    ANONYMOUS_LABEL,
    CacheRecord,
    Container,
    ContainerState,
    Image,
    Layer,
    Mount,
    Network,
    RecordType,
    Volume,
    chain_id,
    digest,
)
from bot.trial.sample.universe import Universe

NOW = timedelta()
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_RECORD_ID_LENGTH = 25


class Builder:
    """Adds objects to a universe; every age is counted back from the universe's clock."""

    def __init__(self, universe: Universe) -> None:
        self.universe = universe
        self.now = universe.clock()
        self._records: dict[str, str] = {}

    def ago(self, age: timedelta) -> datetime:
        return self.now - age

    # Images

    def image(  # noqa: PLR0913 - one keyword for each field of the object
        self,
        *image_names: str,
        steps: Sequence[Step],
        age: timedelta = NOW,
        base: Image | None = None,
        tagged: timedelta | None = None,
        pulled: bool = False,
        parent: str | None = None,
        comment: str = "buildkit.dockerfile.v0",
        labels: Mapping[str, str] | None = None,
        command: tuple[str, ...] = ("/bin/sh",),
    ) -> Image:
        """Add an image as BuildKit makes it; no names leave it dangling.

        A `pulled` image has a digest in each repository; a name that ends in `@` has only that.
        """
        created = self.ago(age)
        image = Image(
            id="sha256:" + self.universe.new_id("image", *image_names),
            created=created,
            history=(base.history if base else ()) + history(steps, created, comment),
            diff_ids=(base.diff_ids if base else ()) + diff_ids(steps),
            parent=parent,
            labels={**(base.labels if base else {}), **(labels or {})},
            command=command,
        )
        self._lay(base.chain_ids[-1] if base and base.diff_ids else None, steps)
        self.universe.images[image.id] = image
        for name in image_names:
            self._name(image, name, pulled=pulled)
        if image_names and not pulled:  # a pull leaves no tag time
            self.universe.tagged_at[image.id] = self.ago(age if tagged is None else tagged)
        return image

    def legacy_image(
        self,
        *image_names: str,
        steps: Sequence[Step],
        age: timedelta = NOW,
        base: Image | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Image:
        """Add an image as the legacy builder makes it: each step leaves an image, child of the one before."""
        image = base
        for number, step in enumerate(steps, start=1):
            last = number == len(steps)
            image = self.image(
                *(image_names if last else ()),
                steps=(step,),
                age=age + timedelta(seconds=len(steps) - number),
                base=image,
                parent=image.id if image else None,
                comment="",
                labels=labels if last else None,
            )
        if image is None:
            raise ValueError("An image needs a base or a step.")
        return image

    def _name(self, image: Image, name: str, *, pulled: bool) -> None:
        only_digest = name.endswith("@")
        reference = names.parse(name.removesuffix("@"))
        if not only_digest:
            self.universe.references[reference] = image.id
        if pulled or only_digest:
            manifest = replace(reference, tag="", digest=digest("manifest", image.id))
            self.universe.references[manifest] = image.id
            layers = tuple(self.universe.layers[chain] for chain in image.chain_ids)
            self.universe.registry[manifest] = (image, layers)

    def _lay(self, top: str | None, steps: Sequence[Step]) -> list[str]:
        """Put the steps' layers on `top`; returns their chain ids, lowest first."""
        chains = []
        for step in steps:
            if step.size is None:
                continue
            chain = chain_id(top, step.diff_id)
            layer = Layer(chain_id=chain, diff_id=step.diff_id, parent=top, size=step.size)
            self.universe.layers.setdefault(chain, layer)
            chains.append(chain)
            top = chain
        return chains

    def record(  # noqa: PLR0913 - one keyword for each field of the object
        self,
        description: str,
        *,
        size: int,
        age: timedelta = NOW,
        used: timedelta | None = None,
        type: RecordType = "regular",  # noqa: A002 - the engine's own word for it
        parents: tuple[str, ...] = (),
        chain: str | None = None,
        in_use: bool = False,
    ) -> str:
        """Add one build-cache record and return its id."""
        raw = int(self.universe.new_id("cache", description), 16)
        record_id = ""
        for _ in range(_RECORD_ID_LENGTH):
            raw, digit = divmod(raw, len(_ALPHABET))
            record_id += _ALPHABET[digit]
        self.universe.cache[record_id] = CacheRecord(
            id=record_id,
            type=type,
            description=description,
            size=size,
            created=self.ago(age),
            last_used=self.ago(age if used is None else used),
            parents=parents,
            in_use=in_use,
            chain=chain,
        )
        return record_id

    def build_cache(
        self,
        steps: Sequence[Step],
        *,
        base: Image | None = None,
        age: timedelta = NOW,
        used: timedelta | None = None,
    ) -> list[str]:
        """Add what a build leaves: size-0 records that pin the base's layers, then one for each own layer.

        The layers live on when no image has them. Returns the new ids, lowest first.
        """
        base_chains = base.chain_ids if base else ()
        own = self._lay(base_chains[-1] if base_chains else None, steps)
        layered = [step for step in steps if step.size is not None]
        rows = [(chain, "from local ", 0) for chain in base_chains]
        rows += [(chain, _described(step), step.size or 0) for chain, step in zip(own, layered, strict=True)]
        made = []
        previous: tuple[str, ...] = ()
        for chain, description, size in rows:
            if chain not in self._records:
                record = self.record(
                    description, size=size, age=age, used=used, parents=previous, chain=chain
                )
                self._records[chain] = record
                made.append(record)
            else:
                self._use_again(self._records[chain], age if used is None else used)
            previous = (self._records[chain],)
        return made

    def _use_again(self, record_id: str, used: timedelta) -> None:
        record = self.universe.cache[record_id]
        last_used = max(record.last_used or record.created, self.ago(used))
        count = record.usage_count + 1
        self.universe.cache[record_id] = replace(record, last_used=last_used, usage_count=count)

    # Containers and what they use

    def container(  # noqa: PLR0913 - one keyword for each field of the object
        self,
        name: str,
        image: str,
        *,
        state: ContainerState = "running",
        created: timedelta = NOW,
        started: timedelta | None = None,
        finished: timedelta | None = None,
        exit_code: int = 0,
        size_rw: int = 0,
        mounts: tuple[Mount, ...] = (),
        network: str = "bridge",
        labels: Mapping[str, str] | None = None,
    ) -> Container:
        """Add a container; one that is not `created` was started when it was made, unless said."""
        found = self.universe.image(image)
        ran = state != "created"
        started = created if started is None and ran else started
        finished = started if finished is None and state == "exited" else finished
        container = Container(
            id=self.universe.new_id("container", name),
            name=name,
            image_id=found.id,
            image_ref=image,
            top=found.chain_ids[-1] if found.diff_ids else None,
            state=state,
            created=self.ago(created),
            started_at=None if started is None else self.ago(started),
            finished_at=None if finished is None else self.ago(finished),
            exit_code=exit_code,
            size_rw=size_rw,
            command=found.command,
            mounts=mounts,
            networks=(network,),
            labels={**found.labels, **(labels or {})},
        )
        self.universe.containers[container.id] = container
        return container

    def network(
        self, name: str, *, age: timedelta = NOW, subnet: str = "", labels: Mapping[str, str] | None = None
    ) -> Network:
        network = Network(
            id=self.universe.new_id("network", name),
            name=name,
            driver="bridge",
            created=self.ago(age),
            subnet=subnet,
            labels=labels or {},
        )
        self.universe.networks[network.id] = network
        return network

    def volume(
        self,
        name: str = "",
        *,
        size: int = 0,
        age: timedelta = NOW,
        labels: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> Volume:
        """Add a volume; one without a name is anonymous."""
        volume = Volume(
            name=name or self.universe.new_id("volume"),
            created=self.ago(age),
            size=size,
            labels=(labels or {}) if name else {ANONYMOUS_LABEL: ""},
            options=options or {},
        )
        self.universe.volumes[volume.name] = volume
        return volume


def mounted(volume: Volume, destination: str) -> Mount:
    """Return the mount of a volume in a container."""
    anonymous = ANONYMOUS_LABEL in volume.labels
    return Mount(type="volume", source=volume.name, destination=destination, anonymous=anonymous)


def _described(step: Step) -> str:
    command, _, rest = step.command.partition(" ")
    return f"mount / from exec /bin/sh -c {rest}" if command == "RUN" else "fileop target"
