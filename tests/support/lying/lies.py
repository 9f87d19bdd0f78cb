"""Recorded engines that tell one lie each: one change in one answer, by a seed."""

from contextlib import suppress
from dataclasses import dataclass
from random import Random

from bot.core.errors import HostError
from bot.engines.failures import translated
from bot.engines.held import HeldDockerEngine
from tests.engines.docker.test_missing_answers import kind_of
from tests.support.lying.mutations import mutated
from tests.support.machines.hosts import HOST
from tests.support.recording import CLI_DF, RECORDINGS, Answers, Refused, aged, replayed

MOUNT = {"Type": "volume", "Source": "no-such-volume", "Target": "/data"}
STATUSES = (101, 204, 301, 307, 400, 403, 404, 409, 500, 503, 600)


def with_effects(answers: Answers) -> Answers:
    """A recording, and what its engine would say to removals and pulls."""
    images = [each["Id"] for each in answers["/images/json?all=1"]]
    names = [tag for each in answers["/images/json?all=1"] for tag in each.get("RepoTags") or ()]
    containers = [each["Id"] for each in answers["/containers/json?all=1"]]
    cache = [each["ID"] for each in answers["/system/df"]["BuildCache"] or ()]
    answers["/info"]["ID"] = "one and the same"
    answers["/info"]["Swarm"] = {"NodeID": "n", "LocalNodeState": "active", "ControlAvailable": True}
    spec = {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": "none:1", "Mounts": [MOUNT]}}}
    return {
        **answers,
        "/services": [{"ID": "s", "Spec": spec, "PreviousSpec": spec}],
        **{f"DELETE /images/{each}": [{"Untagged": "a:1"}, {"Deleted": each}] for each in (*images, *names)},
        **{f"DELETE /containers/{each}": b"" for each in containers},
        **{f"DELETE /networks/{each['Id']}": b"" for each in answers["/networks"]},
        **{f"DELETE /volumes/{each['Name']}": b"" for each in answers["/volumes"]["Volumes"]},
        "POST /build/prune": {"CachesDeleted": cache, "SpaceReclaimed": 1},
        "POST /images/create": {
            "status": "Pulling",
            "error": "no",
            "errorDetail": {"code": 404, "message": "no"},
        },
    }


ANSWERS = {file.stem: with_effects(aged(file)) for file in RECORDINGS}


def kind(path: str) -> str:
    method, _, bare = path.rpartition(" ")
    return f"{method} {kind_of(bare)}".strip()


KINDS = sorted({kind(path) for answers in ANSWERS.values() for path in answers} - {CLI_DF})


@dataclass(frozen=True)
class Told:
    """One engine with one lie."""

    engine: HeldDockerEngine
    file: str
    path: str
    what: str


def told(file: str, seed: int, kinds: list[str]) -> Told | None:
    """The engine of a seed; None where it is refused at its first answer, as it may be."""
    random = Random(f"{file} {seed}")  # noqa: S311 - a lie that can be had again
    wanted, answers = random.choice(kinds), ANSWERS[file]
    path = random.choice([each for each in answers if each != CLI_DF and kind(each) == wanted] or ["/info"])
    lie, how = mutated(answers[path] if answers[path] != b"" else {}, random)
    status = random.choice(STATUSES) if random.random() < 0.1 else 0
    told_now = {**answers, path: Refused(status, lie) if status else lie}
    what = f"seed {seed}: {file} {path[:60]} {status or ''} {how}"
    with suppress(HostError), translated(HOST):
        return Told(replayed(told_now), file, path, what)
    return None
