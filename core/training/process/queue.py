"""One run trains on a device at a time; the others wait, first come first served.

The locks are held by the kernel for a living process, so nothing that dies can block the queue or look alive. A run is
in the queue from its launch until its worker ends. Its place goes by a number and not by the time, as clocks jump:

    <run>/control/launched    {"number": 12, "told": 4096, "devices": 1}: launched as the twelfth, when its events.jsonl
                              had so many bytes, to train on so many devices of this machine
    <shared>/queue/12         {"run": "/path/of/the/run"}: the same, for those who have a workspace of their own
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from core.errors import DamagedError
from core.processes import is_held
from core.records import Bytes, Count, read
from core.workspace import Workspace, write_json

SECONDS_TO_START = 20  # how long a launched worker may take to say its first word


@dataclass(frozen=True)
class Launch:
    """number: from 1; the lower, the earlier. told: bytes of events.jsonl that were there before. devices: how many of
    this machine train it."""

    number: Count
    told: Bytes
    devices: Count = 1


@dataclass(frozen=True)
class Place:
    """run: its directory."""

    run: str


def worker_lock(run_directory: Path) -> FileLock:
    """Held by a run's worker for as long as it lives."""
    return FileLock(run_directory / "worker.lock")


def device_lock(workspace: Workspace) -> FileLock:
    """Held by the one worker that trains. It waits for the one before to let go."""
    return FileLock(workspace.shared / "device.lock")


def is_alive(run_directory: Path) -> bool:
    """Whether a worker lives in this run directory."""
    return is_held(run_directory / "worker.lock")


def join(run_directory: Path, devices: int | None = None) -> None:
    """Put a run at the end of the queue; its worker is to be started next. devices: if None, as many as before."""
    workspace = Workspace.at(run_directory.parent.parent)
    (run_directory / "control").mkdir(exist_ok=True)
    before = launched(run_directory)
    devices = devices or (before.devices if before else 1)
    with FileLock(workspace.shared / "queue.lock"):
        launch = Launch(_last(workspace) + 1, _told(run_directory), devices)
        write_json(run_directory / "control" / "launched", asdict(launch))
        _line_up(workspace, launch.number, run_directory)
    os.utime(run_directory)  # so that who knew it as ended looks again


def _last(workspace: Workspace) -> int:
    """The highest number that was given, in this workspace or by who shares its queue."""
    return max((number for number, _ in _queued(workspace)), default=0)


def _line_up(workspace: Workspace, number: int, run_directory: Path) -> None:
    """Write it into the queue, and out of it whoever is through."""
    queue = workspace.shared / "queue"
    queue.mkdir(exist_ok=True)
    write_json(queue / str(number), asdict(Place(str(run_directory))))
    for other, path in _queued(workspace):
        if other < number and not _is_in_line(path, other):
            (queue / str(other)).unlink(missing_ok=True)


def _queued(workspace: Workspace) -> set[tuple[int, Path]]:
    """The runs of the queue with their numbers, also those that are through by now.

    Those of this workspace by what they say themselves: an earlier version wrote them into no queue.
    """
    found = {(launch.number, path) for path in workspace.runs.iterdir() if (launch := launched(path))}
    with suppress(OSError):
        for name in os.listdir(workspace.shared / "queue"):
            with suppress(OSError, DamagedError):
                if name.isascii() and name.isdecimal():
                    found.add((int(name), Path(read(workspace.shared / "queue" / name, Place).run)))
    return found


def _is_in_line(run_directory: Path, number: int) -> bool:
    launch = launched(run_directory)
    return launch is not None and launch.number == number and (is_alive(run_directory) or is_starting(run_directory))


def launched(run_directory: Path) -> Launch | None:
    """When it was last put in the queue; None if never."""
    try:
        return read(run_directory / "control" / "launched", Launch)
    except (OSError, DamagedError):
        return None


def is_starting(run_directory: Path) -> bool:
    """Whether a worker was launched a moment ago and has not said a word yet."""
    launch = launched(run_directory)
    if launch is None or _told(run_directory) > launch.told:
        return False
    try:
        age = time.time() - (run_directory / "control" / "launched").stat().st_mtime
    except FileNotFoundError:
        return False
    return abs(age) < SECONDS_TO_START


def ahead_of(run_directory: Path) -> int:
    """How many runs that live, or are about to, were put in the queue before this one."""
    mine = launched(run_directory)
    if mine is None:
        return 0
    queued = _queued(Workspace.at(run_directory.parent.parent))
    return sum(number < mine.number and _is_in_line(path, number) for number, path in queued)


def is_anybody_waiting(workspace: Workspace) -> bool:
    """Whether a run is at work or waits for the device, as seen by somebody who is no run."""
    return any(_is_in_line(path, number) for number, path in _queued(workspace))


def _told(run_directory: Path) -> int:
    try:
        return (run_directory / "events.jsonl").stat().st_size
    except FileNotFoundError:
        return 0
