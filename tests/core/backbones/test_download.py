"""Downloads against a small server on this machine."""

import hashlib
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.backbones.catalogue import find
from core.backbones.download import DownloadCancelled, Remote, download, must_be_published
from core.backbones.weights import source
from core.errors import BackboneError
from core.workspace import Workspace

CONTENT = bytes(range(256)) * 4000  # 1 MB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """cut: close the connection after so many bytes. asked: the Range headers that came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.cut: int | None = None
        self.asked: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_) -> None:
        pass

    def do_HEAD(self) -> None:
        if "moved" in self.path:
            self.answer(307, Location=self.path.replace("moved", "here"))
        elif "gated" in self.path:
            self.answer(401)
        else:
            self.answer(302, Location="http://elsewhere.invalid/", **{"X-Linked-Etag": f'"{SHA256}"'})

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.server.asked.append(wanted)
        body = CONTENT[int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0 :]
        if "missing" in self.path:
            self.answer(404)
        elif not body:
            self.answer(416)
        else:
            self.answer(206 if wanted else 200, **{"Content-Length": str(len(body))})
            self.wfile.write(body[: self.server.cut])

    def answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def workspace(workspace, tmp_path, monkeypatch) -> Workspace:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return workspace


def _published(server: Server, name: str = f"net-{SHA256[:8]}.pth"):
    return replace(find("torchvision/resnet18.IMAGENET1K_V1"), url=f"{server.address}/{name}")


def _files(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in (workspace.cache / "weights").iterdir() if path.suffix != ".lock")


def test_a_whole_download_is_put_in_place_and_found(server, workspace):
    info, seen = _published(server), []
    path = download(info, workspace, lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT and _files(workspace) == [path.name]
    assert seen[0] == (0, len(CONTENT)) and seen[-1] == (len(CONTENT), len(CONTENT))
    assert source(info, workspace) == "cached"


def test_a_cut_download_goes_on_from_where_it_stopped(server, workspace):
    info = _published(server)
    server.cut = 300_000
    with pytest.raises(BackboneError, match="goes on from where it stopped"):
        download(info, workspace)
    assert source(info, workspace) == "download"
    server.cut = None
    assert download(info, workspace).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-"]


def test_a_cancelled_download_keeps_what_came(server, workspace):
    info = _published(server)
    with pytest.raises(DownloadCancelled):
        download(info, workspace, cancelled=lambda: True)
    assert _files(workspace) == [f"net-{SHA256[:8]}.pth.part"]
    assert download(info, workspace).read_bytes() == CONTENT


def test_a_part_that_is_already_whole_is_only_checked(server, workspace):
    info = _published(server)
    (workspace.cache / "weights").mkdir()
    (workspace.cache / "weights" / f"net-{SHA256[:8]}.pth.part").write_bytes(CONTENT)
    assert download(info, workspace).read_bytes() == CONTENT


def test_a_wrong_hash_is_refused_and_nothing_is_left(server, workspace):
    with pytest.raises(BackboneError, match="is not the published weights"):
        download(_published(server, "net-00000000.pth"), workspace)
    assert _files(workspace) == []


@pytest.mark.parametrize("repository", ["here/model", "moved/model"])
def test_the_hubs_hash_is_asked_for_and_checked(server, workspace, monkeypatch, repository):
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    info = replace(find("timm/convnext_atto.d2_in1k"), hub=repository)
    assert download(info, workspace).read_bytes() == CONTENT
    assert source(info, workspace) == "cached"


def test_what_cannot_be_fetched_is_said_in_words(server, workspace, monkeypatch):
    with pytest.raises(BackboneError, match="not where they were published"):
        download(_published(server, "missing.pth"), workspace)
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    with pytest.raises(BackboneError, match="accepted its licence"):
        download(replace(find("timm/convnext_atto.d2_in1k"), hub="gated/model"), workspace)
    nobody = replace(_published(server), url="http://127.0.0.1:9/net.pth")
    with pytest.raises(BackboneError, match="cannot be reached"):
        download(nobody, workspace)


def test_a_full_disk_is_said_in_words(server, workspace, monkeypatch):
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("core.fetching.shutil.disk_usage", lambda _: usage)
    with pytest.raises(BackboneError, match="disk is full"):
        download(_published(server), workspace)


def test_a_file_of_which_only_gits_name_is_known_is_checked_by_it(tmp_path):
    """As `git hash-object` names "hello\n"."""
    (tmp_path / "config.json.part").write_bytes(b"hello\n")
    right = Remote("", None, "ce013625030ba8dba906f756967f9e9ca394464a")
    must_be_published(tmp_path / "config.json.part", right, "x")
    with pytest.raises(BackboneError, match="the hash of config.json is ce013625030ba8db…, expected 0000"):
        must_be_published(tmp_path / "config.json.part", replace(right, blob="0" * 40), "x")
    assert not list(tmp_path.iterdir())
