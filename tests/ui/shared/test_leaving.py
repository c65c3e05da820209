"""What a closed tab leaves: asked of a real server, over a WebSocket."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from tests.polling import poll
from ui.shared.leaving import SECONDS_TO_COME_BACK

ROOT = Path(__file__).resolve().parents[3]
PAGE = Path(__file__).with_name("leaving_page.py")


@pytest.fixture
def server(tmp_path):
    """(the home of the server, its process, its port)."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    log = open(tmp_path / "server.log", "wb")  # noqa: SIM115
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(PAGE), "--server.headless", "true", "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "GRAFT_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
        stdout=log,
        stderr=log,
    )
    yield tmp_path / "home", process, port
    process.kill()
    process.wait()
    log.close()


def opened(port):
    """A tab, once its page is drawn."""
    made = []

    def connected():
        try:
            made.append(connect(f"ws://localhost:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=None))
        except (OSError, EOFError):
            return False
        return True

    poll(connected)
    (tab,) = made
    message = BackMsg()
    message.rerun_script.query_string = ""
    tab.send(message.SerializeToString())
    while True:
        said = ForwardMsg()
        said.ParseFromString(tab.recv(60))
        if said.WhichOneof("type") == "script_finished":
            return tab


def uploads(home):
    return list((home / "jobs").glob("*-import-*"))


def deleted_files(process):
    """Open files that have no name any more."""
    found = []
    for name in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{process.pid}/fd/{name}"))
        except OSError:
            continue
    return [link for link in found if "/home/" in link and link.endswith("(deleted)")]


@pytest.mark.filterwarnings("ignore:connect:DeprecationWarning")  # as a context manager; a tab is closed in two ways
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="open files are listed by Linux alone")
def test_what_a_tab_held_goes_within_seconds_of_its_end(server):
    home, process, port = server
    first = opened(port)
    second = opened(port)
    assert len(uploads(home)) == 2 and len(deleted_files(process)) == 2
    first.close()
    poll(lambda: len(uploads(home)) == 1 and len(deleted_files(process)) == 1, deadline=SECONDS_TO_COME_BACK + 30)
    second.socket.shutdown(socket.SHUT_RDWR)  # without a word, as when a browser is killed
    poll(lambda: not uploads(home) and not deleted_files(process), deadline=SECONDS_TO_COME_BACK + 30)
