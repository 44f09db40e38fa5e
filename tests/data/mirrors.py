"""A mirror on this very machine that behaves, or misbehaves, as a test asks it to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass
class Mirror:
    """Files by path, and how they are sent. `asked` holds (path, Range header) of each request.

    `cut_after`: the connection closes after so many bytes of an answer. `status`: every answer is
    this error. `location`: every answer sends elsewhere. `wrong_range`: ranges begin at 0 whatever
    was asked. `silent`, `silent_after`: seconds before anything is said, or before it is cut.
    """

    files: dict[str, bytes]
    knows_ranges: bool = True
    says_length: bool = True
    cut_after: int | None = None
    status: int | None = None
    location: str | None = None
    wrong_range: bool = False
    silent: float = 0.0
    silent_after: float = 0.0
    address: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    released: Event = field(default_factory=Event)

    def release(self) -> None:
        """() -> (): nothing is kept silent any longer."""
        self.released.set()

    def ranges(self) -> list[str | None]:
        """() -> the Range headers that came, in order."""
        return [asked for _, asked in self.asked]


@contextmanager
def served(mirror: Mirror) -> Iterator[Mirror]:
    """A mirror -> the same with its address, answering until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            mirror.asked.append((self.path, wanted))
            mirror.released.wait(mirror.silent)
            if mirror.location is not None:
                self.send_response(302)
                self.send_header("Location", mirror.location)
                self.end_headers()
                return
            content = mirror.files.get(self.path.rpartition("/")[2])
            if mirror.status or content is None:
                with suppress(ConnectionError):  # whoever asked has gone meanwhile
                    self.send_error(mirror.status or 404)
                return
            start = 0
            if wanted and mirror.knows_ranges:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(content)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                start = 0 if mirror.wrong_range else start
                self.send_response(206)
                told = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self.send_header("Content-Range", told)
            else:
                self.send_response(200)
            if mirror.says_length:
                self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            stop = None if mirror.cut_after is None else start + mirror.cut_after
            with suppress(ConnectionError):  # whoever asked has had enough
                self.wfile.write(content[start:stop])
            mirror.released.wait(mirror.silent_after)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    mirror.address = f"http://127.0.0.1:{server.server_address[1]}/"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield mirror
    finally:
        server.shutdown()
        server.server_close()
