"""Workers, as they are started: each in a process group of its own, so that whatever ends this process, they go on."""

from __future__ import annotations

import subprocess
from pathlib import Path

from core.errors import RunError
from core.processes import is_held, launch
from core.training.process import queue, standby
from core.workspace import Workspace

MOST_DEVICES = 64

# glibc gives large blocks back to the system after every operation; keeping them, in huge pages, makes a CPU pass up to
# three times as fast.
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}

_children: list[subprocess.Popen[bytes]] = []


def child_ended(directory: Path) -> bool:
    """Whether the run's worker was started from here and has ended. Of several, the last: one before it may still be on
    its way out."""
    mine = [child for child in _children if child.args[-1] == str(directory)]  # type: ignore[index]
    return bool(mine) and mine[-1].poll() is not None


def check_devices(devices: int | None) -> None:
    if devices is not None and not 1 <= devices <= MOST_DEVICES:
        raise RunError(f"A run trains on 1 to {MOST_DEVICES} devices of a machine, and not on {devices}.")


def launch_worker(directory: Path, devices: int | None = None) -> None:
    """Start a worker in its own process group and session: whatever ends this process, it goes on."""
    queue.join(directory, devices)
    if not standby.hand_over(Workspace.at(directory.parent.parent), directory):
        _remember(launch("core.training.process.worker", directory, "worker.log", ALLOCATOR))


def _remember(child: subprocess.Popen[bytes]) -> None:
    """Until it ends, so that the system is told that we know."""
    _children[:] = [each for each in _children if each.poll() is None]
    _children.append(child)


def expect_start(workspace: Workspace, backbone: str) -> None:
    """Somebody may press Start soon, with this backbone: let a worker stand by, so that the run begins at once."""
    if is_held(workspace.shared / "device.lock"):  # a run at work needs the processor more
        return
    begun = standby.keep_one(workspace, backbone, ALLOCATOR)
    if begun is not None:
        _remember(begun)
