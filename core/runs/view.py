"""What a page draws of a run: folded from its events, reading only what was appended since the last look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from core.course import Course
from core.records import Amount, Bytes, Count, Moment, Seconds, Share
from core.training.events import (
    Baseline,
    Changed,
    Ended,
    EpochEnded,
    Event,
    Paused,
    Phase,
    Progress,
    Queued,
    Scores,
    Started,
)
from core.training.pace import follow

MAX_STEP_POINTS = 600
MOST_MARKS = 20


class Status(Enum):
    """Where a run stands. Derived from its events and from whether its worker lives; never stored."""

    NOT_STARTED = "not started"
    QUEUED = "queued"
    PREPARING = "preparing"
    TRAINING = "training"
    STOPPING = "stopping"
    PAUSING = "pausing"
    SILENT = "not answering"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def active(self) -> bool:
        """Whether a worker is at it, so that looking again will show more."""
        return self in _ACTIVE


_ACTIVE = frozenset({Status.QUEUED, Status.PREPARING, Status.TRAINING, Status.STOPPING, Status.PAUSING, Status.SILENT})


@dataclass(frozen=True)
class Mark:
    """Something that someone did to the run, to be shown on its curves. epoch: where, as a fraction."""

    epoch: float
    words: str


@dataclass(frozen=True)
class CurvePoint:
    """One epoch's row on the chart."""

    epoch: Count
    train: Scores
    validation: Scores | None
    learning_rate: Amount
    seconds: Seconds


@dataclass(frozen=True)
class View:
    """A run as it stood at one look. Give it to `Run.view` next time, and only the news is read.

    curve: a row for each finished epoch. marks: what was done to the run on the way, the newest ones. step_losses:
        (epoch as a fraction, training loss) between epochs, thinned. rate: images per second. share, seconds_left: of
        the whole run, at that look; None while nobody knows. devices: that train together. ahead: runs before this one
        in the queue. stages: of the backbone; the first `frozen` are. judged_on: images of the validation part. naive:
        what is scored without learning anything. baseline: what the frozen backbone scores without training. course,
        images: what all of it was expected to take, and how far it is; images that each phase counts. passed_over:
        lines of its events that cannot be read.
    """

    status: Status = Status.QUEUED
    phase: Phase = "loading"
    done: Count = 0
    total: Count = 0
    epoch: Count = 0
    epochs: Count = 0
    step: Count = 0
    steps: Count = 0
    rate: Amount | None = None
    share: Share = 0.0
    seconds_left: Seconds | None = None
    memory_bytes: Bytes | None = None
    device: str = ""
    devices: Count = 1
    trainable: Count = 0
    note: str = ""
    target: str = ""
    ahead: Count = 0
    curve: tuple[CurvePoint, ...] = ()
    step_losses: tuple[tuple[float, float], ...] = ()
    marks: tuple[Mark, ...] = ()
    stages: Count = 0
    frozen: Count = 0
    judged_on: Count = 0
    naive: Scores | None = None
    baseline: Baseline | None = None
    best_epoch: Count | None = None
    paused: bool = False
    ended: Ended | None = None
    last_time: Moment = 0.0
    passed_over: Count = 0
    course: Course = field(default_factory=Course, repr=False)
    images: Mapping[str, int] = field(default_factory=dict, repr=False)
    offset: int = field(default=0, repr=False)

    @property
    def message(self) -> str:
        return self.ended.message if self.ended else ""

    @property
    def epochs_done(self) -> int:
        """Without the one under way, which `epoch` counts."""
        return self.curve[-1].epoch if self.curve else 0

    def after(self, time: float, event: Event) -> View:
        """This view, one event later."""
        return replace(
            _fold(self, event), last_time=time, course=follow(self.course, time, event, self.images, self.epochs)
        )

    def at(self, time: float) -> View:
        """This view at a moment after its last event: a run at work comes nearer to its end also between them."""
        if not self.course.legs:  # made before runs knew what to expect
            return replace(self, share=min(1.0, self.done / self.total) if self.total else 0.0)
        course = self.course.look(time) if self.status.active else self.course
        return replace(
            self, course=course, share=course.share, seconds_left=course.left if self.status.active else None
        )


def _fold(view: View, event: Event) -> View:
    match event:
        case Queued():
            return replace(view, ahead=event.ahead, ended=None, paused=False, phase="loading")
        case Changed():
            frozen = view.frozen if event.frozen is None else event.frozen
            trainable = view.trainable if event.trainable is None else event.trainable
            marked = _marked(view, event.epoch, event.words)
            on = replace(marked, ended=None, paused=False)
            return replace(on, epochs=event.epochs, frozen=frozen, trainable=trainable)
        case Paused():
            marked = _marked(view, event.epoch, "Paused") if event.epoch else view
            return replace(marked, paused=True, epochs=event.epochs or view.epochs, ahead=0, seconds_left=None)
        case Started():
            rows = tuple(row for row in view.curve if row.epoch <= event.epoch)
            losses = tuple(point for point in view.step_losses if point[0] <= event.epoch)
            return replace(
                view,
                ahead=0,
                ended=None,
                paused=False,
                marks=tuple(mark for mark in view.marks if mark.epoch <= event.epoch + 1),
                stages=event.stages,
                frozen=event.frozen,
                judged_on=event.judged_on,
                naive=event.naive,
                device=event.device,
                devices=event.devices,
                epoch=event.epoch,
                epochs=event.epochs,
                trainable=event.trainable,
                note=event.note,
                target=event.target,
                curve=rows,
                step_losses=losses,
            )
        case Baseline():
            return replace(view, baseline=event)
        case Progress():
            return _progress(view, event)
        case EpochEnded():
            row = CurvePoint(event.epoch, event.train, event.validation, event.learning_rate, event.seconds)
            best = event.epoch if event.best else view.best_epoch
            return replace(view, phase="training", curve=(*view.curve, row), epoch=event.epoch, best_epoch=best)
        case Ended():
            marked = _marked(view, event.epochs, "Stopped") if event.status == "stopped" and event.epochs else view
            return replace(marked, ended=event, ahead=0, best_epoch=event.best_epoch, seconds_left=None)


def _marked(view: View, epoch: float, words: str) -> View:
    return replace(view, marks=(*view.marks, Mark(epoch, words))[-MOST_MARKS:])


def _progress(view: View, event: Progress) -> View:
    losses = view.step_losses
    if event.loss is not None and event.steps:
        losses = (*losses, (event.epoch - 1 + event.step / event.steps, event.loss))
        if len(losses) > MAX_STEP_POINTS:
            losses = losses[::2]
    return replace(
        view,
        ended=None,
        paused=False,
        ahead=0,
        phase=event.phase,
        done=event.done,
        total=event.total,
        epoch=event.epoch or view.epoch,
        step=event.step,
        steps=event.steps,
        rate=event.rate,
        seconds_left=event.seconds_left,
        memory_bytes=event.memory_bytes or view.memory_bytes,
        step_losses=losses,
    )
