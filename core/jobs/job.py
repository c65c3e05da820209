"""A job, seen from outside its process.

<workspace>/jobs/<id>/job.json      what to do: kind, title, arguments
                      state.json    how far it is, or how it ended; written by the process alone
                      alive.lock    held by the process for as long as it lives
                      job.log       what it printed
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from core.address_space import must_have_for_torch
from core.course import Course
from core.errors import DamagedError, GraftError
from core.importing.importing import clear_leftovers
from core.jobs.legs import course_of
from core.processes import is_held, launch, signed
from core.records import Amount, Count, Seconds, Share, read
from core.runs.launching import ALLOCATOR
from core.workspace import Workspace, new_id, write_json

SECONDS_TO_START = 20
Family = Literal["import", "survey", "probe", "evaluation"]
# By kind; of all others, "import".
FAMILIES: dict[str, Family] = {
    "survey": "survey",
    "estimate": "probe",
    "learning rate": "probe",
    "crossval": "probe",
    "evaluate": "evaluation",
}
_children: dict[Path, subprocess.Popen[bytes]] = {}
_prepared: dict[Path, FileLock] = {}  # held for as long as this process lives, or until the job begins


class JobView(BaseModel):
    """How far a job is.

    done of total: of this phase, None while the total is unknown. share: of the whole job, 0 to 1; seconds_left: to its
    end, None while unknown. began: when this phase did, in seconds since 1970; 0 while nothing was told. course: from
    which both are worked out at each look.
    message: why it failed. result: what it gave, see `core.jobs.kinds`.
    """

    model_config = ConfigDict(frozen=True)

    status: Literal["running", "done", "stopped", "failed"] = "running"
    phase: str = "Starting"
    done: Count = 0
    total: Count | None = None
    share: Share = 0.0
    seconds_left: Seconds | None = None
    began: Amount = 0.0
    course: Course = Course()
    message: str = ""
    result: dict[str, Any] = {}

    @field_validator("course")
    @classmethod
    def _is_at_a_leg(cls, course: Course) -> Course:
        if course.at >= max(1, len(course.legs)):
            raise ValueError("it is at a leg that there is not")
        return course

    @property
    def running(self) -> bool:
        return self.status == "running"

    @property
    def imported(self) -> Imported:
        """Of an import that is done.

        Raises:
            GraftError: what is kept of it does not say what it gave.
        """
        try:
            return Imported.model_validate(self.result)
        except ValidationError as error:
            raise GraftError("It cannot be told what the import gave: its file is damaged. Import it again.") from error

    def at(self, time: float) -> JobView:
        """At a moment after it was last heard of."""
        course = self.course.look(time)
        return self.model_copy(update={"course": course, "share": course.share, "seconds_left": course.left})


class Asked(BaseModel):
    """What a job is to do. arguments: of its function in `core.jobs.kinds`."""

    model_config = ConfigDict(frozen=True)

    kind: str = ""
    title: str = ""
    arguments: dict[str, str | int | None] = {}


class Imported(BaseModel):
    """What an import gave. known: its images were there already."""

    model_config = ConfigDict(frozen=True)

    dataset: str
    version: int
    known: bool


@dataclass(frozen=True)
class Job:
    workspace: Workspace
    directory: Path

    @property
    def id(self) -> str:
        return self.directory.name

    @property
    def said(self) -> dict[str, Any]:
        """What was asked: kind, title, arguments, as `Asked` has them; nothing, where that cannot be read."""
        try:
            return read(self.directory / "job.json", Asked).model_dump()
        except (OSError, DamagedError):
            return Asked().model_dump()

    @property
    def title(self) -> str:
        return str(self.said["title"])

    def view(self) -> JobView:
        """The job as it stands. One whose process vanished has failed."""
        view = self._state()
        if not view.running:
            return view
        if self._lives():
            return (view if view.course.legs else self.beginning()).at(time.time())
        view = self._state()  # it may have ended between the two looks
        if not view.running:
            return view
        damage = self._damage()
        why = (
            f"It cannot be told how it ended. {damage}" if damage else "It was interrupted, and nothing of it was kept."
        )
        return JobView(status="failed", message=f"{why} Start it again.")

    def beginning(self) -> JobView:
        """Before it has told anything."""
        with suppress(GraftError, OSError, ValueError, KeyError, TypeError, RecursionError):
            said = self.said
            course = course_of(self.workspace, said["kind"], said["arguments"])
            return JobView(course=course.look((self.directory / "job.json").stat().st_mtime))
        return JobView()

    def stop(self) -> None:
        """End it at once, or on another machine when it next says how far it is; what it had begun is cleared away.

        One that has ended stays as it is.
        """
        self._say_stopped()  # for a process that is only beginning, or of another machine, and looks for this itself
        if is_held(self.directory / "alive.lock"):  # else the pid may be another's by now
            with suppress(OSError, ValueError):
                number, machine = signed(self.directory / "pid")
                if not machine:
                    os.killpg(number, signal.SIGKILL)
        if child := _children.pop(self.directory, None):
            child.kill()
            child.wait()
        self._say_stopped()  # it may have told its progress to the last
        self.tidy()
        clear_leftovers(self.workspace)

    def _say_stopped(self) -> None:
        with suppress(OSError):  # a full disk: it ends all the same, and is taken for interrupted
            self._write_stopped()

    def _write_stopped(self) -> None:
        if self._state().running:
            write_json(self.directory / "state.json", JobView(status="stopped").model_dump())

    def tidy(self) -> None:
        """Delete what was uploaded for it."""
        shutil.rmtree(self.directory / "upload", ignore_errors=True)

    def _state(self) -> JobView:
        try:
            return read(self.directory / "state.json", JobView)
        except (OSError, DamagedError):
            return JobView()

    def _damage(self) -> str:
        """What is wrong with its files, if they cannot be read."""
        try:
            read(self.directory / "job.json", Asked)
            read(self.directory / "state.json", JobView)
        except DamagedError as error:
            return str(error)
        except OSError:
            pass
        return ""

    def _lives(self) -> bool:
        if is_held(self.directory / "alive.lock"):
            return True
        child = _children.get(self.directory)
        if child is not None:
            return child.poll() is None
        with suppress(OSError):
            return not (self.directory / "pid").exists() and abs(_age(self.directory)) < SECONDS_TO_START
        return False


def _age(directory: Path) -> float:
    return time.time() - (directory / "job.json").stat().st_mtime


def prepare(workspace: Workspace, family: Family) -> Path:
    """A directory for a new job; a file to be given to it goes below `upload/` there. `start` makes it a job, `abandon`
    deletes it; if neither, it goes when this process has ended, and another is prepared.

    Raises:
        GraftError: a job of this family is at work.
    """
    _refuse_second(workspace, family)
    with FileLock(workspace.root / "preparing.lock"):
        for old in _of(workspace, family):  # another tab may be uploading to one that is no job yet
            if (old / "job.json").exists() or not is_held(old / "prepared.lock"):
                shutil.rmtree(old, ignore_errors=True)
        directory = workspace.jobs / new_id(family, workspace.jobs)
        (directory / "upload").mkdir(parents=True)
        _prepared[directory] = FileLock(directory / "prepared.lock", thread_local=False)
        _prepared[directory].acquire()
    return directory


def abandon(directory: Path) -> None:
    """Delete what was prepared, and was not started."""
    shutil.rmtree(directory, ignore_errors=True)
    _let_go(directory)


def _let_go(directory: Path) -> None:
    lock = _prepared.pop(directory, None)
    if lock is not None:
        lock.release()


def start(
    workspace: Workspace, kind: str, title: str, directory: Path | None = None, /, **arguments: str | int | None
) -> Job:
    """Launch a job of a kind of `core.jobs.kinds`.

    directory: from `prepare`, where a file was put; else one is made. Raises as `prepare`.
    """
    if family_of(kind) != "import":
        must_have_for_torch()
    directory = directory or prepare(workspace, family_of(kind))
    for ended in [path for path, child in _children.items() if child.poll() is not None]:
        del _children[ended]
    with FileLock(workspace.jobs / ".starting.lock"):
        try:
            _refuse_second(workspace, family_of(kind))  # two tabs may have prepared one each
        except GraftError:
            abandon(directory)
            raise
        try:
            write_json(directory / "job.json", {"kind": kind, "title": title, "arguments": arguments})
        except OSError:
            abandon(directory)
            raise
        _let_go(directory)
        as_in_a_run = ALLOCATOR if family_of(kind) == "probe" else {}  # else what is measured would not hold there
        _children[directory] = launch("core.jobs.worker", directory, "job.log", as_in_a_run)
    return Job(workspace, directory)


def _refuse_second(workspace: Workspace, family: Family) -> None:
    before = current(workspace, family)
    if before is not None and before.view().running:
        raise GraftError(f"{before.title[:80]!r} is still at work. Wait for it, or stop it first.")


def family_of(kind: str) -> Family:
    return FAMILIES.get(kind, "import")


def current(workspace: Workspace, family: Family) -> Job | None:
    """The newest job of a family, at work or ended."""
    found = [path for path in _of(workspace, family) if (path / "job.json").exists()]
    return Job(workspace, found[-1]) if found else None


def _of(workspace: Workspace, family: Family) -> list[Path]:
    return sorted(workspace.jobs.glob(f"*-{family}-*"))
