"""Engines made at random: what builds, pulls, commits, containers and half a cleanup may leave behind on one."""

import shutil
import tarfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.support.machines.engine import BUSYBOX, PrivateEngine

SIZES = (1_001, 1_001, 5_005, 20_020, 70_007)
"""Few and small: so that some layers are of one size."""


@dataclass
class Maker:
    """Makes one universe; ``registry`` is the address of one, or empty."""

    engine: PrivateEngine
    random: Random
    registry: str = ""
    tags: list[str] = field(default_factory=list)
    shells: set[str] = field(default_factory=set)
    """The tags of images that something can be run in."""
    containers: list[str] = field(default_factory=list)
    made: int = 0

    def universe(self) -> None:
        self._base()
        acts: tuple[tuple[int, Callable[[], Any]], ...] = (
            (10, self._build), (2, self._rebuild), (2, self._tag), (4, self._container), (1, self._commit),
            (1, self._load), (1, self._import), (1, self._forced), (1, self._removed), (1, self._pruned),
            (1, self._volume), (2 if self.registry else 0, self._pulled),
        )  # fmt: skip
        for _ in range(self.random.randint(4, 10)):
            [act] = self.random.choices([act for _, act in acts], [weight for weight, _ in acts])
            act()

    def _named(self, kind: str) -> str:
        self.made += 1
        return f"{kind}-{self.made}:{self.random.choice('12')}"

    def _file(self) -> bytes:
        """Few contents, so that some files are the same."""
        return self.random.choice((b"a", b"b", b"cd")) * self.random.choice(SIZES)

    def _base(self) -> None:
        with_shell = self.random.random() < 0.6
        lines = ["FROM scratch", "COPY busybox /bin/busybox" if with_shell else "COPY f0 /base"]
        lines += ["COPY f1 /more"] * self.random.randint(0, 1)
        self._made(lines, buildkit=self.random.random() < 0.5, shell=with_shell)

    def _made(self, lines: list[str], *, buildkit: bool, shell: bool, tag: str = "") -> None:
        name = tag or self._named("app")
        files = {f"f{number}": self._file() for number in range(4)}
        files["f3"] += str(self.made).encode()
        options = []
        if buildkit and self.engine.version >= (23, 0) and self.random.random() < 0.4:
            options = ["--provenance=false"]
        self.engine.build(lines, name, buildkit=buildkit, files=files, options=options)
        self._has(name, shell=shell)

    def _has(self, name: str, *, shell: bool) -> None:
        if name not in self.tags:
            self.tags.append(name)
        (self.shells.add if shell else self.shells.discard)(name)

    def _build(self, tag: str = "") -> None:
        buildkit = self.random.random() < 0.75
        base = self.random.choice(["scratch", *self.tags, *self.tags])
        lines = [f"FROM {base}"]
        if buildkit and self.random.random() < 0.2 and base != "scratch":
            lines = [
                f"FROM {base} AS first",
                "COPY f3 /first",
                "FROM scratch",
                "COPY --from=first /first /second",
            ]
            base = "scratch"
        for number in range(self.random.randint(1, 3)):
            lines.append(self._step(number, base, buildkit=buildkit))
        self._made(lines, buildkit=buildkit, shell=base in self.shells, tag=tag)

    def _step(self, number: int, base: str, *, buildkit: bool) -> str:
        file = self.random.choice(("f0", "f1", "f2", "f3"))
        steps = [f"COPY {file} /f{number}"] * 4 + [f"ENV A={self.random.randint(0, 3)}", f"LABEL b={number}"]
        if base in self.shells:
            shell = f'RUN ["{BUSYBOX}", "sh", "-c", "{{}}"]'
            steps += [
                shell.format(f"{BUSYBOX} echo {self.random.randint(0, 2)} > /r{number}"),
                shell.format("true"), shell.format(f"{BUSYBOX} rm -f /f0"),
            ]  # fmt: skip
            if buildkit:
                fill = f"{BUSYBOX} dd if=/dev/zero of=/c/f bs=1000 count=20 2>/dev/null"
                steps.append(f'RUN --mount=type=cache,target=/c ["{BUSYBOX}", "sh", "-c", "{fill}"]')
        if buildkit and self.engine.version >= (23, 0):
            steps.append(f"COPY --link {file} /l{number}")
        return self.random.choice(steps)

    def _rebuild(self) -> None:
        """The name moves on, and leaves an image without one, unless a container has it."""
        self._build(self.random.choice(self.tags) if self.tags else "")

    def _tag(self) -> None:
        if self.tags:
            name, source = self._named("other"), self.random.choice(self.tags)
            self.engine.docker("tag", source, name)
            self._has(name, shell=source in self.shells)

    def _container(self) -> None:
        if not self.tags:
            return
        name = f"c{len(self.containers)}"
        self.engine.created(self.random.choice(self.tags), "--name", name, command=("/nothing",))
        self.containers.append(name)
        if self.random.random() < 0.5:
            file = Path(self.engine.directory, "put")
            file.write_bytes(self._file())
            self.engine.docker("cp", str(file), f"{name}:/put")

    def _commit(self) -> None:
        if self.containers:
            name = self._named("app")
            with suppress(AssertionError):  # its image has gone
                self.engine.docker("commit", self.random.choice(self.containers), name)
                self.tags.append(name)

    def _load(self) -> None:
        if self.tags:
            name, file = self.random.choice(self.tags), str(self.engine.directory / "saved.tar")
            try:
                self.engine.docker("save", "--output", file, name)
            except AssertionError:
                return  # 20.10 saves no image without layers
            if self.random.random() < 0.5:
                self._remove(name)
            self.engine.docker("load", "--input", file)
            self._has(name, shell=name in self.shells)

    def _import(self) -> None:
        """Not of what ``docker export`` writes: 26.1 leaves behind for ever what an exported container stood on."""
        if self.tags:
            folder, name = self.engine.directory / "exported", self._named("app")
            source = self.engine.created(self.random.choice(self.tags), command=("/nothing",))
            self.engine.docker("cp", f"{source}:/.", str(folder))
            self.engine.docker("rm", source)
            with tarfile.open(f"{folder}.tar", "w") as archive:
                archive.add(folder, arcname=".")
            shutil.rmtree(folder)
            self.engine.docker("import", f"{folder}.tar", name)
            self.tags.append(name)

    def _forced(self) -> None:
        """Somebody forces an image away from under its stopped containers."""
        if self.tags:
            self._remove(self.random.choice(self.tags), "--force")

    def _removed(self) -> None:
        if self.tags:
            self._remove(self.random.choice(self.tags))

    def _remove(self, name: str, *options: str) -> None:
        try:
            self.engine.docker("rmi", *options, name)
        except AssertionError:
            return  # something builds on it, or a container uses it
        self.tags.remove(name)

    def _pruned(self) -> None:
        self.engine.docker("builder", "prune", "--force")

    def _volume(self) -> None:
        self.engine.volume(f"v{self.made}", size=self.random.choice(SIZES))

    def _pulled(self) -> None:
        if not self.tags:
            return
        name = f"{self.registry}/pulled-{self.random.randint(0, 1)}:{self.random.randint(0, 1)}"
        source = self.random.choice(self.tags)
        shell = source in self.shells
        self.engine.docker("tag", source, name)
        self.engine.docker("push", name)
        self._has(name, shell=shell)
        self._remove(name)
        if self.random.random() < 0.5 and source in self.tags:
            self._remove(source)
        self.engine.docker("pull", name)
        self._has(name, shell=shell)
