"""One run trains on a device at a time; the others wait, first come first served.

Both locks are held by the kernel for a living process, so nothing that dies can block the queue or look alive.
A run is in the queue from its first breath (its worker's lock) until its worker ends; its place is by the time in
its directory's `control/launched`.
"""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from core.processes import is_held
from core.workspace import Workspace


def worker_lock(run_directory: Path) -> FileLock:
    """Held by a run's worker for as long as it lives."""
    return FileLock(run_directory / "worker.lock")


def device_lock(workspace: Workspace) -> FileLock:
    """Held by the one worker that trains. It waits for the one before to let go."""
    return FileLock(workspace.root / "device.lock")


def is_alive(run_directory: Path) -> bool:
    """Whether a worker lives in this run directory."""
    return is_held(run_directory / "worker.lock")


def launched(run_directory: Path) -> float:
    """When the run was last put in the queue: unix seconds; 0 if never."""
    try:
        return (run_directory / "control" / "launched").stat().st_mtime_ns / 1e9
    except FileNotFoundError:
        return 0.0


def ahead_of(workspace: Workspace, run_directory: Path) -> int:
    """How many living runs were put in the queue before this one."""
    mine = (launched(run_directory), run_directory.name)
    others = (path for path in workspace.runs.iterdir() if path != run_directory and path.is_dir())
    return sum(1 for path in others if launched(path) > 0 and (launched(path), path.name) < mine and is_alive(path))
