"""What the interface asks of a running worker: files in `control/`, written by the interface alone.

control/stop, pause, discard      there or not there; to be heeded at the next step
        000001.json, ...          changes, heeded in order and remembered by number, so that none is lost or done twice
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from core.errors import DamagedError
from core.records import Amount, read
from core.workspace import write_json

Request = Literal["stop", "pause", "discard"]
REQUESTS: tuple[Request, ...] = ("stop", "pause", "discard")
ChangeKind = Literal["learning_rate", "extend", "extend_ended", "unfreeze"]


@dataclass(frozen=True)
class Asked:
    """A change. number: from 1. value: the learning rate, how many more epochs, how many more stages to free.

    extend_ended: so many epochs more than were done when the run ended, whatever was planned.
    """

    number: int
    kind: ChangeKind
    value: float


@dataclass(frozen=True)
class _Change:
    kind: ChangeKind
    value: Amount


class Control:
    """Both ends of the folder `control/` of a run."""

    def __init__(self, run_directory: Path) -> None:
        self.folder = run_directory / "control"

    def ask(self, request: Request, words: str = "") -> None:
        """words: what goes with it; of a run that is to be discarded, its title."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / request).write_text(words, encoding="utf-8")

    def asked(self, request: Request) -> bool:
        return (self.folder / request).exists()

    def words(self, request: Request) -> str:
        """What goes with the request, if anything."""
        try:
            return (self.folder / request).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""

    def clear(self) -> None:
        """Forget earlier requests, before the worker is started again."""
        for request in REQUESTS:
            (self.folder / request).unlink(missing_ok=True)

    def change(self, kind: ChangeKind, value: float) -> None:
        self.folder.mkdir(exist_ok=True)
        with FileLock(self.folder / ".lock"):  # two pages may ask at once
            number = max(self._numbers(), default=0) + 1
            write_json(self.folder / f"{number:06}.json", {"kind": kind, "value": value})

    def changes(self, after: int) -> list[Asked]:
        """Those with a higher number, in order. One that cannot be read is passed over."""
        found = []
        for number in sorted(each for each in self._numbers() if each > after):
            try:
                said = read(self.folder / f"{number:06}.json", _Change)
                found.append(Asked(number, said.kind, said.value))
            except (OSError, DamagedError):
                continue
        return found

    def _numbers(self) -> list[int]:
        return [int(path.stem) for path in self.folder.glob("[0-9]*.json") if path.stem.isdecimal()]
