"""A small server on this machine, which answers as the hub does about one model."""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.core.backbones.language.tiny import write_folder

HUB = "prajjwal1/bert-tiny"
ANY = "someone/own-bert"  # which is not among the well-known ones


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path.rpartition("/")[2])
        if self.path in self.server.refuses:
            status, said = self.server.refuses[self.path]
            self.send_response(status)
            self.send_header("X-Error-Code", said)
            self.end_headers()
        else:
            super().do_GET()

    def end_headers(self):
        if (path := Path(self.translate_path(self.path))).is_file():
            wrong = path.name == self.server.wrong
            self.send_header("ETag", hashlib.sha256(b"other" if wrong else path.read_bytes()).hexdigest())
        super().end_headers()


@pytest.fixture
def server(tmp_path, monkeypatch):
    write_folder(tmp_path / "served" / HUB / "resolve" / "main")
    made = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(tmp_path / "served")))
    made.wrong, made.asked, made.refuses = "", [], {}
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{made.server_port}")
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def main(tmp_path):
    return tmp_path / "served" / HUB / "resolve" / "main"


@pytest.fixture
def any_main(tmp_path, server):  # noqa: F811
    """The files of a model that is not listed."""
    folder = tmp_path / "served" / ANY / "resolve" / "main"
    write_folder(folder)
    say(tmp_path, folder)
    return folder


def say(tmp_path: Path, folder: Path, sizes: dict[str, int] | None = None, **more: Any) -> None:
    """What the hub says of the model with these files. sizes: of some, other than they have."""
    files = {path.name: path.stat().st_size for path in folder.iterdir()} | (sizes or {})
    said = {
        "id": ANY,
        "gated": False,
        "private": False,
        "cardData": {"license": "mit", "language": ["de", "en"]},
        "siblings": [{"rfilename": name, "size": size} for name, size in files.items()],
    }
    path = tmp_path / "served" / "api" / "models" / ANY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said | more))
