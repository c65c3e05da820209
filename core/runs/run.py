"""A run, seen from outside its worker."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from core import trash
from core.address_space import must_have_for_torch
from core.errors import DamagedError, RunError
from core.modalities import MODALITIES
from core.processes import signed
from core.records import Count, Moment, read
from core.runs import expectations, naming
from core.runs.checks import obstacle
from core.runs.launching import check_devices, child_ended, launch_worker
from core.runs.reading import caught_up
from core.runs.view import Status, View
from core.training.process.control import REQUESTS, Control
from core.training.process.events import read_events
from core.training.process.queue import is_alive, is_starting, launched
from core.training.recipe import Recipe
from core.training.trials.probe_results import Estimate
from core.trash import Trashed
from core.workspace import Workspace, contained

SECONDS_OF_SILENCE = 60  # after which a worker that trains is not answering
LOG_TAIL_BYTES = 20_000
MOST_HEARD = 1_000
_heard: dict[Path, tuple[int, float]] = {}  # bytes of a run's events, and since when there are so many: monotonic
_listening = threading.Lock()


@dataclass(frozen=True)
class Facts:
    """What lists show of a run's recipe. created: unix seconds. name: that somebody gave it, or ""."""

    created: Moment
    dataset: str
    dataset_version: Count
    backbone: str
    freeze: int | str
    name: str = ""
    adapters: str = "none"


@dataclass(frozen=True)
class Run:
    workspace: Workspace
    directory: Path

    @classmethod
    def known(cls, workspace: Workspace, directory: Path, facts: Facts) -> Run:
        """One of which these facts were kept, so that nothing has to be opened for them."""
        run = cls(workspace, directory)
        run.__dict__["facts"] = facts
        return run

    @property
    def id(self) -> str:
        return self.directory.name

    @cached_property
    def recipe(self) -> Recipe:
        """
        Raises:
            RunError: the run is gone, or its recipe cannot be read.
        """
        self.must_be_there()
        try:
            return read(self.directory / "recipe.json", Recipe)
        except (OSError, DamagedError) as error:
            why = error.reason if isinstance(error, DamagedError) else "it is not there"
            raise RunError(
                f"The recipe of run {self.id} cannot be read ({why}); discard the run and start it again."
            ) from error

    @cached_property
    def facts(self) -> Facts:
        """
        Raises:
            RunError: the run's recipe cannot be read.
        """
        recipe = self.recipe
        created = (self.directory / "recipe.json").stat().st_mtime
        name = naming.name_of(self)
        what = (recipe.dataset, recipe.dataset_version, recipe.backbone, recipe.freeze)
        return Facts(created, *what, name, recipe.adapters)

    @cached_property
    def created(self) -> datetime:
        return datetime.fromtimestamp(self.facts.created)

    @property
    def bundle(self) -> Path | None:
        """The folder to predict with, as soon as there is one."""
        there = os.path.exists(f"{self.directory}{os.sep}bundle{os.sep}bundle.json")  # thousands are asked at a click
        return self.directory / "bundle" if there else None

    @property
    def turn(self) -> int:
        """Of those that train or wait, the lowest is the one at work, or the next; 0 if it was never launched."""
        launch = launched(self.directory)
        return launch.number if launch else 0

    @property
    def torchrun(self) -> str:
        """The shell line that trains it on several machines, to be typed on each, in the folder of these files."""
        where = "--nnodes MACHINES --nproc-per-node DEVICES --rdzv-backend c10d --rdzv-endpoint FIRST_MACHINE:29500"
        return f"torchrun {where} -m core.training.process.worker {shlex.quote(str(self.directory))}"

    @property
    def estimate(self) -> Estimate | None:
        """What it was thought to take, where someone had asked before it was started."""
        return Estimate.read(self.directory / "estimate.json")

    @property
    def title(self) -> str:  # see naming.py
        return naming.title(self)

    def must_be_there(self) -> None:
        """Raises: RunError, if the run was discarded."""
        if not is_run(self.directory):
            raise RunError(naming.gone(self.workspace, self.id))

    @property
    def obstacle(self) -> str:
        """Why it cannot go on, in words: what it needs is gone. Empty if nothing is in its way."""
        return obstacle(self.workspace, self.recipe)

    def view(self, previous: View | None = None) -> View:
        """The run as it stands now. With the view of the last look, reads only what was appended since.

        Raises:
            RunError: it is gone, or its recipe cannot be read.
        """
        self.must_be_there()
        view = previous or expectations.before(self.directory)
        try:
            view = caught_up(view, self.directory / "events.jsonl")
        except OSError as error:
            raise self._damaged(error.strerror or str(error)) from error
        if view.passed_over and not view.last_time:
            raise self._damaged("none of its lines is an event")
        view = replace(view, epochs=view.epochs or self.recipe.epochs, noun=MODALITIES[self.recipe.modality].noun)
        return replace(view, status=self._status(view)).at(time.time())

    def _damaged(self, why: str) -> RunError:
        return RunError(
            f"What run {self.id} told of itself cannot be read (events.jsonl: {why}); discard the run and start it "
            "again."
        )

    @property
    def status(self) -> Status:
        return self.view().status

    def _status(self, view: View) -> Status:
        begun = self.said_since_launch(view)
        if view.ended and begun:
            return Status(view.ended.status)
        if not self._worker_lives() and not self._talks_elsewhere(view):
            # It may have said its last word between reading the events and looking at the lock.
            late, _ = read_events(self.directory / "events.jsonl", view.offset)
            if late:
                return Status.PREPARING
            if not view.offset and launched(self.directory) is None:
                return Status.NOT_STARTED
            return Status.PAUSED if view.paused and begun else Status.INTERRUPTED
        if begun and not view.ahead and view.phase == "training" and self._silence(view) > SECONDS_OF_SILENCE:
            return Status.SILENT
        control = Control(self.directory)
        if any(map(control.asked, REQUESTS)):
            return Status.STOPPING if control.asked("stop") or control.asked("discard") else Status.PAUSING
        if view.ahead or not begun:
            return Status.QUEUED
        return Status.TRAINING if view.phase == "training" else Status.PREPARING

    def _worker_lives(self) -> bool:
        return is_alive(self.directory) or (is_starting(self.directory) and not child_ended(self.directory))

    def _talks_elsewhere(self, view: View) -> bool:
        """Whether a worker of another machine, whose lock may not be seen here, has said something of late."""
        if view.paused or view.ahead or self._silence(view) > SECONDS_OF_SILENCE:
            return False
        with contextlib.suppress(OSError, ValueError):
            return bool(signed(self.directory / "worker.pid")[1])
        return False

    def _silence(self, view: View) -> float:
        """Seconds since it said anything. Who looks again goes by a clock that never jumps; at the first look there is
        only the one on the wall, and what was said an hour ahead of it is as old as what was an hour ago."""
        now = time.monotonic()
        with _listening:
            offset, since = _heard.pop(self.directory, (None, now - abs(time.time() - view.last_time)))
            if offset not in (None, view.offset):
                since = now
            _heard[self.directory] = (view.offset, since)  # asked for last comes last
            while len(_heard) > MOST_HEARD:
                del _heard[next(iter(_heard))]
        return now - since

    def said_since_launch(self, view: View) -> bool:
        """Whether the worker that was launched last has said something."""
        launch = launched(self.directory)
        return launch is None or view.offset > launch.told

    def stop(self) -> None:
        """Stop and keep: the worker ends within a step, and keeps the best epoch's weights.

        A run that is paused or was interrupted is taken up again for no longer than it takes to keep them.
        """
        idle = self.status in (Status.PAUSED, Status.INTERRUPTED)
        if idle:
            self._must_be_able()
            Control(self.directory).clear()
        Control(self.directory).ask("stop")
        if idle:
            launch_worker(self.directory)

    def pause(self) -> None:
        """The worker leaves within a step and frees the device; `resume` goes on exactly there."""
        self.must_be_there()
        Control(self.directory).ask("pause")

    def end_worker(self) -> None:
        """End a worker that does not answer. The run is interrupted then, and `resume` goes on from its checkpoint.

        Raises:
            RunError: it is on another machine.
        """
        if self.status is not Status.SILENT:
            return
        with contextlib.suppress(OSError, ValueError):
            number, machine = signed(self.directory / "worker.pid")
            if machine:
                raise RunError(
                    f"The worker of run {self.id} is process {number} of another machine, {machine}, and cannot be "
                    "ended from here. End it there, then resume the run."
                )
            os.kill(number, getattr(signal, "SIGKILL", signal.SIGTERM))

    def discard(self) -> Trashed | None:
        """Move it to the trash. A worker that is at it stops first, and then moves it there: None.

        Raises:
            RunError: it is gone. WorkspaceError: the disk refuses.
        """
        self.must_be_there()
        title, control = self.title, Control(self.directory)
        control.ask("discard", title)
        elsewhere = False
        with contextlib.suppress(RunError):  # one whose recipe is damaged goes too
            elsewhere = self._talks_elsewhere(self.view())
        if is_alive(self.directory) or elsewhere:
            return None
        control.clear()
        return trash.put(self.workspace, "run", self.id, title)

    def resume(self, devices: int | None = None) -> None:
        """Go on from the last checkpoint, after a pause, an interruption or a failure, or where it was stopped.

        One that was only made is started.

        devices: to train on, as many as before if None.

        Raises:
            RunError: the run is at work, or there is nothing left to do.
        """
        status = self.status
        if status not in (Status.NOT_STARTED, Status.INTERRUPTED, Status.FAILED, Status.PAUSED, Status.STOPPED):
            left = "there is nothing left to do; extend it first" if status is Status.FINISHED else "it is at work"
            raise RunError(f"Run {self.id} is {status.value}: {left}.")
        self._go_on(devices)

    def extend(self, epochs: int, devices: int | None = None) -> None:
        """Train so many epochs more than are planned, or, if the run has ended, than were done; it goes on at once.

        The patience of a run at work counts afresh from here; one that has ended trains them all.

        devices: to train on, as many as before if None.

        Raises:
            RunError: less than one epoch, or nothing was learned that could go on.
        """
        if not 1 <= epochs <= 10_000:
            raise RunError(f"A run can be extended by 1 to 10,000 epochs, and not by {epochs}.")
        status = self.status
        ended = not status.active
        if ended and not (self.directory / "checkpoints").is_dir():
            raise RunError(f"Run {self.id} has no checkpoint to go on from. Start it again with more epochs.")
        if ended:
            self._must_be_able()
        over = status in (Status.FINISHED, Status.STOPPED)
        Control(self.directory).change("extend_ended" if over else "extend", epochs)
        if ended:
            self._go_on(devices)

    def set_learning_rate(self, rate: float) -> None:
        """From the next step on.

        Raises:
            RunError: it is not above 0 and at most 10.
        """
        if not 0 < rate <= 10:
            raise RunError(f"A learning rate lies above 0 and is at most 10, and is not {rate:g}.")
        self.must_be_there()
        Control(self.directory).change("learning_rate", rate)

    def unfreeze(self, stages: int = 1) -> None:
        """So many more stages are free from the next epoch on."""
        self.must_be_there()
        Control(self.directory).change("unfreeze", stages)

    def _must_be_able(self) -> None:
        """
        Raises:
            RunError: it is gone, or it cannot go on.
        """
        if self.obstacle:
            raise RunError(self.obstacle)

    def _go_on(self, devices: int | None) -> None:
        self._must_be_able()
        must_have_for_torch()
        check_devices(devices)
        Control(self.directory).clear()
        launch_worker(self.directory, devices)

    def log_tail(self) -> str:
        """The end of what the worker printed."""
        try:
            with open(self.directory / "worker.log", "rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_TAIL_BYTES))
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""


def get(workspace: Workspace, run_id: str) -> Run:
    """
    Raises:
        RunError: there is no such run.
    """
    directory = contained(workspace.runs, run_id)
    if not is_run(directory):
        if trash.last_title(workspace, "run", run_id):
            raise RunError(naming.gone(workspace, run_id))
        known = ", ".join(run.id for run in list_runs(workspace)[:5]) or "none yet"
        raise RunError(f"There is no run {run_id!r} in {workspace.root}. The newest runs: {known}.")
    return Run(workspace, directory)


def is_run(directory: Path) -> bool:
    """Whether there is a run, be it a damaged one: its directory is gone as a whole, or moved away."""
    return os.path.exists(f"{directory}{os.sep}recipe.json") or os.path.exists(f"{directory}{os.sep}events.jsonl")


def list_runs(workspace: Workspace) -> list[Run]:
    """All runs, newest first. Ids sort, see `new_id`."""
    found = (path for path in workspace.runs.iterdir() if is_run(path))
    return [Run(workspace, path) for path in sorted(found, key=lambda path: path.name, reverse=True)]
