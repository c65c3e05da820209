"""A run, seen from outside its worker."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from core.errors import RunError
from core.processes import is_held, launch, signed
from core.runs.checks import check_recipe
from core.runs.view import Status, View
from core.training import queue, standby
from core.training.control import REQUESTS, Control
from core.training.events import read_events
from core.training.probe_results import Estimate
from core.training.queue import is_alive, is_starting, launched
from core.training.recipe import Recipe
from core.workspace import Workspace, contained, new_id, write_json

MOST_DEVICES = 64
SECONDS_OF_SILENCE = 60  # after which a worker that trains is not answering
LOG_TAIL_BYTES = 20_000

# glibc gives large blocks back to the system after every operation; keeping them, in huge pages, makes a CPU pass up to
# three times as fast.
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}

_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Facts:
    """What lists show of a run's recipe. created: unix seconds."""

    created: float
    dataset: str
    dataset_version: int
    backbone: str
    freeze: int | str


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
            RunError: the run's recipe cannot be read.
        """
        try:
            return Recipe.model_validate_json((self.directory / "recipe.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(
                f"The recipe of run {self.id} cannot be read; discard the run and start it again."
            ) from error

    @cached_property
    def facts(self) -> Facts:
        """
        Raises:
            RunError: the run's recipe cannot be read.
        """
        recipe = self.recipe
        created = (self.directory / "recipe.json").stat().st_mtime
        return Facts(created, recipe.dataset, recipe.dataset_version, recipe.backbone, recipe.freeze)

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
        return f"torchrun {where} -m core.training.worker {shlex.quote(str(self.directory))}"

    @property
    def estimate(self) -> Estimate | None:
        """What it was thought to take, where someone had asked before it was started."""
        return Estimate.read(self.directory / "estimate.json")

    def view(self, previous: View | None = None) -> View:
        """The run as it stands now. With the view of the last look, reads only what was appended since."""
        view = previous or View()
        events, offset = read_events(self.directory / "events.jsonl", view.offset)
        for moment, event in events:
            view = view.after(moment, event)
        view = replace(view, offset=offset, epochs=view.epochs or self.recipe.epochs)
        return replace(view, status=self._status(view))

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
        if begun and not view.ahead and view.phase == "training" and time.time() - view.last_time > SECONDS_OF_SILENCE:
            return Status.SILENT
        control = Control(self.directory)
        if any(map(control.asked, REQUESTS)):
            return Status.STOPPING if control.asked("stop") or control.asked("discard") else Status.PAUSING
        if view.ahead or not begun:
            return Status.QUEUED
        return Status.TRAINING if view.phase == "training" else Status.PREPARING

    def _worker_lives(self) -> bool:
        return is_alive(self.directory) or (is_starting(self.directory) and not self._child_ended())

    def _talks_elsewhere(self, view: View) -> bool:
        """Whether a worker of another machine, whose lock may not be seen here, has said something of late."""
        if view.paused or view.ahead or abs(time.time() - view.last_time) > SECONDS_OF_SILENCE:
            return False
        with contextlib.suppress(OSError, ValueError):
            return bool(signed(self.directory / "worker.pid")[1])
        return False

    def said_since_launch(self, view: View) -> bool:
        """Whether the worker that was launched last has said something."""
        launch = launched(self.directory)
        return launch is None or view.offset > launch.told

    def _child_ended(self) -> bool:
        """Of several workers, the last: one before it may still be on its way out."""
        mine = [child for child in _children if child.args[-1] == str(self.directory)]  # type: ignore[index]
        return bool(mine) and mine[-1].poll() is not None

    def stop(self) -> None:
        """Stop and keep: the worker ends within a step, and keeps the best epoch's weights.

        A run that is paused or was interrupted is taken up again for no longer than it takes to keep them.
        """
        idle = self.status in (Status.PAUSED, Status.INTERRUPTED)
        if idle:
            Control(self.directory).clear()
        Control(self.directory).ask("stop")
        if idle:
            launch_worker(self.directory)

    def pause(self) -> None:
        """The worker leaves within a step and frees the device; `resume` goes on exactly there."""
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

    def discard(self) -> None:
        """Stop, if it runs, and delete everything of it."""
        Control(self.directory).ask("discard")
        elsewhere = False
        with contextlib.suppress(RunError):  # one whose recipe is damaged goes too
            elsewhere = self._talks_elsewhere(self.view())
        if not is_alive(self.directory) and not elsewhere:
            shutil.rmtree(self.directory, ignore_errors=True)

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
        Control(self.directory).change("learning_rate", rate)

    def unfreeze(self, stages: int = 1) -> None:
        """So many more stages are free from the next epoch on."""
        Control(self.directory).change("unfreeze", stages)

    def _go_on(self, devices: int | None) -> None:
        _ = self.recipe  # no worker could do without it
        _check_devices(devices)
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


def start(workspace: Workspace, recipe: Recipe, name: str | None = None, devices: int = 1) -> Run:
    """Check the recipe, give it a directory of its own and launch its worker.

    devices: of this machine to train on together. They share each batch, and change no result beyond rounding.

    Raises:
        RecipeError: everything that is wrong with the recipe, at once.
        RunError: so many devices cannot be meant.
    """
    _check_devices(devices)
    run = make(workspace, recipe, name)
    launch_worker(run.directory, devices)
    return run


def make(workspace: Workspace, recipe: Recipe, name: str | None = None) -> Run:
    """The same without a worker, for who starts them otherwise, on several machines for instance: see `Run.torchrun`.

    Raises:
        RecipeError: everything that is wrong with the recipe, at once.
    """
    check_recipe(workspace, recipe)
    directory = workspace.runs / new_id(name or recipe.dataset)
    directory.mkdir()
    write_json(directory / "recipe.json", json.loads(recipe.model_dump_json()))
    Estimate.move(workspace, recipe, directory / "estimate.json")
    return Run(workspace, directory)


def get(workspace: Workspace, run_id: str) -> Run:
    """
    Raises:
        RunError: there is no such run.
    """
    directory = contained(workspace.runs, run_id)
    if not (directory / "recipe.json").exists():
        known = ", ".join(run.id for run in list_runs(workspace)[:5]) or "none yet"
        raise RunError(f"There is no run {run_id!r} in {workspace.root}. The newest runs: {known}.")
    return Run(workspace, directory)


def list_runs(workspace: Workspace) -> list[Run]:
    """All runs, newest first. Ids begin with their time, so names sort."""
    found = (path for path in workspace.runs.iterdir() if (path / "recipe.json").exists())
    return [Run(workspace, path) for path in sorted(found, key=lambda path: path.name, reverse=True)]


def _check_devices(devices: int | None) -> None:
    if devices is not None and not 1 <= devices <= MOST_DEVICES:
        raise RunError(f"A run trains on 1 to {MOST_DEVICES} devices of a machine, and not on {devices}.")


def launch_worker(directory: Path, devices: int | None = None) -> None:
    """Start a worker in its own process group and session: whatever ends this process, it goes on."""
    queue.join(directory, devices)
    if not standby.hand_over(Workspace(directory.parent.parent), directory):
        _remember(launch("core.training.worker", directory, "worker.log", ALLOCATOR))


def _remember(child: subprocess.Popen[bytes]) -> None:
    """Until it ends, so that the system is told that we know."""
    _children[:] = [each for each in _children if each.poll() is None]
    _children.append(child)


def expect_start(workspace: Workspace, backbone: str) -> None:
    """Somebody may press Start soon, with this backbone: let a worker stand by, so that the run begins at once."""
    if is_held(workspace.root / "device.lock"):  # a run at work needs the processor more
        return
    begun = standby.keep_one(workspace, backbone, ALLOCATOR)
    if begun is not None:
        _remember(begun)
