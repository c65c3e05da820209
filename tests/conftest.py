"""What the tests share: a workspace of their own, images made on the spot, guards against what they could leave."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.processes import share_cores
from core.workspace import Workspace
from tests.polling import poll
from tests.unplugged import network

COLOURS = {"red": (220, 40, 40), "blue": (40, 60, 220), "green": (40, 200, 60), "grey": (128, 128, 128)}
share_cores()  # before any test imports torch

UNPLUGGED = str(Path(network.__file__).parent)


def image(label: str, number: int = 0, size: tuple[int, int] = (48, 40), ending: str = "jpg") -> bytes:
    """A noisy image in the colour that the label names; another label gets a colour of its own."""
    random = np.random.default_rng((len(label), sum(label.encode()), number))
    colour = COLOURS.get(label) or tuple(np.random.default_rng(sum(label.encode())).integers(0, 255, 3))
    pixels = np.clip(np.array(colour) + random.normal(0, 25, (size[1], size[0], 3)), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, {"jpg": "JPEG"}.get(ending, ending.upper()))
    return file.getvalue()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test touches the workspace of the person who runs it."""
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "graft"))
    monkeypatch.setenv("GRAFT_STANDBY", "0")
    return tmp_path / "graft"


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace.open(home)


@pytest.fixture
def make_zip(tmp_path: Path) -> Callable[..., Path]:
    """`make_zip({"cats": 5})` or, with paths and bytes, `make_zip(files={"a/b.jpg": b"..."})`."""

    def make(
        classes: dict[str, int] | None = None, files: dict[str, bytes] | None = None, name: str = "photos.zip"
    ) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for label, count in (classes or {}).items():
                for number in range(count):
                    archive.writestr(f"{label}/{number}.jpg", image(label.split("/")[-1], number))
            for inner, data in (files or {}).items():
                archive.writestr(inner, data)
        return path

    return make


@pytest.fixture(autouse=True)
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The network is never needed: reaching beyond this machine fails the test, here and in the processes it starts."""
    notes = tmp_path / "reached"
    monkeypatch.setenv(network.NOTES, str(notes))
    monkeypatch.setenv("PYTHONPATH", UNPLUGGED)
    monkeypatch.setattr(sys, "path", [*sys.path, UNPLUGGED])  # a worker's PYTHONPATH is made of it
    yield
    reached = notes.read_text().split() if notes.exists() else []
    assert not reached, f"the test reached for the network: {reached}"


@pytest.fixture(autouse=True)
def nothing_left_behind(home: Path) -> Iterator[None]:
    """Fails a test that leaves a worker or a thread running."""
    before = set(threading.enumerate())
    yield
    try:  # one that has said its last word needs a moment to leave
        poll(lambda: not _workers(home), lambda: f"workers left running: {_workers(home)}", deadline=10)
    finally:
        for run in _workers(home):
            os.kill(int(run.split()[0]), 9)
    poll(lambda: not _threads(before), lambda: f"threads left running: {_threads(before)}", deadline=5)


def _threads(before: set[threading.Thread]) -> list[threading.Thread]:
    """Threads of the test's own making; "asyncio" ones are the browser driver's, which outlives a test."""
    new = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    return [thread for thread in new if not thread.name.startswith("asyncio")]


def _workers(home: Path) -> list[str]:
    if not home.exists():
        return []  # as with most tests: looking costs a process
    processes = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [
        line.strip() for line in processes.splitlines() if "core.training.process.worker" in line and str(home) in line
    ]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Continuous integration runs every test: a skip that is not listed in skips.txt fails it."""
    if hasattr(session.config, "workerinput") or not os.environ.get("CI"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = [report.nodeid for report in reporter.stats.get("skipped", [])] if reporter else []
    unlisted = [name for name in skipped if not name.startswith(tuple(listed_skips()))]
    if unlisted:
        reporter.write_line(f"Skipped, but not listed in tests/skips.txt: {', '.join(unlisted)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def listed_skips() -> list[str]:
    lines = Path(__file__).with_name("skips.txt").read_text(encoding="utf-8").splitlines()
    return [line.split(": ")[0] for line in lines if line and not line.startswith("#")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "NO BROWSER" in str(report.longrepr)]
    if skipped:
        terminalreporter.section("NO BROWSER WAS FOUND", "!", red=True, bold=True)
        terminalreporter.line(f"{len(skipped)} BROWSER TESTS DID NOT RUN. INSTALL CHROMIUM TO RUN THEM.")
