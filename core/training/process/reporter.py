"""Between the loop and the event log: says at most a few times a second what moved, and listens for Stop."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from core.runtime.device import Device
from core.training.process.control import REQUESTS, Asked, Control
from core.training.process.events import Event, EventLog, Phase, Progress

SECONDS_BETWEEN_EVENTS = 0.25
SECONDS_BETWEEN_HEARINGS = 0.03  # looking for requests after every quick step would cost more than the step


class StopRequested(Exception):
    """Someone asked to stop while nothing was learned yet. Never leaves core.training."""


@dataclass
class Position:
    """Where training is: `done` of `total` steps of the whole run."""

    epoch: int = 0
    step: int = 0
    steps: int = 0
    done: int = 0
    total: int = 0


class Reporter:
    def __init__(self, log: EventLog, control: Control, device: Device, began: float | None = None) -> None:
        """began: when loading did, where that was said already."""
        self.log, self.control, self.device = log, control, device
        self.interrupted = False  # set by the worker's signal handler
        self.finishing = False  # what is left takes a moment: Stop was heard, and is carried out
        self.heard_at, self.told = 0.0, False
        self.created = began or time.monotonic()
        self.phase: Phase | None = "loading" if began else None
        self.spent: dict[str, tuple[float, int]] = {}  # seconds and images of each phase so far
        self.moved: dict[str, int] = {}
        self.begin("loading")

    def begin(self, phase: Phase, done: int = 0) -> None:
        """A phase starts; `done` of it was done before (a resumed run)."""
        self._close(phase)
        anew = phase != self.phase
        self.phase, self.started, self.done_before, self.images = phase, time.monotonic(), done, 0
        self.last_event = 0.0
        self.last_totals = (0.0, 0.0)
        self.due = True
        self.counted: tuple[float, int] | None = None
        if anew and phase != "training":  # which says so itself, with its first step
            self.write(Progress(phase, 0, 0, memory_bytes=self.device.peak_memory(), moved=self.moved.get(phase, 0)))

    def _close(self, following: Phase) -> None:
        """Add up what the phase under way took. What passes before training without an image is loading."""
        now = time.monotonic()
        if self.phase in ("fitting", "training", "finishing"):
            self._add(self.phase, now - self.started, self.images)
        if following == "training" and "loading" not in self.spent:
            self._add("loading", now - self.created - sum(seconds for seconds, _ in self.spent.values()), 1)

    def _add(self, phase: str, seconds: float, images: int) -> None:
        before, known = self.spent.get(phase, (0.0, 0))
        self.spent[phase] = (before + seconds, known + images)

    def finish(self) -> None:
        """All is done, and `spent` is complete."""
        self._close("finishing")

    def write(self, event: Event) -> None:
        self.log.write(event)

    def prepared(self, done: int, total: int) -> None:
        """Images `done` of `total` in a phase of preparation.

        Raises:
            StopRequested: at once when someone asks, as there is nothing to keep yet.
        """
        self.listen()
        self._count(done)
        if not self._due(done == total):
            return
        rate = done / max(1e-9, time.monotonic() - self.started)
        left = (total - done) / rate if done else None
        assert self.phase
        self.write(
            Progress(self.phase, done, total, rate, left, self.device.peak_memory(), moved=self.moved[self.phase])
        )

    def _count(self, done: int) -> None:
        """The first images, until which all is got going, tell nothing of the pace."""
        assert self.phase
        now, (last, before) = time.monotonic(), self.counted or (self.started, 0)
        if self.counted is not None and self.phase != "fitting":
            self._add(self.phase, now - last, done - before)
        self.counted = (now, done)
        self.moved[self.phase] = self.moved.get(self.phase, 0) + done - before

    def listen(self) -> None:
        """While there is nothing to tell. Raises as `prepared`."""
        if self.stopping():
            raise StopRequested

    def stepped(self, position: Position, images: int, totals: torch.Tensor | None) -> bool:
        """After each training or validation step. Returns True when the run should stop."""
        self.images += images
        self.due = self._due(False)
        if self.due:
            elapsed = max(1e-9, time.monotonic() - self.started)
            fresh = position.done - self.done_before
            left = elapsed / fresh * (position.total - position.done) if fresh else None
            self.write(
                Progress(
                    "training",
                    position.done,
                    position.total,
                    self.images / elapsed,
                    left,
                    self.device.peak_memory(),
                    position.epoch,
                    position.step,
                    position.steps,
                    None if totals is None else self._recent_loss(totals),
                )
            )
        return self.stopping()

    def stopping(self) -> bool:
        """Whether someone wants the worker to leave, for now or for good."""
        now = time.monotonic()
        if now - self.heard_at > SECONDS_BETWEEN_HEARINGS:
            self.heard_at, self.told = now, any(map(self.control.asked, REQUESTS))
        return self.interrupted or (self.told and not (self.finishing and not self.control.asked("discard")))

    @property
    def pausing(self) -> bool:
        return self.control.asked("pause") and not self.control.asked("stop")

    def changes(self, after: int) -> list[Asked]:
        """What was asked besides, with a higher number; looked for as often as the events are written."""
        return self.control.changes(after) if self.due else []

    def _recent_loss(self, totals: torch.Tensor) -> float | None:
        """Mean loss since the last event of this epoch; `totals` begin again with every epoch."""
        loss, images = totals[:2].tolist()
        before_loss, before_images = self.last_totals if self.last_totals[1] < images else (0.0, 0.0)
        self.last_totals = (loss, images)
        return (loss - before_loss) / max(1.0, images - before_images)

    def _due(self, certainly: bool) -> bool:
        now = time.monotonic()
        if not certainly and now - self.last_event < SECONDS_BETWEEN_EVENTS:
            return False
        self.last_event = now
        return True


class Follower(Reporter):
    """Of a process that trains along: the leader says everything, and hears everything."""

    def __init__(self, device: Device) -> None:
        super().__init__(EventLog(Path(os.devnull)), Control(Path(os.devnull)), device)

    def stepped(self, position: Position, images: int, totals: torch.Tensor | None) -> bool:
        return False

    def stopping(self) -> bool:
        return False

    def changes(self, after: int) -> list[Asked]:
        return []
