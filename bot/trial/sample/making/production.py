"""The default universe: a production host that nobody has cleaned for months."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.trial.sample.making.builder import Builder, mounted
from bot.trial.sample.making.production_data import (
    LEFTOVERS,
    MB,
    PULLED,
    REGISTRY,
    RELEASES,
    layer,
    note,
    service_steps,
)
from bot.trial.sample.objects import Image
from bot.trial.sample.universe import Universe, utc_now

_BASES = {"web": "node:20-bookworm", "api": "python:3.12-slim", "worker": "python:3.12-slim"}
_COMMANDS = {
    "web": ("node", "server.js"),
    "api": ("uvicorn", "api:app"),
    "worker": ("python", "-m", "worker"),
}
_PROJECT = {"com.docker.compose.project": "shop"}
_NEVER_CLEANED = timedelta(days=205)


def production_universe(*, name: str = "sample", clock: Callable[[], datetime] = utc_now) -> Universe:
    """Return the sample host, the same in every run but for its clock."""
    universe = Universe(name=name, clock=clock)
    builder = Builder(universe)
    images = _pull_images(builder)
    _build_images(builder, images)
    _add_networks(builder)
    _add_volumes(builder)
    _run_services(builder)
    _leave_containers(builder)
    _leave_cache(builder, images)
    return universe


def _days(count: float) -> timedelta:
    return timedelta(days=count)


def _pull_images(builder: Builder) -> dict[str, Image]:
    images: dict[str, Image] = {}
    for row in PULLED:
        images[row.name] = builder.image(
            row.name,
            steps=row.steps,
            age=_days(row.built),
            tagged=_days(row.pulled),
            base=images.get(row.base),
            pulled=True,
            command=("docker-entrypoint.sh", row.name.partition(":")[0]),
        )
    return images


def _build_images(builder: Builder, images: dict[str, Image]) -> None:
    for release in RELEASES:
        builder.image(
            f"{REGISTRY}/{release.service}:{release.version}",
            *release.also,
            steps=service_steps(release.service, release.lock, release.version),
            age=_days(release.age),
            base=images[_BASES[release.service]],
            pulled=True,
            labels={
                "org.opencontainers.image.version": release.version,
                "org.opencontainers.image.source": f"https://git.acme.example/{release.service}",
            },
            command=_COMMANDS[release.service],
        )
    for leftover in LEFTOVERS:
        builder.image(
            steps=service_steps(leftover.service, leftover.lock, f"build-{leftover.minutes}"),
            age=timedelta(minutes=leftover.minutes),
            base=images[_BASES[leftover.service]],
            command=_COMMANDS[leftover.service],
        )
    builder.legacy_image(
        "reports:1.4",
        base=images["alpine:3.18"],
        steps=(
            layer("/bin/sh -c apk add --no-cache R", 318.4),
            note("/bin/sh -c #(nop)  ENV REPORTS=/srv/reports"),
            layer("/bin/sh -c #(nop) COPY dir:reports in /srv", 12.6),
        ),
        age=_days(233),
        labels={"team": "finance"},
    )


def _add_networks(builder: Builder) -> None:
    builder.network("shop_default", age=_NEVER_CLEANED, subnet="172.18.0.0/16", labels=_PROJECT)
    builder.network("shop_monitoring", age=_days(120), subnet="172.19.0.0/16", labels=_PROJECT)
    builder.network("ci_1432_default", age=_days(47), subnet="172.20.0.0/16")
    builder.network("ci_1519_default", age=_days(18), subnet="172.21.0.0/16")
    builder.network("migration", age=_days(88), subnet="172.22.0.0/16")


def _add_volumes(builder: Builder) -> None:
    builder.volume("postgres-data", size=14_212 * MB, age=_days(160), labels=_PROJECT)
    builder.volume("grafana-data", size=412 * MB, age=_days(120), labels=_PROJECT)
    builder.volume("postgres-15-data", size=9_847 * MB, age=_days(255))
    builder.volume("uploads-backup", size=1_936 * MB, age=_days(88), labels={"owner": "alice"})
    builder.volume(
        "media",
        age=_NEVER_CLEANED,
        options={"type": "nfs", "o": "addr=10.0.8.4,rw", "device": ":/export/media"},
    )
    for megabytes, age in ((2_611, 97), (844, 61), (390, 40), (52, 12), (0, 3)):
        builder.volume(size=megabytes * MB, age=_days(age))


def _run_services(builder: Builder) -> None:
    volumes = builder.universe.volumes
    redis_data = builder.volume(size=318 * MB, age=_days(120))
    builder.container(
        "postgres",
        "postgres:16.3",
        created=_days(160),
        started=_days(41),
        size_rw=63,
        mounts=(mounted(volumes["postgres-data"], "/var/lib/postgresql/data"),),
        network="shop_default",
        labels=_PROJECT,
    )
    builder.container(
        "redis",
        "redis:7.2",
        created=_days(120),
        started=_days(41),
        mounts=(mounted(redis_data, "/data"),),
        network="shop_default",
        labels=_PROJECT,
    )
    for service, version, age, written in (("web", "4.20.0", 5, 214), ("api", "2.31.0", 9, 96)):
        builder.container(
            f"{service}-1",
            f"{REGISTRY}/{service}:{version}",
            created=_days(age),
            size_rw=written * MB,
            mounts=(mounted(volumes["media"], "/media"),) if service == "web" else (),
            network="shop_default",
            labels=_PROJECT,
        )
    _pause_monitoring(builder)


def _pause_monitoring(builder: Builder) -> None:
    builder.container(
        "grafana",
        "grafana/grafana:10.4.2",
        state="paused",
        created=_days(120),
        started=_days(41),
        size_rw=7 * MB,
        mounts=(mounted(builder.universe.volumes["grafana-data"], "/var/lib/grafana"),),
        network="shop_monitoring",
        labels=_PROJECT,
    )


# Name, image, days since it was made, hours it ran, exit code, megabytes written, network.
_EXITED = (
    ("web-1-before-4.20", f"{REGISTRY}/web:4.19.0", 31, 624, 0, 388, "shop_default"),
    ("api-1-before-2.31", f"{REGISTRY}/api:2.30.1", 58, 1176, 0, 141, "shop_default"),
    ("worker-1", f"{REGISTRY}/worker:1.10.4", 40, 700, 137, 655, "shop_default"),
    ("db-migrate", f"{REGISTRY}/api:2.29.0", 88, 1, 1, 12, "migration"),
    ("ci-1519-tests", f"{REGISTRY}/web:4.18.1", 18, 2, 2, 903, "bridge"),
    ("pg-dump", "postgres:15.6", 61, 3, 0, 246, "bridge"),
    ("debug-alice", "debian:12-slim", 2, 20, 130, 178, "bridge"),
    ("smoke-test", "busybox:1.36", 0.02, 0.1, 0, 1, "bridge"),
)


def _leave_containers(builder: Builder) -> None:
    for name, image, age, hours, exit_code, written, network in _EXITED:
        builder.container(
            name,
            image,
            state="exited",
            created=_days(age),
            finished=_days(age) - timedelta(hours=hours),
            exit_code=exit_code,
            size_rw=written * MB,
            network=network,
        )
    builder.container("worker-next", f"{REGISTRY}/worker:1.11.0", state="created", created=_days(8))


# Service, lock file, version, days since it was built, days since it was last used.
_BUILDS = (
    ("web", "npm-4", "build-6", 0.005, 0.004),
    ("web", "npm-3", "4.20.0", 31, 5),
    ("api", "pip-3", "2.31.0", 9, 0.13),
    ("worker", "pip-3", "1.11.0", 9, 9),
    ("web", "npm-2", "lost-1", 80, 66),
    ("web", "npm-0", "lost-2", 190, 183),
    ("api", "pip-0", "lost-3", 176, 170),
)


def _leave_cache(builder: Builder, images: dict[str, Image]) -> None:
    for service, lock, version, age, used in _BUILDS:
        base = images[_BASES[service]]
        builder.build_cache(
            service_steps(service, lock, version), base=base, age=_days(age), used=_days(used)
        )
    for folder, megabytes, age, used in (("npm", 1_184, 171, 0.004), ("pip", 733, 166, 9)):
        builder.record(
            f"cached mount /root/.cache/{folder} from exec /bin/sh -c {folder} install",
            type="exec.cachemount",
            size=megabytes * MB,
            age=_days(age),
            used=_days(used),
        )
    for service, size, used in (("web", 96.4, 0.004), ("api", 51.7, 0.13), ("worker", 24.2, 9)):
        builder.record(
            f"local source for context {service}",
            type="source.local",
            size=round(size * MB),
            age=_days(166),
            used=_days(used),
        )
    frontend = builder.record(
        "pulled from docker.io/docker/dockerfile:1.7", type="frontend", size=42 * MB, age=_days(98)
    )
    builder.record("unpacked frontend", type="internal", size=0, age=_days(98), parents=(frontend,))
    builder.record(
        "mount / from exec /bin/sh -c npm run test",
        size=261 * MB,
        age=timedelta(minutes=2),
        in_use=True,
    )
