"""The app as a process, and the browser that is to look at it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.polling import poll

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next((path for name in BROWSERS if (path := shutil.which(name))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a moving disc
    "--use-fake-ui-for-media-stream",
]


@dataclass
class App:
    """The app as a process of its own. `stop` and `start` again as a person would restart Streamlit."""

    home: Path
    port: int
    script: str = "app.py"
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @classmethod
    def at(cls, home: Path) -> App:
        """On a port that is free."""
        home.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("localhost", 0))
            return cls(home, free.getsockname()[1])

    def start(self, checkout: Path = ROOT) -> None:
        command = [sys.executable, "-m", "streamlit", "run", self.script, "--server.headless", "true"]
        with open(self.home.parent / "streamlit.log", "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self.port)],
                cwd=checkout,
                env={**os.environ, "GRAFT_HOME": str(self.home)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        poll(self._answers, self.log)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def log(self) -> str:
        return (self.home.parent / "streamlit.log").read_text(errors="replace")[-4000:]
