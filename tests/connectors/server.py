"""A real HTTP server on loopback that plays a script: what producers serve, and how they fail."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self, cast


@dataclass(frozen=True)
class Reply:
    """One answer.

    ``cut_after``: the connection is closed after that many bytes of the body, and with ``reset``
    the hard way, which may cost the client some of them. ``hang_up``: reset before any answer.
    ``declared``: the Content-Length said, whatever the body. ``chunked``: none is said. ``drip``:
    seconds between two bytes. ``delay``: seconds before the status.
    With an ``etag`` or a ``modified`` date and ``ranges``, Range and If-Range are obeyed.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    modified: str = ""
    ranges: bool = True
    cut_after: int | None = None
    reset: bool = False
    declared: int | None = None
    drip: float = 0.0
    delay: float = 0.0
    chunked: bool = False
    hang_up: bool = False


@dataclass(frozen=True)
class Seen:
    """One request the server had. ``path`` holds the query, or a whole URL when used as a proxy."""

    path: str
    headers: Mapping[str, str]
    at: float


def redirect(location: str, status: int = 302) -> Reply:
    return Reply(b"", status, {"Location": location})


NOT_FOUND = Reply(b"Not Found", 404, {"Content-Type": "text/plain"})


class DataServer:
    """``with DataServer() as server``: script paths, ask for ``server.url(path)``, read ``seen``.

    The replies of a path are played in order and the last one repeats; any other path is a 404.
    With ``certificate`` (a PEM file of key and certificate), the server speaks https.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.seen: list[Seen] = []
        self._scripts: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._scheme = "http"
        if certificate is not None:
            self._scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def root(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def url(self, path: str) -> str:
        return f"{self.root}{path}"

    def script(self, path: str, *replies: Reply) -> str:
        """Play ``replies`` for ``path`` (query included); its URL."""
        with self._lock:
            self._scripts[path] = list(replies)
        return self.url(path)

    def requests(self, path: str) -> list[Seen]:
        return [one for one in self.seen if one.path == path]

    def next_reply(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            replies = self._scripts.get(seen.path, [NOT_FOUND])
            return replies.pop(0) if len(replies) > 1 else replies[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: DataServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves early is part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        owner = cast(_Server, self.server).owner
        reply = owner.next_reply(Seen(self.path, dict(self.headers), time.monotonic()))
        time.sleep(reply.delay)
        if reply.hang_up:
            self._reset()
            return
        if reply.etag and self.headers.get("If-None-Match") == reply.etag:
            self._head(reply, 304, {"Content-Length": "0"})
            return
        start = self._asked_start(reply)
        if start > len(reply.body):
            self._head(reply, 416, {"Content-Length": "0"})
            return
        body, extra = reply.body[start:], dict(reply.headers)
        if start:
            extra["Content-Range"] = f"bytes {start}-{len(reply.body) - 1}/{len(reply.body)}"
        if reply.chunked:
            extra["Transfer-Encoding"] = "chunked"
        else:
            extra["Content-Length"] = str(len(body) if reply.declared is None else reply.declared)
        self._head(reply, 206 if start else reply.status, extra)
        self._send(reply, body)

    def _asked_start(self, reply: Reply) -> int:
        """First byte to send: not 0 only for a Range whose If-Range holds."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", "") in (reply.etag or None, reply.modified or None)
        return int(asked[1]) if asked and same and reply.ranges else 0

    def _head(self, reply: Reply, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        if reply.etag:
            self.send_header("ETag", reply.etag)
        if reply.modified:
            self.send_header("Last-Modified", reply.modified)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, reply: Reply, body: bytes) -> None:
        whole = reply.cut_after is None and reply.declared in (None, len(body))
        sent = body if reply.cut_after is None else body[: reply.cut_after]
        with contextlib.suppress(OSError):
            for piece in self._pieces(reply, sent):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if reply.chunked else piece)
                self.wfile.flush()
                time.sleep(reply.drip)
            if reply.chunked and whole:
                self.wfile.write(b"0\r\n\r\n")
        if reply.reset:
            self._reset()
        elif not whole:
            self.close_connection = True

    def _pieces(self, reply: Reply, body: bytes) -> list[bytes]:
        step = 1 if reply.drip else 16 * 1024
        return [body[start : start + step] for start in range(0, len(body), step)]

    def _reset(self) -> None:
        """End the connection the hard way (RST)."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""
