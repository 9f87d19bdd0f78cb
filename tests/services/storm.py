"""Random engines and random changes to them, by the hands of people who know nothing of Deckhand."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from tests.support.machines.engine import BUSYBOX, PrivateEngine

ANONYMOUS = ("--label", "com.docker.volume.anonymous=")
COMMANDS = ((BUSYBOX, "true"), (BUSYBOX, "sleep", "1000000"), (BUSYBOX, "touch", "/written"))


@dataclass(slots=True)
class Storm:
    """Everything that it does follows from ``random``; what the engine refuses is not done."""

    engine: PrivateEngine
    random: Random
    builder: str = "legacy"
    """``legacy``, ``buildkit``, or ``both``: now this, now that."""
    made: int = 0
    done: list[str] = field(default_factory=list)
    """What it did, to read when a test fails."""

    def universe(self, size: int) -> None:
        """A base, ``size`` images on it and on each other, and what uses them."""
        self.engine.base()
        for _ in range(size):
            self.build()
        for _ in range(size):
            self.random.choice((self.tag, self.container, self.container, self.volume, self.network))()

    def change(self, times: int) -> None:
        """What may happen between a plan and its run."""
        ways: tuple[Callable[[], None], ...] = (
            self.build, self.tag, self.tag, self.untag, self.container, self.start, self.start, self.rm,
            self.volume, self.network,
        )  # fmt: skip
        for _ in range(times):
            self.random.choice(ways)()

    # --- what people do -------------------------------------------------------------------------

    def build(self) -> None:
        """A new image of one to three layers, on any image; now and then under a name that is in use."""
        random, self.made = self.random, self.made + 1
        lines, files = [f"FROM {random.choice(self._tags())}"], {}
        for layer in range(random.randint(1, 3)):
            name = f"f{layer}-{random.randint(0, 3)}"  # equal ones make equal layers
            files[name] = name.encode() * random.randint(1, 2_000)
            lines.append(f"COPY {name} /{name}")
            if random.random() < 0.4:
                lines.append(f"ENV A={random.randint(0, 9)}")
            if random.random() < 0.25:
                lines.append(f'RUN ["{BUSYBOX}", "{random.choice(("mkdir", "true"))}", "/{name}.d"]')
        tag = random.choice([f"app:{self.made}", f"app:{self.made}", f"app:{self.made}", "app:1", None])
        buildkit = self.builder == "buildkit" or (self.builder == "both" and random.random() < 0.5)
        options = () if buildkit else ("--rm",)
        with suppress(AssertionError):
            self.engine.build(lines, tag, buildkit=buildkit, files=files, options=options)
            self.done.append(f"built {tag} of {lines}")

    def tag(self) -> None:
        self.made += 1
        name = self.random.choice((f"also:{self.made}", f"other/also:{self.made}", "app:1"))
        self._try("tag", self.random.choice(self._tags()), name)

    def untag(self) -> None:
        self._try("rmi", self.random.choice(self._tags()))

    def container(self) -> None:
        self.made += 1
        networks = self._names("network", "ls", "--filter", "type=custom", "--format", "{{.Name}}")
        options = ["--network", self.random.choice([*networks, "none", "none"])]
        if volumes := self._names("volume", "ls", "--quiet"):
            options += ["--volume", f"{self.random.choice(volumes)}:/data"] * self.random.randint(0, 1)
        verb = self.random.choice((("create",), ("run", "--detach"), ("run",)))
        command = COMMANDS[0] if verb == ("run",) else self.random.choice(COMMANDS)
        image = self.random.choice(self._tags())
        self._try(*verb, "--name", f"c{self.made}", *options, image, *command)

    def start(self) -> None:
        self._to_one_of(self._names("ps", "--all", "--format", "{{.Names}}"), "start")

    def rm(self) -> None:
        self._to_one_of(self._names("ps", "--all", "--format", "{{.Names}}"), "rm")

    def volume(self) -> None:
        options = self.random.choice((ANONYMOUS, ANONYMOUS, ()))
        self.engine.volume(*options, size=self.random.randint(0, 9_999))

    def network(self) -> None:
        self.made += 1
        self._try("network", "create", f"net{self.made}")

    def _to_one_of(self, names: list[str], verb: str) -> None:
        if names:
            self._try(verb, self.random.choice(names))

    def _tags(self) -> list[str]:
        return ["base:latest", *self._names("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")]

    def _names(self, *arguments: str) -> list[str]:
        return sorted(name for name in self.engine.docker(*arguments).split() if "<none>" not in name)

    def _try(self, *arguments: str) -> None:
        with suppress(AssertionError):
            self.engine.docker(*arguments)
            self.done.append(" ".join(arguments))
