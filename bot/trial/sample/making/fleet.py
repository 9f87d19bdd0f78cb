"""The hosts beside the production one: where builds run, and where a site is served."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.trial.sample.making.builder import Builder
from bot.trial.sample.making.production_data import MB, PULLED, REGISTRY, service_steps
from bot.trial.sample.objects import Image
from bot.trial.sample.universe import Universe, utc_now

Clock = Callable[[], datetime]

# Service, lock file, how many builds, the hours between them.
_NIGHTLY = (("web", "npm-4", 9, 23.0), ("web", "npm-3", 8, 31.0), ("api", "pip-3", 12, 26.0))
_BASES = {"web": "node:20-bookworm", "api": "python:3.12-slim"}
FAILED = (3, 7, 11)
"""Those builds whose tests did not pass."""
_SITES = (("4.20.0", 5, "npm-3"), ("4.19.0", 31, "npm-3"), ("4.18.1", 66, "npm-2"), ("4.17.0", 108, "npm-2"))


def build_universe(*, name: str = "ci-1", clock: Clock = utc_now) -> Universe:
    """A host on which builds and their tests run all day: cache, images of builds, containers of tests."""
    universe = Universe(name=name, clock=clock)
    builder = Builder(universe)
    images = _pulled(builder, "debian:12-slim", "python:3.12-slim", "node:20-bookworm", "postgres:16.3")
    for service, lock, builds, apart in _NIGHTLY:
        for number in range(builds):
            build, age = f"{lock}-{number}", timedelta(hours=2 + apart * number)
            steps = service_steps(service, lock, build)
            builder.image(
                f"ci/{service}:{lock}-{builds - number}",
                steps=steps, age=age, base=images[_BASES[service]],
                labels={"org.opencontainers.image.source": f"https://git.acme.example/{service}"},
            )  # fmt: skip
            builder.build_cache(steps, base=images[_BASES[service]], age=age, used=age)
            builder.container(
                f"ci-{1900 - 7 * number}-{service}-{lock}", f"ci/{service}:{lock}-{builds - number}",
                state="exited", created=age, finished=age - timedelta(minutes=20), exit_code=int(number in FAILED),
                size_rw=(180 + 13 * number) * MB,
            )  # fmt: skip
            if service == "api":
                builder.volume(size=(140 + 9 * number) * MB, age=age)
    builder.record(
        "cached mount /root/.npm from exec /bin/sh -c npm ci", type="exec.cachemount", size=2_204 * MB,
        age=timedelta(days=90), used=timedelta(hours=2),
    )  # fmt: skip
    builder.container("postgres-for-tests", "postgres:16.3", created=timedelta(days=20), size_rw=63)
    return universe


def web_universe(*, name: str = "web-1", clock: Clock = utc_now) -> Universe:
    """A host that serves one site from the newest of its releases, and keeps those before."""
    universe = Universe(name=name, clock=clock)
    builder = Builder(universe)
    images = _pulled(builder, "debian:12-slim", "node:20-bookworm", "nginx:1.27", "redis:7.2")
    for version, days, lock in _SITES:
        builder.image(
            f"{REGISTRY}/web:{version}", steps=service_steps("web", lock, version), age=timedelta(days=days),
            base=images["node:20-bookworm"], pulled=True,
        )  # fmt: skip
    serving = timedelta(days=5)
    builder.container("web-1", f"{REGISTRY}/web:4.20.0", created=serving, size_rw=96 * MB)
    builder.container("proxy", "nginx:1.27", created=timedelta(days=80), size_rw=4 * MB)
    builder.container(
        "web-1-before-4.20", f"{REGISTRY}/web:4.19.0", state="exited", created=timedelta(days=31),
        finished=serving, size_rw=212 * MB,
    )  # fmt: skip
    builder.volume("sessions", size=38 * MB, age=timedelta(days=80))
    return universe


def _pulled(builder: Builder, *wanted: str) -> dict[str, Image]:
    images: dict[str, Image] = {}
    for row in PULLED:
        if row.name in wanted:
            images[row.name] = builder.image(
                row.name, steps=row.steps, age=timedelta(days=row.built), tagged=timedelta(days=row.pulled),
                base=images.get(row.base), pulled=True,
            )  # fmt: skip
    return images
