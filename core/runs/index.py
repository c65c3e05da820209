"""All runs of a workspace, without opening those to which nothing has happened since the last look.

    cache/runs/<form>.jsonl   a line for each run that no worker was at when somebody looked: what lists show of it

What is known of such a run holds while its directory and its `events.jsonl` are as they were. So whoever does something
to a run from outside leaves a trace there: a file made, renamed or deleted in its directory, or an event. A worker that
is launched does, see `core.training.process.queue.join`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.course import Course
from core.errors import GraftError
from core.runs.launching import launch_worker
from core.runs.run import Facts, Run, is_run
from core.runs.view import CurvePoint, Status, View
from core.tasks.scores import Scores
from core.training.process.events import Ended
from core.training.process.queue import launched
from core.workspace import Workspace, atomic_open

SECONDS_TO_SETTLE = 2.0  # what changed so recently may change again within one tick of the disk's clock
MOST_VIEWS = 64  # kept whole: of those at work, and of those that somebody looks at
SPARE_LINES = 500  # before the file is written anew without them

Stamp = tuple[int, int, int]  # when the directory changed, when events.jsonl did, and its bytes
Looked = tuple[list[tuple[Run, View]], list[tuple[Run, str]]]


@dataclass(frozen=True)
class Summary:
    """A run as lists show it. view: with the best and the last epoch alone."""

    id: str
    stamp: Stamp
    facts: Facts
    view: View


@dataclass(frozen=True)
class _Known:
    """settled: nothing will change in it without its stamp."""

    stamp: Stamp
    run: Run
    view: View = View()
    damage: str = ""
    settled: bool = False


_SUMMARY = TypeAdapter(Summary)
_FORM = hashlib.blake2b(
    " ".join(field.name for kind in (Facts, View, CurvePoint, Ended, Scores) for field in fields(kind)).encode(),
    digest_size=6,
).hexdigest()  # what another version of Graft kept may lack what this one shows


class Index:
    """Shared by all threads of a process. Use `index_of`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._lock = workspace, threading.RLock()
        self._known: dict[str, _Known] | None = None
        self._views: dict[Path, View] = {}  # asked for last comes last
        self._lines = 0

    def look(self) -> Looked:
        """Every readable run with its view, and every other one with what is wrong with it, newest first.

        The views of runs that no worker is at have only the best and the last epoch; `view` gives all of one.
        """
        with self._lock:
            before = self._kept() if self._known is None else self._known
            names = sorted((name for name in os.listdir(self._workspace.runs) if name[0] != "."), reverse=True)
            root = f"{self._workspace.runs}{os.sep}"
            now = {name: known for name in names if (known := self._one(root + name, before.get(name)))}
            self._keep([known for name, known in now.items() if known.settled and known is not before.get(name)], now)
            self._known = now
        readable = [(known.run, known.view) for known in now.values() if not known.damage]
        return readable, [(known.run, known.damage) for known in now.values() if known.damage]

    def view(self, run: Run) -> View:
        """All of a run as it stands now; reads only what was appended since it was last asked for.

        Raises:
            RunError: its recipe cannot be read.
        """
        with self._lock:
            view = run.view(self._views.pop(run.directory, None))
            self._views[run.directory] = view
            while len(self._views) > MOST_VIEWS:
                del self._views[next(iter(self._views))]
        return view

    def _one(self, directory: str, before: _Known | None) -> _Known | None:
        stamp = _stamp(directory)
        if stamp is None:
            return None
        if before and before.settled and before.stamp == stamp:
            return before
        return self._look_at(Path(directory), stamp)

    def _look_at(self, directory: Path, stamp: Stamp) -> _Known | None:
        run = Run(self._workspace, directory)
        try:
            _ = run.facts  # read here, so that no page meets a damaged one
            view = self.view(run)
        except (GraftError, OSError) as error:
            there = is_run(directory)  # else it is being made, or was deleted since it was listed
            return _Known(stamp, run, damage=_words(error)) if there else None
        settled = not view.status.active and time.time() - max(stamp[:2]) / 1e9 > SECONDS_TO_SETTLE
        if settled:
            self._views.pop(directory, None)
        return _Known(stamp, run, in_short(view) if settled else view, settled=settled)

    # On disk ----------------------------------------------------------------------------------------------------------

    @property
    def _file(self) -> Path:
        return self._workspace.root / "cache" / "runs" / f"{_FORM}.jsonl"

    def _kept(self) -> dict[str, _Known]:
        try:
            lines = self._file.read_bytes().splitlines()
        except OSError:
            return {}
        self._lines, found = len(lines), {}
        for line in lines:  # of two for a run, the later one holds
            with contextlib.suppress(ValidationError):  # half written, or damaged
                said = _SUMMARY.validate_json(line)
                run = Run.known(self._workspace, self._workspace.runs / said.id, said.facts)
                found[said.id] = _Known(said.stamp, run, said.view, settled=True)
        return found

    def _keep(self, new: list[_Known], now: dict[str, _Known]) -> None:
        """It is only speed: where there is no room for it, pages are slower after the next start."""
        if not new:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._lines += len(new)
            if self._lines > len(now) + SPARE_LINES:
                self._write_anew([known for known in now.values() if known.settled])
            else:
                with open(self._file, "ab", buffering=0) as file:
                    file.write(_lines(new))

    def _write_anew(self, settled: list[_Known]) -> None:
        with atomic_open(self._file, "wb") as file:
            file.write(_lines(settled))
        self._lines = len(settled)
        for other in self._file.parent.glob("*.jsonl"):  # of earlier versions of Graft
            if other != self._file:
                other.unlink(missing_ok=True)


def _lines(known: Iterable[_Known]) -> bytes:
    said = (Summary(each.run.id, each.stamp, each.run.facts, each.view) for each in known)
    return b"".join(_SUMMARY.dump_json(each, exclude_defaults=True) + b"\n" for each in said)


def _stamp(directory: str) -> Stamp | None:
    """None: it is gone."""
    try:
        changed = os.stat(directory).st_mtime_ns
    except OSError:
        return None
    try:
        events = os.stat(f"{directory}{os.sep}events.jsonl")
    except OSError:  # not a word yet
        return changed, 0, 0
    return changed, events.st_mtime_ns, events.st_size


def _words(error: GraftError | OSError) -> str:
    return str(error) if isinstance(error, GraftError) else f"It cannot be read ({error.strerror or error})."


def in_short(view: View) -> View:
    """The view without what only the run's own page shows. It is no look to go on from."""
    last = view.curve[-1].epoch if view.curve else 0
    curve = tuple(row for row in view.curve if row.epoch in (view.best_epoch, last))
    short = replace(view, curve=curve, step_losses=(), marks=(), baseline=None, offset=0)
    return replace(short, course=Course(alike=view.course.alike), images={})


_indexes: dict[Path, Index] = {}
_making = threading.Lock()


def index_of(workspace: Workspace) -> Index:
    with _making:
        return _indexes.setdefault(workspace.root, Index(workspace))


def requeue(workspace: Workspace) -> list[Run]:
    """Put the runs that were waiting when the machine went down back into the queue, in the order that they had.

    Those that were training stay interrupted, until somebody resumes them: perhaps it was they who brought it down.
    """
    waiting = []
    for run, seen in index_of(workspace).look()[0]:
        launch = launched(run.directory) if seen.status is Status.INTERRUPTED else None
        if launch and ((view := run.view()).ahead or not run.said_since_launch(view)):
            waiting.append((launch.number, run))
    waiting.sort(key=lambda pair: pair[0])
    for _, run in waiting:
        launch_worker(run.directory)
    return [run for _, run in waiting]
