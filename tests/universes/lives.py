"""Engines as machines come by what is on them: a runner that builds each commit, a host that runs releases, a desk.

Another hand's universes beside those of ``making``: made of what people do, by Docker's own manual, not of single acts.
"""

import io
import os
import tarfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.support.machines.engine import BUSYBOX, PrivateEngine

TO_SLEEP = (BUSYBOX, "sleep", "1000000")


def shell(script: str) -> str:
    """A RUN in images that have busybox and no shell of their own."""
    return f'["{BUSYBOX}", "sh", "-c", "{script}"]'


@dataclass
class Life:
    """Makes one universe; ``registry`` is the address of one, or empty."""

    engine: PrivateEngine
    random: Random
    registry: str = ""
    numbers: int = 0
    deployed: list[str] = field(default_factory=list)
    """Containers that run, the newest last."""

    def universe(self) -> None:
        lives = [self._runner, self._desk, *([self._host] if self.registry else [])]
        for live in self.random.sample(lives, self.random.choice((1, 1, 2))):
            live()

    # --- chance -----------------------------------------------------------------------------------

    def _perhaps(self, share: float, act: Callable[[], object]) -> None:
        if self.random.random() < share:
            act()

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers

    def _content(self) -> bytes:
        """Text of any length, none included: what repeats packs well, what does not does not."""
        length = self.random.choice((0, 1, 511, 512, 4_096, 4_097, self.random.randint(1, 150_000)))
        return self.random.randbytes(length) if self.random.random() < 0.5 else b"line\n" * (length // 5)

    def _tried(self, *arguments: str) -> bool:
        """Whether the engine did it: people ask for what it refuses, too."""
        try:
            self.engine.docker(*arguments)
        except AssertionError:
            return False
        return True

    # --- a runner ---------------------------------------------------------------------------------

    def _runner(self) -> None:
        """One or two repositories, some commits each: builds, tests, pushes, and somebody's cleanup now and then."""
        for _ in range(self.random.randint(1, 2)):
            name = f"repo{self._number()}"
            modern = self.random.random() < 0.7
            files = {path: self._content() for path in ("lock", "src/a", "src/b", "src/deep/c", "conf")}
            stages = self._stages(modern=modern)
            for commit in range(self.random.randint(2, 4)):
                files[self.random.choice([*files])] = self._content()
                self._commit(name, commit, files, stages, modern=modern)
            self._perhaps(0.3, lambda: self._tried("image", "prune", "--force"))
            self._perhaps(0.2, lambda: self._tried("builder", "prune", "--force", "--filter", "until=1s"))
            self._perhaps(0.2, lambda: self._tried("builder", "prune", "--force", "--keep-storage", "100kB"))

    def _stages(self, *, modern: bool) -> Mapping[str, list[str]]:
        """The stages of a Dockerfile, by their names."""
        chance = self.random
        tools = ["FROM scratch AS tools", "COPY busybox /bin/busybox"]
        tools += [f"RUN {shell('/bin/busybox --install /bin')}"] if chance.random() < 0.5 else []
        deps = ["FROM tools AS deps", "WORKDIR /app", "COPY lock /app/lock"]
        deps += [
            f"RUN {shell('/bin/busybox cp /app/lock /app/modules; /bin/busybox ln /app/modules /app/again')}"
        ]
        deps += [f"RUN {shell('/bin/busybox rm /app/lock')}"] if chance.random() < 0.4 else []
        out = shell("/bin/busybox cat /app/src/a /app/src/b > /app/out; /bin/busybox chmod 700 /app/modules")
        build = ["FROM deps AS build", "COPY src /app/src"]
        if modern and chance.random() < 0.5:
            build.append(
                f"RUN --mount=type=cache,target=/cache {shell('/bin/busybox cp /app/src/a /cache/a')}"
            )
        if modern and chance.random() < 0.4:
            build.append(f"RUN --mount=type=bind,from=tools,target=/t --mount=type=tmpfs,target=/tmp {out}")
        else:
            build.append(f"RUN {out}")
        build += [f"RUN {shell('true')}"] if chance.random() < 0.3 else []
        final = [f"FROM {chance.choice(('tools', 'scratch', 'deps'))}", "COPY --from=build /app/out /srv/out"]
        final += chance.sample(
            ["ENV MODE=live", "EXPOSE 80", "VOLUME /data", "USER 1000", "WORKDIR /srv", "COPY conf /etc/conf",
             "ARG V=1", 'ONBUILD ENV A="b"', "STOPSIGNAL SIGINT", "ADD conf /srv/conf", "COPY src /srv/src"],
            chance.randint(1, 5),
        )  # fmt: skip
        if modern and self.engine.version >= (23, 0) and chance.random() < 0.4:
            final.append("COPY --link conf /srv/linked")
        return {"tools": tools, "deps": deps, "build": build, "final": final}

    def _commit(
        self,
        name: str,
        commit: int,
        files: Mapping[str, bytes],
        stages: Mapping[str, list[str]],
        *,
        modern: bool,
    ) -> None:
        tag, chance = f"{name}:{commit}", self.random
        lines = [line for stage in stages.values() for line in stage]
        options = ["--label", f"commit={commit}"] if chance.random() < 0.3 else []
        options += ["--no-cache"] if chance.random() < 0.15 else []
        if modern and self.engine.version >= (23, 0) and chance.random() < 0.5:
            options.append("--provenance=false")
        self._perhaps(
            0.2,
            lambda: self._build([*lines, f"RUN {shell('exit 1')}"], f"{tag}-broken", files, modern=modern),
        )
        self._perhaps(
            0.3, lambda: self._build(lines, f"{tag}-test", files, "--target", "build", modern=modern)
        )
        if not self._build(lines, tag, files, *options, modern=modern):
            return
        self.engine.docker("tag", tag, f"{name}:latest")
        self._perhaps(0.5, lambda: self._tested(tag))
        if self.registry and chance.random() < 0.3:
            remote = f"{self.registry}/{name}:{commit}"
            self.engine.docker("tag", tag, remote)
            self.engine.docker("push", remote)
            self._perhaps(0.5, lambda: self._tried("rmi", remote))
        self._perhaps(0.2, lambda: self._tried("rmi", f"{name}:{commit - 1}"))

    def _build(
        self, lines: list[str], tag: str, files: Mapping[str, bytes], *options: str, modern: bool
    ) -> bool:
        with suppress(AssertionError):
            self.engine.build(lines, tag, buildkit=modern, files=files, options=options)
            return True
        return False

    def _tested(self, tag: str) -> None:
        """In a container that stays behind, or does not, with a volume that nobody named in some."""
        with suppress(AssertionError):  # one without busybox does not run
            options = self.random.choice(([], ["--rm"], ["--volume", "/results"]))
            self.engine.docker("run", "--network", "none", *options, tag, BUSYBOX, "true")

    # --- a host -----------------------------------------------------------------------------------

    def _host(self) -> None:
        """Releases of one application, made elsewhere, pulled, run, replaced, and rolled back."""
        app = f"{self.registry}/app{self._number()}"
        releases = [self._published(app, number) for number in range(self.random.randint(2, 4))]
        self.engine.docker("volume", "create", "data")
        self._written("data")
        for release in releases:
            self._perhaps(0.2, lambda name=release: self._tried("tag", name, "app:previous"))  # type: ignore[misc] # mypy knows no defaults of lambdas
            self.engine.docker("pull", release)
            self._deploy(release)
            self._perhaps(0.3, lambda: self._tried("image", "prune", "--force"))
        self._perhaps(0.4, lambda: self._deploy(releases[0]))
        self._perhaps(0.3, lambda: self._tried("rmi", releases[0]))
        self._perhaps(0.3, lambda: self._tried("rmi", "--force", releases[-2]))

    def _published(self, app: str, number: int) -> str:
        """On the registry, with nothing of it left here."""
        name = f"{app}:{number}"
        lines = [
            "FROM scratch",
            "COPY busybox /bin/busybox",
            "COPY lib /lib",
            f"COPY v{number} /v",
            "ENV A=1",
        ]
        files = {"lib": b"lib" * 9_000, f"v{number}": self._content()}
        self.engine.build(lines, name, buildkit=self.random.random() < 0.7, files=files)
        self.engine.docker("push", name)
        self.engine.docker("rmi", name)
        self.engine.docker("builder", "prune", "--all", "--force")
        self.engine.docker("image", "prune", "--force")
        return name

    def _deploy(self, release: str) -> None:
        """In the place of what ran before, which is kept under another name, or goes."""
        if self.deployed and self.random.random() < 0.9:
            old = self.deployed.pop()
            self.engine.docker("stop", "--time", "0", old)
            if self.random.random() < 0.6:
                self._tried("rename", old, f"{old}-old")
            else:
                self.engine.docker("rm", "--volumes", old)
        name = f"web{self._number()}"
        where = self.random.choice(("data:/data", "/data", f"logs{self.numbers}:/data"))
        with suppress(AssertionError):  # after a roll-back to what has gone meanwhile
            self.engine.run(
                release, "--name", name, "--volume", where, "--label", "owner=web", command=TO_SLEEP
            )
            self.deployed.append(name)
            self._perhaps(0.5, lambda: self._tried("exec", name, BUSYBOX, "cp", BUSYBOX, "/hot-fix"))
            self._perhaps(0.3, lambda: self._tried("exec", name, BUSYBOX, "rm", "/v"))

    def _written(self, volume: str) -> None:
        """As data is: files of several names, and names that lead to others."""
        where = Path(self.engine.docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume))
        (where / "deep").mkdir()
        (where / "deep" / "table").write_bytes(self._content())
        os.link(where / "deep" / "table", where / "snapshot")
        (where / "current").symlink_to("snapshot")

    # --- a desk -----------------------------------------------------------------------------------

    def _desk(self) -> None:
        """Somebody tries things out: commits, archives, names, and what is forced away."""
        self._build(["FROM scratch", "COPY busybox /bin/busybox", "COPY f /f"], "try:0", {"f": self._content()},
                    modern=self.random.random() < 0.5)  # fmt: skip
        names = ["try:0"]
        acts = (
            self._saved_work,
            self._archived,
            self._imported,
            self._named_again,
            self._on_top,
            self._dropped,
        )
        for _ in range(self.random.randint(3, 8)):
            self.random.choice(acts)(names)
        self._perhaps(0.2, lambda: self._tried("system", "prune", "--force"))

    def _saved_work(self, names: list[str]) -> None:
        """What was done in a container becomes an image; the container stays, more often than not."""
        source, name = self.random.choice(names), f"try:{self._number()}"
        with suppress(AssertionError):
            done = self.engine.stopped(
                source, command=(BUSYBOX, "sh", "-c", f"echo {self.numbers} > /note; rm -f /f")
            )
            self.engine.docker("commit", "--change", "ENV DONE=1", done, name)
            names.append(name)
            self._perhaps(0.3, lambda: self._tried("rm", done))

    def _archived(self, names: list[str]) -> None:
        """One image in an archive, taken away, and put back.

        Of several in one archive 26.1 and 28.5 leave behind for ever what these share, which later nothing tells.
        """
        name, file = self.random.choice(names), str(self.engine.directory / "desk.tar")
        if self._tried("save", "--output", file, name):
            self._perhaps(0.6, lambda: self._tried("rmi", name))
            self.engine.docker("load", "--input", file)

    def _imported(self, names: list[str]) -> None:
        file, name = self.engine.directory / "root.tar", f"try:{self._number()}"
        with tarfile.open(file, "w") as tar:
            for path in ("bin/busybox", "etc/note"):
                content = Path(BUSYBOX).read_bytes() if path.startswith("bin") else self._content()
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(content), 0o755
                tar.addfile(entry, io.BytesIO(content))
        self.engine.docker("import", "--message", "by hand", str(file), name)
        names.append(name)

    def _named_again(self, names: list[str]) -> None:
        name = f"also:{self._number()}"
        if self._tried("tag", self.random.choice(names), name):
            names.append(name)

    def _on_top(self, names: list[str]) -> None:
        lines = [
            f"FROM {self.random.choice(names)}",
            "COPY f /g",
            *self.random.choice(([], ["LABEL a=b"], ["COPY f /h"])),
        ]
        name = self.random.choice((self.random.choice(names), f"try:{self._number()}"))
        if (
            self._build(lines, name, {"f": self._content()}, modern=self.random.random() < 0.6)
            and name not in names
        ):
            names.append(name)

    def _dropped(self, names: list[str]) -> None:
        if len(names) > 1:
            name = self.random.choice(names)
            if self._tried("rmi", *self.random.choice(([], ["--force"], ["--no-prune"])), name):
                names.remove(name)
