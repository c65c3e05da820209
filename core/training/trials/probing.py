"""Trying a recipe for a moment, without a run: while nobody trains on the device, and leaving nothing but caches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from core.errors import RunError
from core.processes import take
from core.progress import OnProgress, Progress
from core.runtime.device import Device
from core.training.process import events
from core.training.process.control import Control
from core.training.process.events import PHASES, EventLog
from core.training.process.failures import explain
from core.training.process.queue import device_lock, is_anybody_waiting
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from core.training.saving import LossNotFinite
from core.workspace import Workspace

SECONDS_BETWEEN_LOOKS = 0.3
Answer = TypeVar("Answer")


class GaveWay(Exception):
    """A run wants the device. Never leaves core.training."""


class OtherRuns:
    """Whether one wants the device, looked for a few times a second however often it is asked."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.looked_at = workspace, time.monotonic()

    def waiting(self) -> bool:
        now = time.monotonic()
        if now - self.looked_at <= SECONDS_BETWEEN_LOOKS:
            return False
        self.looked_at = now
        return is_anybody_waiting(self.workspace)


class ProbeReporter(Reporter):
    """Hears what a run's would, and tells a job instead.

    pace: seconds that an image took in each phase of preparation, when it was last gone through.
    """

    def __init__(self, workspace: Workspace, device: Device, progress: OnProgress) -> None:
        self.others = OtherRuns(workspace)
        self.pace: dict[str, float] = {}
        super().__init__(_Told(progress), Control(workspace.root), device)

    def begin(self, phase: events.Phase, done: int = 0) -> None:
        super().begin(phase, done)
        self.first: tuple[float, int] | None = None

    def prepared(self, done: int, total: int) -> None:
        """The first images, until which all is got going, count only where they are all there is."""
        now = time.monotonic()
        assert self.phase
        if self.first is None:
            self.first, self.pace[self.phase] = (now, done), (now - self.started) / max(1, done)
        elif done > self.first[1]:
            self.pace[self.phase] = (now - self.first[0]) / (done - self.first[1])
        super().prepared(done, total)

    def stopping(self) -> bool:
        """Never so for a probe.

        Raises:
            GaveWay: a run waits for the device.
        """
        if self.others.waiting():
            raise GaveWay
        return False


class _Told(EventLog):
    def __init__(self, progress: OnProgress) -> None:
        self.progress = progress

    def write(self, event: events.Event) -> None:
        if isinstance(event, events.Progress):
            self.progress(Progress(PHASES[event.phase], event.done, event.total))


def between_runs(workspace: Workspace, recipe: Recipe, progress: OnProgress, probe: Callable[[], Answer]) -> Answer:
    """What `probe` gives, once it has had the device to itself; it begins again after a run that wanted it.

    Raises:
        GraftError: what would make a run of the recipe fail.
    """
    lock = device_lock(workspace)
    while True:
        if take(lock):
            try:
                if not is_anybody_waiting(workspace):
                    return probe()
            except GaveWay:
                pass
            except (RuntimeError, MemoryError, LossNotFinite) as error:  # so torch says that the memory is full
                raise RunError(explain(error, recipe)) from error
            finally:
                lock.release()
        progress(Progress("Waiting for the run that is at work", 0, None))
        time.sleep(SECONDS_BETWEEN_LOOKS)
