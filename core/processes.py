"""Start a process that outlives this one, and tell whether it lives. A lock is held by the kernel for a living process,
so nothing that dies can look alive."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

try:
    import fcntl
except ImportError:  # Windows: who looks takes the lock for a moment
    fcntl = None  # type: ignore[assignment]
try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

SOURCE_ROOT = Path(__file__).resolve().parents[1]
# How torch's threads wait for each other: asleep. By default they spin, and where anything else wants a core, one that
# has finished keeps the others from theirs: a run beside a busy browser took ten times as long and more, see
# docs/performance.md. OpenMP reads it when torch is loaded. https://www.openmp.org/spec-html/5.2/openmpse98.html
WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
# What tells a worker its place among several. A cluster's shell may have it too, and does not mean Graft's.
PLACE = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")


def _data() -> int | None:
    """Bytes that count for that limit, as Linux tells them."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmData:")), None)
    return None


@contextmanager
def limited_memory(most: int) -> Iterator[None]:
    """Within the block this process gets so many bytes of memory of its own at most, more than it has; beyond, a
    MemoryError. Where the system knows no such limit, nothing happens."""
    has = _data()
    if resource is None or has is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    known = [limit for limit in (has + most, soft, hard) if limit >= 0]  # below 0: none
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (min(known), hard))
    try:
        yield
    finally:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def launch(
    module: str, directory: Path, log: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Run `python -m module directory` in its own process group and session: whatever ends this process, it goes on.

    log: the file in the directory that gets what it prints. environment: more of it; what the person has set stays.
    """
    given = {name: value for name, value in {**WAITING, **(environment or {})}.items() if name not in os.environ}
    mine = {name: value for name, value in os.environ.items() if name not in PLACE}
    path = os.pathsep.join([str(SOURCE_ROOT), *sys.path[1:]])
    with open(directory / log, "ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", module, str(directory)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=SOURCE_ROOT,
            env={**mine, **given, "HF_HUB_OFFLINE": "1", "PYTHONPATH": path},
            start_new_session=True,
        )


def sign(path: Path) -> None:
    """Leave in this file which process this is, and of which machine."""
    path.write_text(f"{os.getpid()} {_machine()}\n", encoding="utf-8")


def signed(path: Path) -> tuple[int, str]:
    """The process that signed there, and its machine's name if that is not this one: here a stranger has its number.

    Raises:
        OSError, ValueError: nobody has, or it cannot be read.
    """
    # Earlier versions wrote the number alone.
    number, _, machine = path.read_text(encoding="utf-8").strip().partition(" ")
    elsewhere = "" if machine in ("", _machine()) else machine
    if not (1 if elsewhere else 2) <= int(number) < 2**31:  # 0 and those below would mean many processes, 1 the system
        raise ValueError(f"{path.name} names no process")
    return int(number), elsewhere


def _machine() -> str:
    """By the name that it keeps: elsewhere than on Linux, a host's name may follow the network that it is in."""
    return platform.node() if sys.platform == "linux" else f"{uuid.getnode():x}"


def share_cores() -> None:
    """Let this process wait as those that it launches do; to be called before anything imports torch."""
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)


def available_cores() -> int:
    """How many cores this process may use, which a container can make fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def keep_memory() -> None:
    """Let this process keep the blocks of up to 256 MB that it frees, up to 512 MB of them, for the next that it needs.

    glibc gives large blocks back to the system after every operation and is given them anew, page by page, which takes
    a network on a processor as long as half of its arithmetic. Elsewhere than on glibc, nothing changes.
    https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    trim_threshold, mmap_threshold = -1, -3
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    set_option(trim_threshold, 512 * 2**20)
    if not set_option(mmap_threshold, 256 * 2**20):
        set_option(mmap_threshold, 32 * 2**20)  # the most that older ones take


def take(lock: FileLock) -> bool:
    """Take the lock if it is free. Somebody who only looks at it may be in the way for a moment."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock at this path. Several may look at once without seeing each other."""
    if not path.exists():
        return False
    if fcntl is None:
        lock = FileLock(path)
        free = take(lock)
        lock.release()
        return not free
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
