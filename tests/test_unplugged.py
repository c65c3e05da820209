"""The guard that keeps every other test off the network: without it they would prove nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.unplugged import network

FETCH = "import urllib.request; urllib.request.urlopen('http://example.org', timeout=5)"


@pytest.fixture
def noted(monkeypatch, tmp_path) -> Path:
    """What would fail the test, noted elsewhere."""
    monkeypatch.setenv(network.NOTES, str(tmp_path / "noted"))
    return tmp_path / "noted"


def test_a_name_cannot_be_looked_up(noted):
    with pytest.raises(urllib.error.URLError, match="no network"):
        urllib.request.urlopen("http://example.org", timeout=5)
    assert noted.read_text() == "example.org\n"


def test_an_address_cannot_be_reached(noted):
    with socket.socket() as wire, pytest.raises(OSError, match="no network"):
        wire.connect(("192.0.2.1", 80))
    assert noted.read_text() == "192.0.2.1\n"


def test_processes_of_a_test_are_unplugged_too(noted):
    done = subprocess.run([sys.executable, "-c", FETCH], capture_output=True, text=True, check=False)
    assert "no network" in done.stderr
    assert noted.read_text() == "example.org\n"


def test_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        assert os.environ[network.NOTES]
