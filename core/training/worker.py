"""The process that trains: `python -m core.training.worker RUN_DIRECTORY`. core.runs starts it; nothing else should.
Given a place in which to stand by, it waits there for a run.

It holds the run's lock for as long as it lives, waits for its turn on the device, and only then imports torch.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.processes import take
from core.training.control import Control
from core.training.events import Ended, EventLog, Paused, Queued
from core.training.queue import ahead_of, device_lock, worker_lock
from core.training.recipe import Recipe
from core.training.standby import is_standby, stand_by
from core.workspace import Workspace

SECONDS_BETWEEN_LOOKS = 0.5


def main(arguments: list[str] | None = None) -> int:
    """Carry out the run in a directory that holds a `recipe.json`. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="core.training.worker")
    parser.add_argument("run", type=Path)
    directory: Path = parser.parse_args(arguments).run.resolve()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
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
        (directory / "worker.pid").write_text(f"{os.getpid()}\n")
        return _Worker(directory).work()


def _print_to(log: Path) -> None:
    """From here on, what this process prints goes there."""
    with open(log, "ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)


class _Worker:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.workspace = Workspace.open(directory.parent.parent)
        self.control = Control(directory)
        self.log = EventLog(directory / "events.jsonl")
        self.told_to_go = False
        self.reporter: Any = None
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
            shutil.rmtree(self.directory, ignore_errors=True)
        return status

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
        from core.training.device import choose_device
        from core.training.failures import explain
        from core.training.reporter import Reporter
        from core.training.trainer import Trainer

        trainer = recipe = None
        try:
            recipe = Recipe.model_validate_json((self.directory / "recipe.json").read_text(encoding="utf-8"))
            device = choose_device()
            self.reporter = Reporter(self.log, self.control, device)
            self.reporter.interrupted = self.told_to_go
            trainer = Trainer(self.workspace, self.directory, recipe, device, self.reporter)
            trainer.run()
        except Exception as error:
            logging.exception("The run failed")
            words = explain(error, trainer.recipe if trainer is not None else recipe)
            with suppress(OSError):  # not even room to say so: the run will look interrupted, which it is
                if trainer is not None:
                    trainer.fail(words, type(error).__name__)
                else:
                    self.log.write(Ended("failed", words, 0.0, 0, None, error=type(error).__name__))
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
