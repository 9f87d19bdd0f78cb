"""How long the Docker SDK's own ssh:// takes: a program, since Deckhand's engines turn that SSH off in their process.

Reads URLs, a line each; prints the seconds for all of them cold, and the median of ten times warm at the first.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import docker

THREADS = 32
TIMES_WARM = 10


def took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def cold(url: str) -> int:
    with closing(docker.APIClient(base_url=url, version="auto", timeout=120)) as client:
        return int(client.df()["LayersSize"])


def main() -> None:
    urls = sys.stdin.read().split()
    with ThreadPoolExecutor(THREADS) as pool:
        found: list[int] = []
        all_cold = took(lambda: found.extend(pool.map(cold, urls)))
    with closing(docker.APIClient(base_url=urls[0], version="auto", timeout=120)) as kept:
        warm = statistics.median(took(kept.df) for _ in range(TIMES_WARM))
    print(json.dumps({"cold": all_cold, "warm": warm, "sizes": found}))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
