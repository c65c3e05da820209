"""What the interface asks of a running worker: files in `control/`, written by the interface alone."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Request = Literal["stop", "discard"]


class Control:
    """Both ends of the folder `control/` of a run."""

    def __init__(self, run_directory: Path) -> None:
        self.folder = run_directory / "control"

    def ask(self, request: Request) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / request).touch()

    def asked(self, request: Request) -> bool:
        return (self.folder / request).exists()

    def clear(self) -> None:
        """Forget earlier requests, before the worker is started again."""
        for request in ("stop", "discard"):
            (self.folder / request).unlink(missing_ok=True)
