"""Start a process that outlives this one, and tell whether it lives. A lock is held by the kernel for a living process,
so nothing that dies can look alive."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock, Timeout

SOURCE_ROOT = Path(__file__).resolve().parents[1]


def launch(
    module: str, directory: Path, log: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Run `python -m module directory` in its own process group and session: whatever ends this process, it goes on.

    log: the file in the directory that gets what it prints. environment: more of it; what the person has set stays.
    """
    given = {name: value for name, value in (environment or {}).items() if name not in os.environ}
    path = os.pathsep.join([str(SOURCE_ROOT), *sys.path[1:]])
    with open(directory / log, "ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", module, str(directory)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=SOURCE_ROOT,
            env={**os.environ, **given, "HF_HUB_OFFLINE": "1", "PYTHONPATH": path},
            start_new_session=True,
        )


def take(lock: FileLock) -> bool:
    """Take the lock if it is free."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock at this path."""
    if not path.exists():
        return False
    lock = FileLock(path)
    if not take(lock):
        return True
    lock.release()
    return False
