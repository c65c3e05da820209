"""A small server on this machine, as addresses on the web are."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CONTENT = "\n".join(
    ["text,label", *(f"a {('good', 'bad')[n % 2]} day in town number {n},{'ab'[n % 2]}" for n in range(200))]
).encode()


class Web(ThreadingHTTPServer):
    """files: what there is, by path, besides the pages below. cut: close the connection after so many bytes. asked: the
    path and the Range of each GET. kinds: Content-Type of paths."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {"/file.csv": CONTENT, "/no-head": CONTENT}
        self.kinds = {"/file.csv": "text/csv"}
        self.links: dict[str, str] = {}
        self.called: dict[str, str] = {}
        self.cut: int | None = None
        self.asked: list[tuple[str, str | None]] = []

    @property
    def port(self) -> int:
        return self.server_port

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Web:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Web

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        if self.path == "/no-head":
            self.answer(405)
        else:
            self.give(head=True)

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Range"]))
        self.give()

    def give(self, head: bool = False) -> None:
        leads = {
            "/moved": "/file.csv",
            "/to-file": "file:///etc/passwd",
            "/to-ftp": "ftp://example.org/x",
            "/to-password": f"http://a:b@127.0.0.1:{self.server.port}/file.csv",
            "/to-other": f"http://127.0.0.2:{self.server.port}/file.csv",
            "/loop": "/loop",
        }
        path = self.path
        if path in leads:
            self.answer(302, Location=leads[path])
        elif path in self.server.files:
            self.file(path, self.server.files[path], head)
        else:
            self.answer(404)

    def file(self, path: str, body: bytes, head: bool) -> None:
        wanted = self.headers["Range"]
        same = self.headers["If-Range"] in (None, '"v1"')
        at = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and same else 0
        kind = self.server.kinds.get(path, "application/octet-stream")
        headers = {"Content-Length": str(len(body) - at), "Content-Type": kind, "ETag": '"v1"'}
        if path in self.server.called:
            headers["Content-Disposition"] = self.server.called[path]
        if path in self.server.links:
            headers["Link"] = self.server.links[path]
        if wanted and at >= len(body):
            self.answer(416)
            return
        self.send_response(206 if at else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not head:
            self.wfile.write(body[at : None if self.server.cut is None else at + self.server.cut])

    def answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
