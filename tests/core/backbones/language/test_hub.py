"""Downloads of language models against a small server on this machine."""

# ruff: noqa: F811

from __future__ import annotations

import pytest

from core.backbones.libraries import download, find, source
from core.errors import BackboneError
from tests.core.backbones.language.served import HUB, main, server  # noqa: F401


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
