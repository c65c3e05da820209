"""The process that trains: `python -m core.training.process.worker RUN_DIRECTORY`. Only core.runs starts it.
Given a place in which to stand by, it waits there for a run.

It holds the run's lock for as long as it lives, waits for its turn on the device, and only then imports torch. Where
the run is to train on several devices, it leads: it starts a process for each of the others, which follow it (see
team.py). Where torchrun started it, on one machine or many, the first process leads, and the others follow.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core import trash
from core.address_space import AddressSpaceError, explained, must_have_for_torch
from core.errors import GraftError
from core.processes import sign, take
from core.training.process.control import Control
from core.training.process.events import Ended, EventLog, Paused, Progress, Queued
from core.training.process.queue import ahead_of, device_lock, join, launched, worker_lock
from core.training.process.standby import is_standby, stand_by
from core.training.recipe import Recipe
from core.workspace import Workspace

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_LEAVE = 10


def main(arguments: list[str] | None = None) -> int:
    """Carry out the run in a directory that holds a `recipe.json`. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="core.training.process.worker")
    parser.add_argument("run", type=Path)
    directory: Path = parser.parse_args(arguments).run.resolve()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if os.environ.get("RANK", "0") != "0":
        return _follow(directory)
    if hasattr(os, "nice"):
        os.nice(5)  # the interface comes first
    if is_standby(directory):
        given = stand_by(directory)
        if given is None:
            return 0
        directory = given
        _print_to(directory / "worker.log")
    try:
        alone = worker_lock(directory).acquire(timeout=10)
    except Timeout:
        logging.warning("Another worker is at this run.")
        return 0
    with alone:
        if "RANK" in os.environ:  # torchrun started it, as core.runs would have
            Control(directory).clear()
            join(directory)
        sign(directory / "worker.pid")
        return _Worker(directory).work()


def _print_to(log: Path) -> None:
    """From here on, what this process prints goes there."""
    with open(log, "ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)


def _follow(directory: Path) -> int:
    """In a process that trains along: go through what the leader goes through, for as long as it lives."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # that is for the leader to hear
    if "GRAFT_MEETING" in os.environ:
        threading.Thread(target=_leave_with_leader, daemon=True).start()
    from core.runtime import distributed
    from core.runtime.device import choose_device, wants_cuda
    from core.training.process.reporter import Follower
    from core.training.trainer import Trainer

    workspace = Workspace.open(directory.parent.parent)
    with distributed.assembled(wants_cuda()) as together:
        recipe = Recipe.model_validate_json((directory / "recipe.json").read_text(encoding="utf-8"))
        device = choose_device(team=together)
        Trainer(workspace, directory, recipe, device, Follower(device), team=together).run()
    return 0


def _leave_with_leader() -> None:
    """The leader holds the other end of this pipe for as long as it lives."""
    sys.stdin.buffer.read()
    os._exit(1)


class _Worker:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.workspace = Workspace.open(directory.parent.parent)
        self.control = Control(directory)
        self.log = EventLog(directory / "events.jsonl")
        self.told_to_go = False
        self.reporter: Any = None
        self.alone = False  # the others have left, as they should
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self.told_to_go = True
        if self.reporter is not None:
            self.reporter.interrupted = True

    def work(self) -> int:
        device = device_lock(self.workspace)
        status = 0
        if self._wait_for(device):
            try:
                status = self._train()
            finally:
                device.release()
        self.log.close()
        if self.control.asked("discard"):
            self._discard()
        return status

    def _discard(self) -> None:
        """To the trash, without the wish to be there: whoever takes the run back finds it stopped."""
        title = self.control.words("discard") or self.directory.name
        self.control.clear()
        with suppress(GraftError, OSError):  # it stays, stopped, and can be discarded again
            trash.put(self.workspace, "run", self.directory.name, title)

    def _wait_for(self, device: FileLock) -> bool:
        """Wait in the queue, first come first served. Returns False if someone ended the run before its turn."""
        said = 0
        while True:
            ahead = ahead_of(self.directory)
            if ahead == 0 and take(device):
                return True
            if ahead != said:
                self.log.write(Queued(ahead))
                said = ahead
            if self.told_to_go or self.control.asked("discard"):
                return False
            if self.control.asked("stop"):
                if not (self.directory / "checkpoints").exists():
                    self.log.write(Ended("stopped", "Stopped while waiting in the queue.", 0.0, 0, None))
                    return False
            elif self.control.asked("pause"):
                self.log.write(Paused(0.0, 0))
                return False
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _train(self) -> int:
        began = time.monotonic()
        self.log.write(Progress("loading", 0, 0))  # torch takes seconds to import
        if words := self._cannot_load():
            self.log.write(Ended("failed", words, 0.0, 0, None, error="AddressSpaceError"))
            return 1
        from core.runtime import distributed
        from core.runtime.device import choose_device, wants_cuda
        from core.training.process.failures import explain
        from core.training.process.reporter import Reporter
        from core.training.trainer import Trainer

        trainer = recipe = None
        try:
            recipe = Recipe.model_validate_json((self.directory / "recipe.json").read_text(encoding="utf-8"))
            with self._followers(), distributed.assembled(wants_cuda()) as together:
                device = choose_device(team=together)
                self.reporter = Reporter(self.log, self.control, device, began)
                self.reporter.interrupted = self.told_to_go
                trainer = Trainer(self.workspace, self.directory, recipe, device, self.reporter, team=together)
                trainer.run()
        except Exception as error:
            logging.exception("The run failed")
            automatic = recipe is not None and recipe.batch_size == "auto"
            words = explain(error, trainer.recipe if trainer is not None else recipe, automatic)
            with suppress(OSError):  # not even room to say so: the run will look interrupted, which it is
                if trainer is not None:
                    trainer.fail(words, type(error).__name__)
                else:
                    self.log.write(Ended("failed", words, 0.0, 0, None, error=type(error).__name__))
            return 1
        return 0

    def _cannot_load(self) -> str:
        """What to say where there is too little address space for the libraries; nothing, where they are loaded."""
        try:
            must_have_for_torch()
            importlib.import_module("core.training.trainer")
        except Exception as error:
            logging.exception("The libraries cannot be loaded")
            words = str(error) if isinstance(error, AddressSpaceError) else explained(error)
            if not words:
                raise
            return words
        return ""

    @contextmanager
    def _followers(self) -> Iterator[None]:
        """A process for each further device, until the block ends; none where torchrun has started them, or where there
        is nothing to train."""
        launch, followers = launched(self.directory), []
        devices = launch.devices if launch and not self.control.asked("stop") else 1
        if "RANK" not in os.environ and devices > 1:
            from core.runtime import distributed

            meeting = self.directory / "meeting"
            meeting.unlink(missing_ok=True)
            os.environ.update(distributed.environment(0, devices, meeting))
            followers = [
                subprocess.Popen(
                    [sys.executable, "-m", "core.training.process.worker", str(self.directory)],
                    stdin=subprocess.PIPE,
                    env={**os.environ, **distributed.environment(rank, devices, meeting)},
                )
                for rank in range(1, devices)
            ]
            for follower in followers:
                threading.Thread(target=self._miss, args=(follower,), daemon=True).start()
        try:
            yield
        finally:
            self.alone = True
            for follower in followers:
                assert follower.stdin
                follower.stdin.close()
            for follower in followers:
                try:
                    follower.wait(SECONDS_TO_LEAVE)
                except subprocess.TimeoutExpired:
                    follower.kill()

    def _miss(self, follower: subprocess.Popen[bytes]) -> None:
        """In a thread. Whoever talks next to a process that died is told so; should a library wait for it forever,
        this one leaves too, and the run is interrupted."""
        ended_well = follower.wait() == 0
        time.sleep(SECONDS_TO_LEAVE)
        if not ended_well and not self.alone:
            logging.error("A process that trains along is gone.")
            os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
