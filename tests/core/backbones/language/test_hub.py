"""Downloads of language models against a small server on this machine."""

from __future__ import annotations

import functools
import hashlib
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.backbones.libraries import download, find, source
from core.errors import BackboneError
from tests.core.backbones.language.tiny import write_folder

HUB = "prajjwal1/bert-tiny"


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def end_headers(self):
        if (path := Path(self.translate_path(self.path))).is_file():
            wrong = path.name == self.server.wrong
            self.send_header("ETag", hashlib.sha256(b"other" if wrong else path.read_bytes()).hexdigest())
        super().end_headers()

    def do_GET(self):
        self.server.asked.append(self.path.rpartition("/")[2])
        super().do_GET()


@pytest.fixture
def server(tmp_path, monkeypatch):
    write_folder(tmp_path / "served" / HUB / "resolve" / "main")
    made = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(tmp_path / "served")))
    made.wrong, made.asked = "", []
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


def fetch(workspace):
    download(find(f"hub/{HUB}"), workspace, lambda done, total: None, lambda: False)


def test_a_whole_download_is_a_backbone(server, workspace):
    assert source(find(f"hub/{HUB}", workspace), workspace) == "download"
    fetch(workspace)
    found = find(f"hub/{HUB}", workspace)
    assert source(found, workspace) == "cached" and found.licence == "mit" and found.family == "BERT"
    assert "vocab.txt" not in server.asked


def test_what_came_is_kept_and_not_fetched_again(server, workspace):
    server.wrong = "model.safetensors"
    with pytest.raises(BackboneError, match="is not the published weights"):
        fetch(workspace)
    assert source(find(f"hub/{HUB}", workspace), workspace) == "download"
    server.wrong = ""
    server.asked.clear()
    fetch(workspace)
    assert server.asked == ["model.safetensors"] and source(find(f"hub/{HUB}", workspace), workspace) == "cached"


def test_only_pickles_are_refused_before_anything_large_comes(server, workspace, main):
    (main / "model.safetensors").rename(main / "pytorch_model.bin")
    with pytest.raises(BackboneError, match="no safetensors, only files that can run code"):
        fetch(workspace)
    assert "pytorch_model.bin" not in server.asked


def test_without_a_network_it_says_so(workspace, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(BackboneError, match="cannot be reached|connection broke off"):
        fetch(workspace)
