"""What the worker tells the world: one JSON object a line, appended to `events.jsonl`.

The worker alone writes; any number of readers follow. Each message is a frozen dataclass, written under its name.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import from_json

from core.records import LONGEST_REASON, Amount, Bytes, Count, Moment, Seconds, reason
from core.tasks.scores import Scores
from core.words import clip


def _phase_today(said: object) -> object:
    """Runs of earlier versions called it "pictures"."""
    return "reading" if said == "pictures" else said


Phase = Literal["loading", "batch_size", "reading", "features", "fitting", "training", "finishing"]
PHASES: dict[Phase, str] = {
    "loading": "Loading the backbone",
    "batch_size": "Finding how many images together suit this device",
    "reading": "Reading the images",
    "features": "Running the frozen stages over the images, once",
    "fitting": "Choosing how strongly the head is held back",
    "training": "Training",
    "finishing": "Keeping what was learned",
}


@dataclass(frozen=True)
class Queued:
    """The worker waits for the device; `ahead` runs come before it."""

    ahead: Count


@dataclass(frozen=True)
class Progress:
    """Something moved. In the phase `training`, `done` and `total` count steps of the whole run.

    rate: images per second; seconds_left: of this phase, None while unknown; memory_bytes: of the device, at its peak.
    loss: mean training loss of the steps since the last such event, None outside of training. moved: images of this
    phase so far, where it counts images, and comes to them in several turns.
    """

    phase: Annotated[Phase, BeforeValidator(_phase_today)]
    done: Count
    total: Count
    rate: Amount | None = None
    seconds_left: Seconds | None = None
    memory_bytes: Bytes | None = None
    epoch: Count = 0
    step: Count = 0
    steps: Count = 0
    loss: float | None = None
    moved: Count = 0


@dataclass(frozen=True)
class Started:
    """The worker has the device.

    epoch: how many epochs were already done (more than 0 after Resume). note: what was chosen to make the run fast, in
    a sentence. target: what the number is called that is learned, if it is one. frozen: how many of the `stages` are.
    devices: how many train together. judged_on: images of the validation part, 0 where there is none. naive: the
    scores, there (or in training), of one who looks at no image and always answers the same: whatever learns must do
    better.
    """

    device: str
    epoch: Count
    epochs: Count
    trainable: Count
    total: Count
    note: str
    target: str = ""
    stages: Count = 0
    frozen: Count = 0
    judged_on: Count = 0
    naive: Scores | None = None
    devices: Count = 1


COUNTED = "counted words alone"


@dataclass(frozen=True)
class Baseline:
    """What can be had without training, on the validation part: by the backbone's nearest neighbours, by a linear model
    of its features that was solved for, and, where there is something to count in examples, by one of that."""

    neighbours: Scores
    linear: Scores
    seconds: Seconds
    counted: Scores | None = None

    @property
    def named(self) -> dict[str, Scores]:
        """By what they are from, in words."""
        found = {"the nearest neighbours": self.neighbours, "a linear model": self.linear}
        return found if self.counted is None else found | {COUNTED: self.counted}


@dataclass(frozen=True)
class EpochEnded:
    """learning_rate: 0 where the head is solved for, which takes no steps of a chosen size."""

    epoch: Count
    train: Scores
    validation: Scores | None
    learning_rate: Amount
    seconds: Seconds
    best: bool


@dataclass(frozen=True)
class Changed:
    """Someone changed the run at work, or it came to a new phase.

    epoch: where on the chart, as a fraction. epochs: of the whole run, from now on. frozen, trainable: how many stages
    are frozen and how many parameters learn from now on, in a new phase.
    """

    epoch: Amount
    kind: Literal["learning_rate", "extend", "unfreeze", "phase"]
    words: str
    epochs: Count
    frozen: Count | None = None
    trainable: Count | None = None


@dataclass(frozen=True)
class Paused:
    """The worker left, as it was asked to; everything is in the checkpoint, and Resume goes on from there."""

    epoch: Amount
    epochs: Count


@dataclass(frozen=True)
class Ended:
    """The run's last word. Its absence, with no worker alive, means that the run was interrupted.

    error: what a failure is called in the code, for rules; `message` is for people. judged_on: images of the validation
    part. chosen: whether its scores say which epoch is kept, which flatters them. test: scores of the test part's
    `tested_on` images, which chose nothing, by the weights that are kept. learned_from: images that those learned from.
    refitted: whether the validation part is among them, after it had been scored.
    """

    status: Literal["finished", "stopped", "failed"]
    message: str
    seconds: Seconds
    epochs: Count
    best_epoch: Count | None
    train: Scores | None = None
    validation: Scores | None = None
    error: str = ""
    judged_on: Count = 0
    chosen: bool = False
    test: Scores | None = None
    tested_on: Count = 0
    learned_from: Count = 0
    refitted: bool = False


Event = Queued | Started | Baseline | Progress | EpochEnded | Changed | Paused | Ended
_KINDS: dict[str, TypeAdapter[Event]] = {kind.__name__: TypeAdapter(kind) for kind in Event.__args__}
_MOMENT: TypeAdapter[float] = TypeAdapter(Moment)


class EventLog:
    """The writing end; lives in the worker."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 (open for as long as the worker lives)
        if self._file.tell() and not _ends_whole(path):
            self._file.write(b"\n")  # a worker that was killed mid-line leaves half of one

    def write(self, event: Event) -> None:
        """
        Raises:
            OSError: there is no room for it. What only says how far the run is may then be left out.
        """
        told = {
            "event": type(event).__name__,
            "time": round(time.time(), 3),
            **_KINDS[type(event).__name__].dump_python(event),
        }
        line, before = json.dumps(told).encode() + b"\n", os.fstat(self._file.fileno()).st_size
        try:
            if self._file.write(line) == len(line):
                return
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._file.name)
        except OSError:
            with suppress(OSError):
                self._file.truncate(before)
            if not isinstance(event, Progress):
                raise

    def close(self) -> None:
        self._file.close()


def read_events(path: Path, offset: int = 0) -> tuple[list[tuple[float, Event]], int]:
    """The whole lines after byte `offset` as (unix seconds, event), and where to go on; as `events_of`.

    Raises:
        OSError: what is there cannot be read, a folder for instance.
    """
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return [], offset
    whole = data[: data.rfind(b"\n") + 1]
    return events_of(whole.splitlines()), offset + len(whole)


def events_of(lines: Iterable[bytes], unreadable: list[str] | None = None) -> list[tuple[float, Event]]:
    """Each line as (unix seconds, event). Those that do not fit are skipped.

    unreadable: gets a reason for each of these.
    """
    events = []
    for line in lines:
        try:
            events.append(_parse(line))
        except ValueError as error:
            if unreadable is not None and line.strip():
                unreadable.append(reason(error) if isinstance(error, ValidationError) else clip(error, LONGEST_REASON))
    return events


def _parse(line: bytes) -> tuple[float, Event]:
    """
    Raises:
        ValueError: it is no event.
    """
    record: Any = from_json(line)
    named = record.get("event") if isinstance(record, dict) else None
    if not isinstance(named, str) or named not in _KINDS:
        raise ValueError("it is no event")
    return _MOMENT.validate_python(record.get("time")), _KINDS[named].validate_python(record)


def _ends_whole(path: Path) -> bool:
    with open(path, "rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
