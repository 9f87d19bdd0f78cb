"""Uploaded files, in Slack's three steps: ask for a URL, send the bytes to it, complete."""

import mimetypes
import time
from dataclasses import dataclass, field

from bot.trial.workspace.core import JSON, Pulse, Refused, fresh_id

MAX_BYTES = 64 * 1024 * 1024
MAX_ALT_TEXT = 1000  # characters: half of what an image block takes


@dataclass(slots=True, kw_only=True)
class File:
    id: str
    name: str
    length: int
    title: str
    alt_text: str
    content: bytes | None = None
    completed: float | None = None
    channels: tuple[str, ...] = ()
    ticket: str = field(default_factory=lambda: fresh_id("", 32))
    """Who has it may send the bytes."""

    @property
    def mimetype(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class Files:
    """What was uploaded. `delay` is how many seconds Slack takes to look at a completed file."""

    def __init__(self, pulse: Pulse, url: str, delay: float) -> None:
        self._pulse = pulse
        self._url = url
        self._delay = delay
        self._known: dict[str, File] = {}

    def reserve(self, name: str, length: int, alt_text: str) -> JSON:
        if not name:
            raise Refused("missing_argument")
        if not 0 < length <= MAX_BYTES:
            raise Refused("file_upload_size_restricted")
        if len(alt_text) > MAX_ALT_TEXT:
            raise Refused("alt_txt_too_large")
        with self._pulse:
            file = File(id=fresh_id("F"), name=name, length=length, title=name, alt_text=alt_text)
            self._known[file.id] = file
        return {"ok": True, "file_id": file.id, "upload_url": f"{self._url}/upload/v1/{file.ticket}"}

    def receive(self, ticket: str, content: bytes) -> None:
        with self._pulse:
            file = next((file for file in self._known.values() if file.ticket == ticket), None)
            if file is None:
                raise Refused("file_not_found")
            if len(content) != file.length or file.completed is not None:
                raise Refused("file_upload_failed")
            file.content = content

    def complete(self, file_id: str, title: str, channel: str) -> JSON:
        with self._pulse:
            file = self.get(file_id)
            if file.content is None:
                raise Refused("file_not_found")
            file.completed = time.monotonic()
            file.title = title or file.name
            if channel:
                file.channels = (channel,)
            return self.as_json(file)

    def get(self, file_id: str) -> File:
        with self._pulse:
            file = self._known.get(file_id)
        if file is None:
            raise Refused("file_not_found")
        return file

    def ready(self, file: File) -> bool:
        return file.completed is not None and time.monotonic() - file.completed >= self._delay

    def usable(self, reference: object, channel: str) -> bool:
        """Say whether an image block may show this file: looked at by Slack, and shared here."""
        if not isinstance(reference, dict):
            return False
        for file in self._known.values():
            if file.id == reference.get("id") or self._private_url(file) == reference.get("url"):
                return self.ready(file) and channel in file.channels
        return False

    def as_json(self, file: File) -> JSON:
        """Describe the file. Until Slack has looked at it, it has no type, as with the real one."""
        mimetype = file.mimetype if self.ready(file) else ""
        return {
            "id": file.id,
            "name": file.name,
            "title": file.title,
            "mimetype": mimetype,
            "filetype": mimetype.rpartition("/")[2],
            "size": file.length,
            "alt_txt": file.alt_text,
            "channels": list(file.channels),
            "url_private": self._private_url(file),
            "url_private_download": self._private_url(file),
            "permalink": self._private_url(file),
        }

    def _private_url(self, file: File) -> str:
        return f"{self._url}/files/{file.id}/{file.name}"
