"""What a page draws of a run: folded from its events, a bounded number of points however long it is.

`core.runs.reading` brings the events, and only those that were appended since the last look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from types import SimpleNamespace
from typing import Any

from core.course import Course
from core.records import Amount, Bytes, Count, Moment, Seconds, Share
from core.tasks.scores import Scores
from core.training.pace import follow
from core.training.process.events import (
    Baseline,
    Changed,
    Ended,
    EpochEnded,
    Event,
    Paused,
    Phase,
    Progress,
    Queued,
    Started,
)

MAX_STEP_POINTS = 600
MAX_ROWS = 3000  # of the curve; a chart draws a few hundred of them
RECENT_ROWS = 200  # the newest ones, of which none is left out: advice looks at them one by one
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

    curve: a row for each finished epoch; of a very long run, every second, fourth ... of the older ones, and always the
        best and the newest. marks: what was done to the run on the way, the newest ones. step_losses:
        (epoch as a fraction, training loss) between epochs, thinned. rate: images per second. share, seconds_left: of
        the whole run, at that look; None while nobody knows. devices: that train together. ahead: runs before this one
        in the queue. stages: of the backbone; the first `frozen` are. noun: what an example is
        called. judged_on: images of the validation part. naive:
        what is scored without learning anything. baseline: what the frozen backbone scores without training. course,
        images: what all of it was expected to take, and how far it is; images that each phase counts. rows_every,
        losses_every: which of the older rows, and of the losses, are kept; losses_seen: how many there were.
        passed_over: lines of its events that cannot be read, of those that were looked at.
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
    noun: str = "image"
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
    rows_every: int = field(default=1, repr=False)
    losses_every: int = field(default=1, repr=False)
    losses_seen: int = field(default=0, repr=False)

    @property
    def message(self) -> str:
        return self.ended.message if self.ended else ""

    @property
    def epochs_done(self) -> int:
        """Without the one under way, which `epoch` counts."""
        return self.curve[-1].epoch if self.curve else 0

    @property
    def seconds_trained(self) -> float:
        """Of all finished epochs together."""
        return sum(row.seconds for row in self.curve) * self.epochs_done / max(1, len(self.curve))

    def after(self, time: float, event: Event) -> View:
        """This view, one event later."""
        return self.through([(time, event)])

    def through(self, events: Iterable[tuple[float, Event]]) -> View:
        """This view, so many events later, each with its unix seconds."""
        draft = SimpleNamespace(**self.__dict__, rows=list(self.curve), losses=list(self.step_losses))
        for time, event in events:
            planned = draft.epochs
            _fold(draft, event)
            draft.last_time = time
            draft.course = follow(draft.course, time, event, draft.images, planned)
        draft.curve, draft.step_losses = tuple(draft.rows), tuple(draft.losses)
        return View(**{name: getattr(draft, name) for name in _FIELDS})

    def at(self, time: float) -> View:
        """This view at a moment after its last event: a run at work comes nearer to its end also between them."""
        if not self.course.legs:  # made before runs knew what to expect
            return replace(self, share=min(1.0, self.done / self.total) if self.total else 0.0)
        course = self.course.look(time) if self.status.active else self.course
        return replace(
            self, course=course, share=course.share, seconds_left=course.left if self.status.active else None
        )


# A draft is a view while events are folded into it: a namespace with the same fields, and with the curve and the losses
# as lists, `rows` and `losses`.


def _fold(draft: Any, event: Event) -> None:
    match event:
        case Progress():
            _progress(draft, event)
        case EpochEnded():
            draft.phase, draft.epoch = "training", event.epoch
            draft.best_epoch = event.epoch if event.best else draft.best_epoch
            _row(draft, CurvePoint(event.epoch, event.train, event.validation, event.learning_rate, event.seconds))
        case Queued():
            draft.ahead, draft.ended, draft.paused, draft.phase = event.ahead, None, False, "loading"
        case Changed():
            draft.frozen = draft.frozen if event.frozen is None else event.frozen
            draft.trainable = draft.trainable if event.trainable is None else event.trainable
            _mark(draft, event.epoch, event.words)
            draft.ended, draft.paused, draft.epochs = None, False, event.epochs
        case Paused():
            if event.epoch:
                _mark(draft, event.epoch, "Paused")
            draft.paused, draft.epochs, draft.ahead, draft.seconds_left = True, event.epochs or draft.epochs, 0, None
        case Started():
            _started(draft, event)
        case Baseline():
            draft.baseline = event
        case Ended():
            if event.status == "stopped" and event.epochs:
                _mark(draft, event.epochs, "Stopped")
            draft.ended, draft.ahead, draft.best_epoch, draft.seconds_left = event, 0, event.best_epoch, None


def _started(draft: Any, event: Started) -> None:
    draft.rows = [row for row in draft.rows if row.epoch <= event.epoch]
    draft.losses = [point for point in draft.losses if point[0] <= event.epoch]
    draft.losses_seen = len(draft.losses) * draft.losses_every
    draft.marks = tuple(mark for mark in draft.marks if mark.epoch <= event.epoch + 1)
    draft.ahead, draft.ended, draft.paused = 0, None, False
    for name in _STARTED:
        setattr(draft, name, getattr(event, name))


def _progress(draft: Any, event: Progress) -> None:
    draft.ahead, draft.ended, draft.paused = 0, None, False
    draft.phase, draft.done, draft.total = event.phase, event.done, event.total
    draft.step, draft.steps, draft.rate, draft.seconds_left = event.step, event.steps, event.rate, event.seconds_left
    draft.epoch, draft.memory_bytes = event.epoch or draft.epoch, event.memory_bytes or draft.memory_bytes
    if event.loss is not None and event.steps:
        _loss(draft, (event.epoch - 1 + event.step / event.steps, event.loss))


def _row(draft: Any, row: CurvePoint) -> None:
    draft.rows.append(row)
    if len(draft.rows) <= MAX_ROWS:
        return
    older, newest = draft.rows[:-RECENT_ROWS], draft.rows[-RECENT_ROWS:]
    while len(older) > MAX_ROWS // 2 and draft.rows_every <= row.epoch:
        older = [row for row in older if (row.epoch - 1) % draft.rows_every == 0 or row.epoch == draft.best_epoch]
        draft.rows_every *= 1 if len(older) <= MAX_ROWS // 2 else 2
    draft.rows = older[-MAX_ROWS // 2 :] + newest  # some go anyhow where a file numbers them as no worker does


def _loss(draft: Any, point: tuple[float, float]) -> None:
    """One of so many stays; the newest stands at the end until the next one comes."""
    if draft.losses and (draft.losses_seen - 1) % draft.losses_every:
        draft.losses.pop()
    draft.losses.append(point)
    if draft.losses_seen % draft.losses_every == 0 and len(draft.losses) >= MAX_STEP_POINTS - 1:
        draft.losses = draft.losses[::2]
        draft.losses_every *= 2
    draft.losses_seen += 1


def _mark(draft: Any, epoch: float, words: str) -> None:
    draft.marks = (*draft.marks, Mark(epoch, words))[-MOST_MARKS:]


_FIELDS = tuple(each.name for each in fields(View))
_STARTED = (
    *("device", "devices", "epoch", "epochs", "trainable", "note", "target"),
    *("stages", "frozen", "judged_on", "naive"),
)
