"""A worker that stands by: it has imported torch and the libraries, which takes seconds, before anyone presses Start.

    <workspace>/standby/<token>/    backbone  which one to look at beforehand
                                    owner     the process that began it, with which it leaves
                                    lock      held by the worker from its first breath until it has a run, or leaves
                                    ready     there once it is, until somebody takes it; says under which circumstances
                                              the worker was started
                                    run       written by who took it: the run's directory
    <workspace>/standby/wanted      touched by whoever may start a run soon; when that was long ago, the worker leaves

What it does then is what any other worker does, and it outlives its owner. Nothing depends on one being there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from core.errors import GraftError
from core.processes import SOURCE_ROOT, is_held, launch
from core.workspace import Workspace, atomic_open

SECONDS_WANTED = 180.0  # after the last wish
SECONDS_BETWEEN_LOOKS = 0.02
SECONDS_BETWEEN_LOOKS_WHILE_IMPORTING = 0.5
SECONDS_TO_BEGIN = 20.0  # and take the lock
SECONDS_TO_BE_TOLD = 10.0  # which run it is, after it was taken
NOT_CIRCUMSTANCES = ("PYTEST_CURRENT_TEST", "GRAFT_STANDBY")


def keep_one(workspace: Workspace, backbone: str, environment: dict[str, str]) -> subprocess.Popen[bytes] | None:
    """See to it that a worker stands by for the next minutes. Returns at once, with the process if it began one.

    $GRAFT_STANDBY=0 has none.
    """
    if os.environ.get("GRAFT_STANDBY") == "0":
        return None
    folder = workspace.shared / "standby"
    folder.mkdir(exist_ok=True)
    (folder / "wanted").touch()
    if any(is_held(place / "lock") or _is_fresh(place, SECONDS_TO_BEGIN) for place in folder.glob("*/")):
        return None
    for left in folder.glob("*/"):
        shutil.rmtree(left, ignore_errors=True)
    place = folder / secrets.token_hex(4)
    place.mkdir()
    (place / "backbone").write_text(backbone, encoding="utf-8")
    (place / "owner").write_text(str(os.getpid()), encoding="utf-8")
    return launch(
        "core.training.process.worker", place, "standby.log", {**environment, "GRAFT_CIRCUMSTANCES": circumstances()}
    )


def hand_over(workspace: Workspace, run_directory: Path) -> bool:
    """Give the run to a worker that stands by. Returns False if there is none that would do as well as a new one."""
    for place in (workspace.shared / "standby").glob("*/"):
        ready, taken = place / "ready", place / "taken"
        try:
            if not is_held(place / "lock") or ready.read_text(encoding="utf-8") != circumstances():
                continue
            os.rename(ready, taken)  # of two who try, one succeeds
            with atomic_open(place / "run") as file:
                file.write(str(run_directory))
        except OSError:
            continue
        return True
    return False


def circumstances() -> str:
    """Changes with the machine, the environment and Graft's own code: a worker that began under others is not used."""
    said = hashlib.sha256(platform.node().encode())
    for name, value in sorted(os.environ.items()):
        if name not in NOT_CIRCUMSTANCES:
            said.update(f"{name}={value}\n".encode(errors="surrogateescape"))
    for path in sorted((SOURCE_ROOT / "core").rglob("*.py")):
        said.update(f"{path} {path.stat().st_mtime_ns}\n".encode())
    return said.hexdigest()


def is_standby(directory: Path) -> bool:
    """Whether a worker that was launched here is to stand by, and not to carry out a run."""
    return directory.parent.name == "standby"


def stand_by(place: Path) -> Path | None:
    """In the worker: import, wait, and return the run that it is given; None when nobody wants it any more, or the
    process that began it has ended."""
    lock = FileLock(place / "lock")
    lock.acquire(timeout=10)
    try:
        with _leaving_with_owner(place):
            _import_all(place, (place / "backbone").read_text(encoding="utf-8"))
        with atomic_open(place / "ready") as file:
            file.write(os.environ.get("GRAFT_CIRCUMSTANCES", ""))
        return _given(place)
    except OSError:  # the workspace was deleted
        return None
    finally:
        lock.release()
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def _leaving_with_owner(place: Path) -> Iterator[None]:
    """Within the block, which may take seconds in which nothing else is looked at, this process ends with its owner."""
    over, deciding = threading.Event(), threading.Lock()

    def watch() -> None:
        while not over.wait(SECONDS_BETWEEN_LOOKS_WHILE_IMPORTING):
            with deciding:
                if _is_orphan(place) and not over.is_set():
                    shutil.rmtree(place, ignore_errors=True)
                    os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with deciding:
            over.set()


def _is_orphan(place: Path) -> bool:
    """Whether the process that began this one has ended: then the system has given it another parent. Windows does not;
    there it leaves when it was not wanted for a while. (Linux can send a signal, but it does so as soon as the one
    thread ends that began the process, and Streamlit's end at every click.)"""
    try:
        return os.name == "posix" and int((place / "owner").read_text(encoding="utf-8")) != os.getppid()
    except (OSError, ValueError):
        return False


def _given(place: Path) -> Path | None:
    while (place / "ready").exists():
        if _is_orphan(place) or not _is_fresh(place.parent / "wanted", SECONDS_WANTED):
            os.rename(place / "ready", place / "left")  # fails if it was taken at this very moment
            return None
        time.sleep(SECONDS_BETWEEN_LOOKS)
    ends = time.monotonic() + SECONDS_TO_BE_TOLD
    while time.monotonic() < ends:
        if (place / "run").exists():
            return Path((place / "run").read_text(encoding="utf-8"))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return None


def _import_all(place: Path, backbone: str) -> None:
    """What every run needs, and how this backbone is cut."""
    import timm  # noqa: F401
    import torchvision  # noqa: F401

    from core.backbones.libraries import LIBRARIES, find
    from core.backbones.model import describe
    from core.training import trainer  # noqa: F401

    with contextlib.suppress(GraftError):
        workspace = Workspace.at(place.parent.parent)
        info = find(backbone, workspace)
        if info.library in LIBRARIES:
            LIBRARIES[info.library].stages(info, workspace)
            import sklearn.feature_extraction.text  # noqa: F401  # counts words
        else:
            describe(info)  # type: ignore[arg-type]


def _is_fresh(path: Path, seconds: float) -> bool:
    """Whether it was touched so many seconds ago at most."""
    try:
        return abs(time.time() - path.stat().st_mtime) < seconds
    except OSError:
        return False
