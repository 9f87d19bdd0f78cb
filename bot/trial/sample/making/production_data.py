"""The sample host's images as tables. Sizes in millions of bytes, ages in days unless a name says else."""

from typing import NamedTuple

from bot.trial.sample.making.steps import Step

MB = 1_000_000
REGISTRY = "registry.acme.example"


def layer(command: str, megabytes: float, version: str = "") -> Step:
    return Step(command=command, size=round(megabytes * MB), version=version)


def note(command: str) -> Step:
    return Step(command=command)


class Pulled(NamedTuple):
    """An image from a registry: when it was built, when it was pulled, and on which other it stands."""

    name: str
    built: float
    pulled: float
    base: str
    steps: tuple[Step, ...]


class Release(NamedTuple):
    """One release of an own service; equal lock files share their dependency layer."""

    service: str
    version: str
    age: float
    lock: str
    also: tuple[str, ...] = ()


class Leftover(NamedTuple):
    """What a build left without a name when the next one took it."""

    service: str
    minutes: float
    lock: str


PULLED = (
    Pulled("debian:12-slim", 212, 205, "", (layer("ADD rootfs.tar.xz /", 74.8), note('CMD ["bash"]'))),
    Pulled(
        "python:3.12-slim", 201, 198, "debian:12-slim",
        (
            layer("RUN apt-get install -y ca-certificates tzdata", 9.2),
            layer("RUN build and install python 3.12", 41.6),
            note('CMD ["python3"]'),
        ),
    ),
    Pulled(
        "node:20-bookworm", 190, 181, "",
        (
            layer("ADD rootfs-full.tar.xz /", 116.6),
            layer("RUN apt-get install -y build tools", 588.4),
            layer("RUN install node 20", 164.2),
            layer("RUN install yarn", 5.3),
            note('CMD ["node"]'),
        ),
    ),
    Pulled(
        "postgres:16.3", 168, 160, "debian:12-slim",
        (layer("RUN apt-get install -y postgresql-16", 351.7), note("VOLUME /var/lib/postgresql/data")),
    ),
    Pulled(
        "postgres:15.6", 262, 255, "",
        (layer("ADD rootfs-old.tar.xz /", 74.7), layer("RUN apt-get install -y postgresql-15", 343.1)),
    ),
    Pulled(
        "redis:7.2", 150, 120, "debian:12-slim",
        (layer("RUN build redis 7.2", 41.9), note("VOLUME /data")),
    ),
    Pulled("redis:7.0", 300, 290, "", (layer("ADD rootfs-11.tar.xz /", 80.5), layer("RUN redis 7.0", 35.2))),
    Pulled(
        "nginx:1.27", 96, 90, "debian:12-slim",
        (layer("RUN install nginx 1.27", 112.9), layer("COPY entrypoint scripts", 0.01)),
    ),
    Pulled(
        "nginx:1.25", 245, 240, "",
        (layer("ADD rootfs-old.tar.xz /", 74.7), layer("RUN install nginx 1.25", 109.8)),
    ),
    Pulled("alpine:3.20", 130, 101, "", (layer("ADD alpine-minirootfs-3.20 /", 7.8),)),
    Pulled("alpine:3.18", 380, 271, "", (layer("ADD alpine-minirootfs-3.18 /", 7.3),)),
    Pulled("busybox:1.36", 410, 33, "", (layer("ADD busybox.tar.xz /", 4.3),)),
    Pulled(
        "grafana/grafana:10.4.2", 230, 225, "",
        (layer("ADD alpine-minirootfs-3.19 /", 7.4), layer("COPY grafana", 428.6)),
    ),
    Pulled(
        "ghcr.io/acme/scanner@", 75, 74, "",
        (layer("ADD scanner rootfs", 88.1), layer("COPY vulnerability database", 506.3)),
    ),
)  # fmt: skip

RELEASES = (
    Release("web", "4.15.0", 171, "npm-1"),
    Release("web", "4.16.2", 140, "npm-1"),
    Release("web", "4.17.0", 108, "npm-2"),
    Release("web", "4.18.1", 66, "npm-2"),
    Release("web", "4.19.0", 31, "npm-3", (f"{REGISTRY}/mirror/web:4.19.0",)),
    Release("web", "4.20.0", 5, "npm-3", (f"{REGISTRY}/web:stable",)),
    Release("api", "2.27.0", 166, "pip-1"),
    Release("api", "2.28.3", 131, "pip-1"),
    Release("api", "2.29.0", 97, "pip-2"),
    Release("api", "2.30.1", 58, "pip-2"),
    Release("api", "2.31.0", 9, "pip-3"),
    Release("worker", "1.8.0", 152, "pip-1"),
    Release("worker", "1.9.0", 97, "pip-2"),
    Release("worker", "1.10.4", 40, "pip-2"),
    Release("worker", "1.11.0", 9, "pip-3"),
)

LEFTOVERS = (
    Leftover("web", 6, "npm-4"),
    Leftover("api", 3 * 60, "pip-3"),
    Leftover("web", 2 * 1440, "npm-3"),
    Leftover("worker", 12 * 1440, "pip-3"),
    Leftover("api", 70 * 1440, "pip-2"),
    Leftover("web", 121 * 1440, "npm-1"),
)

# Megabytes of a dependency layer by lock file.
LOCKS = {
    "npm-0": 778.6, "npm-1": 812.4, "npm-2": 868.0, "npm-3": 921.7, "npm-4": 934.2,
    "pip-0": 524.9, "pip-1": 566.3, "pip-2": 641.8, "pip-3": 688.5,
}  # fmt: skip


def service_steps(service: str, lock: str, version: str) -> tuple[Step, ...]:
    """Return the Dockerfile of a service: dependencies by lock file, then the code of one version."""
    if service == "web":
        return (
            note("WORKDIR /app"),
            layer("COPY package.json package-lock.json ./", 0.9, lock),
            layer("RUN npm ci", LOCKS[lock], lock),
            layer("COPY . .", 38.2, version),
            layer("RUN npm run build", 164.9, version),
            note("EXPOSE 8080"),
        )
    return (
        note("WORKDIR /srv"),
        layer("COPY requirements.lock .", 0.1, lock),
        layer("RUN pip install -r requirements.lock", LOCKS[lock], lock),
        layer("COPY src/ /srv/", 46.5 if service == "api" else 21.3, service + version),
        note("USER 1000"),
    )
