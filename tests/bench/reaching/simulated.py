"""An engine that answers at once, as a process of its own: ``python simulated.py SOCKET``."""

import asyncio
import json
import sys

VERSION = {"ApiVersion": "1.45", "Version": "26.1.5", "Components": [{"Name": "Engine"}]}
INFO = {
    "ID": "simulated", "Name": "simulated", "ServerVersion": "26.1.5", "Driver": "overlay2",
    "DockerRootDir": "/tmp", "SystemTime": "2026-11-23T09:00:00Z",  # noqa: S108 - a folder that every machine has
}  # fmt: skip
DF = {
    "LayersSize": 10**9,
    "Images": [
        {"Id": f"sha256:{n:064x}", "RepoTags": [f"app:{n}"], "Size": 10**7, "SharedSize": 0, "Containers": 0}
        for n in range(100)
    ],
    "Containers": [],
    "Volumes": [],
    "BuildCache": [],
}


def body(path: str) -> bytes:
    """The answer to a path, whatever its version and query."""
    answers = {"version": VERSION, "info": INFO, "df": DF}
    found = answers.get(path.partition("?")[0].rpartition("/")[2])
    return b"OK" if found is None else json.dumps(found).encode()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request after the other over a connection that is kept."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            answer = body(head.split(b" ", 2)[1].decode())
            length = 0 if head.startswith(b"HEAD") else len(answer)
            writer.write(
                b"HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nOstype: linux\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (length, answer[:length])
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_unix_server(serve, sys.argv[1], backlog=1_000)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
