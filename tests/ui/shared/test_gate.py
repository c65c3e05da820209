"""Only this machine's own browser, or whom its keeper means, is answered: asked of a real server, by a raw client."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.polling import poll, run_apart
from tests.unplugged import network
from ui.shared.gate import Gate, names_given

ROOT = Path(__file__).resolve().parents[3]
REFUSED = b"Graft answers "
ROUTES = (  # pages, what says that it lives, uploads, media, components, assets, and what the browser asks first
    ("GET", "/"),
    ("GET", "/data"),
    ("GET", "/_stcore/health"),
    ("GET", "/_stcore/host-config"),
    ("GET", "/_stcore/metrics"),
    ("PUT", "/_stcore/upload_file/session/file"),
    ("DELETE", "/_stcore/upload_file/session/file"),
    ("OPTIONS", "/_stcore/upload_file/session/file"),
    ("GET", "/media/0123.jpg"),
    ("GET", "/component/any/index.html"),
    ("GET", "/_stcore/bidi-components/any/index.js"),
    ("GET", "/static/js/index.js"),
    ("GET", "/_stcore/agent/apps"),
    ("GET", "/oauth2callback"),
    ("WS", "/_stcore/stream"),
)


class Server:
    def __init__(self, home: Path, *command: str) -> None:
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self.port = free.getsockname()[1]
        self.log = home.parent / "server.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command, "--server.headless", "true", "--server.port", str(self.port)],
                cwd=ROOT,
                env={
                    **os.environ,
                    "GRAFT_HOME": str(home),
                    "GRAFT_ALLOWED_HOSTS": "graft.school.example, *.lab.example",
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        poll(self._listens, lambda: self.log.read_text(errors="replace")[-2000:])

    def _listens(self) -> bool:
        try:
            return b"ok" in self.ask("GET", "/_stcore/health", f"localhost:{self.port}")
        except OSError:
            return False

    def ask(self, method: str, path: str, host: str | None, origin: str = "", to: str = "127.0.0.1") -> bytes:
        """What comes back, its first 4 kB."""
        web_socket = method == "WS"
        lines = [f"{'GET' if web_socket else method} {path} HTTP/1.1"]
        lines += [f"Host: {host}"] if host is not None else []
        lines += [f"Origin: {origin}"] if origin else []
        lines += ["Connection: Upgrade" if web_socket else "Connection: close"]
        if web_socket:
            lines += ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        with socket.socket() as raw:
            raw.settimeout(30)
            network._connect(raw, (to, self.port))  # also another address of this machine
            raw.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            answer = b""
            while len(answer) < 4000 and (data := raw.recv(4000)):
                answer += data
                if b" 101 " in answer[:20] and b"\r\n\r\n" in answer:
                    break
        return answer

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module", params=["serve.py", "streamlit run app.py"])
def server(request, tmp_path_factory) -> Iterator[Server]:
    command = ["serve.py"] if request.param == "serve.py" else ["-m", *request.param.split()]
    # On purpose to the network: what arrives at another address of this machine is answered under it.
    made = Server(tmp_path_factory.mktemp("gate") / "home", *command, "--server.address", "0.0.0.0")
    yield made
    made.stop()


def test_a_name_that_somebody_else_gave_to_this_machine_is_refused_everywhere(server):
    for method, path in ROUTES:
        for host in ("evil.example", f"evil.example:{server.port}"):
            answer = server.ask(method, path, host, f"http://{host}")
            assert b" 403 " in answer[:20] and REFUSED in answer and b"evil.example" in answer, (method, path, host)


def test_a_page_from_elsewhere_is_refused_everywhere(server):
    for method, path in ROUTES:
        answer = server.ask(method, path, f"localhost:{server.port}", "http://evil.example")
        assert b" 403 " in answer[:20] and REFUSED in answer and b"http://evil.example" in answer, (method, path)


def test_graft_s_own_pages_are_served(server):
    own = f"localhost:{server.port}"
    for method, path in ROUTES:
        for host, origin in ((own, ""), (own, f"http://{own}"), (f"127.0.0.1:{server.port}", f"http://{own}")):
            answer = server.ask(method, path, host, origin)
            assert answer.startswith(b"HTTP/1.1 ") and REFUSED not in answer, (method, path, host, origin)
            if method == "WS":
                assert b" 101 " in answer[:20]
    page = server.ask("GET", "/", own)
    assert b" 200 " in page[:20] and b"frame-ancestors 'self'" in page
    assert b'"allowedOrigins":[]' in server.ask("GET", "/_stcore/host-config", own)


@pytest.mark.parametrize("host", ["graft.school.example", "GRAFT.school.example.:443", "a.b.lab.example"])
def test_names_given_on_purpose_are_served(server, host):
    assert b" 200 " in server.ask("GET", "/", host)[:20]
    assert b" 101 " in server.ask("WS", "/_stcore/stream", host, f"https://{host}")[:20]
    # Behind a proxy that asks for localhost.
    assert b" 101 " in server.ask("WS", "/_stcore/stream", f"localhost:{server.port}", f"https://{host}")[:20]


def test_the_address_of_this_machine_is_served_where_it_listens_there(server):
    for address in _own_addresses():
        host = f"{address}:{server.port}"
        assert b" 200 " in server.ask("GET", "/", host, to=address)[:20]
        assert b" 101 " in server.ask("WS", "/_stcore/stream", host, f"http://{host}", to=address)[:20]
        assert b" 403 " in server.ask("GET", "/", "evil.example", to=address)[:20]


def _own_addresses() -> list[str]:
    """But for the loopback device's; none on a machine without a network."""
    try:
        known = socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        known = []
    return [address for address in known if not address.startswith("127.")]


def test_what_names_no_host_is_refused(server):
    for host in (None, "", " ", "localhost@evil.example", "localhost, evil.example", "localhost:0", "localhost:99999"):
        answer = server.ask("GET", "/", host)
        assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 ")), host


# Without a server ----------------------------------------------------------------------------------------------------


def status(host: str, origin: str = "", *, arrived: str = "127.0.0.1", kind: str = "http") -> int:
    """What a request gets: 200 if it came through."""
    said: list[int] = []

    async def inside(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        said.append(message.get("status", 0))

    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin else [])
    scope = {"type": kind, "headers": headers, "server": (arrived, 8501), "extensions": {}}
    run_apart(Gate(inside)(scope, receive, send))
    return said[0]


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8501", "localhost.", "127.0.0.1:8501", "127.9.8.7", "[::1]:8501", "[::ffff:127.0.0.1]"],
)
def test_this_machine_has_these_names(host):
    assert status(host) == 200 and status(host, f"http://{host.lower()}") == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:localhost", "192.0.2.7", "[::2]"]
    + ["2130706433", "0x7f000001", "127.1", "0.0.0.0", "localhost/", "localhost#", "locаlhost", "a.lab.example"],
)
def test_this_machine_has_no_such_name(host):
    assert status(host) == 403


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost:3000", "https://localhost:8501.evil.example", "file://", "x"]
    + ["http://localhost:8501@evil.example", "chrome-extension://localhost:8501", "http://", "http://localhost"],
)
def test_no_other_page_is_graft_s(origin):
    assert status("localhost:8501", origin) == 403
    assert status("localhost:8501", origin, kind="websocket") == 0  # closed, before it was accepted


def test_the_address_where_it_arrived():
    assert status("192.168.1.5:8501", "http://192.168.1.5:8501", arrived="192.168.1.5") == 200
    assert status("192.168.1.5:8501", arrived="127.0.0.1") == 403
    assert status("[fe80::1]", arrived="fe80::1") == 200


@pytest.mark.parametrize("said", ["lab.example", " lab.example,other.example ", "LAB.example.", "*.example"])
def test_names_given(monkeypatch, said):
    monkeypatch.setenv("GRAFT_ALLOWED_HOSTS", said)
    assert status("lab.example:8501", "https://lab.example:8501") == 200 and status("evil.test") == 403


@pytest.mark.parametrize("said", ["*", "lab.example/x", "a b\r\nX: y", "'unsafe'", ";"])
def test_names_that_are_none(monkeypatch, said):
    monkeypatch.setenv("GRAFT_ALLOWED_HOSTS", said)
    assert all(name.isascii() and not set(name) & set(" ;'/\r\n") for name in names_given())
    assert status("evil.example") == 403
