"""A run as a shell follows it: a line for every epoch, then how it ended."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from core.runs import CurvePoint, Run, Status, View
from core.runs.scores import Scored, scored
from core.tasks import TASKS
from core.tasks.scores import Scores
from core.training.process.events import PHASES
from core.words import with_noun

SECONDS_BETWEEN_LOOKS = 0.2
WELL = (Status.FINISHED, Status.STOPPED, Status.PAUSED)


def finish(run: Run, as_json: bool, said: int = 0) -> int:
    """Follow the run to its end, tell how it ended, and return the exit status. said: epochs that need no line more."""
    view = follow(run, said)
    print(with_noun(view.message, view.noun) or f"The run was {view.status.value}.", file=sys.stderr)
    if view.status is Status.PAUSED:
        print(f"Go on with: python -m core resume {run.id}", file=sys.stderr)
    if as_json:
        print(json.dumps(outcome(run, view)))
    elif view.ended and view.ended.best_epoch:
        print(_scores_line(view))
        if run.recipe.task and TASKS[run.recipe.task].gives_backbone:
            print(f"python -m core backbones --from-run {run.id}")
        else:
            print(f"python -m core predict --run {run.id} {view.noun.upper()}")
    return 0 if view.status in WELL else 1


def follow(run: Run, said: int = 0) -> View:
    """Print the run's progress until no worker is at it. Ctrl-C stops it and keeps what it learned."""
    view, line, note = run.view(), "", ""
    while True:
        if view.note != note and view.status.active:
            note = view.note
            print(note, file=sys.stderr)
        for row in view.curve:
            if row.epoch > said:
                print(_epoch_line(row, view), file=sys.stderr)
                said = row.epoch
        if not view.status.active:
            return view
        if (now := _progress_line(view)) and now != line:
            print(now, file=sys.stderr)
            line = now
        try:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        except KeyboardInterrupt:
            print("Stopping, and keeping the best epoch so far.", file=sys.stderr)
            run.stop()
        view = run.view(view)


def _epoch_line(row: CurvePoint, view: View) -> str:
    said = f"training loss {row.train.loss:.4f}, {row.train.words}"
    if row.validation:
        here = Scored("validation", row.validation, view.judged_on, noun=view.noun)
        said += f", validation loss {row.validation.loss:.4f}, {here.worth}"
    return f"Epoch {row.epoch} of {view.epochs}: {said}"


def _progress_line(view: View) -> str:
    """What is going on besides the epochs, which have lines of their own."""
    if view.status is Status.QUEUED:
        return f"Waiting for {view.ahead} earlier run{'s' * (view.ahead != 1)}" if view.ahead else "Starting"
    if view.status is Status.SILENT:
        return "Not answering"
    if view.phase == "training":
        return ""
    what = with_noun(PHASES[view.phase], view.noun)
    return f"{what}: {view.done} of {view.total}" if view.total else what


def outcome(run: Run, view: View) -> dict[str, Any]:
    """How the run stands, as `--json` says it."""
    ended = None if view.status.active or view.status is Status.PAUSED else view.ended
    scores = {part: ended and getattr(ended, part) for part in ("train", "validation", "test")}
    images = {each.part: each.images for each in scored(view)} if ended else {}
    told = {
        "run": run.id,
        "title": run.title,
        "status": view.status.value,
        "seconds": ended.seconds if ended else None,
        "epochs": ended.epochs if ended else view.epochs_done,
        "best_epoch": ended.best_epoch if ended else view.best_epoch,
        "scores": {part: _said(said) if said else None for part, said in scores.items()},
        "images": {part: images.get(part) for part in ("validation", "test")},
        "chose": {part: each.chose for each in scored(view) if (part := each.part)} if ended else {},
    }
    well = view.status.active or view.status in (*WELL, Status.NOT_STARTED)
    return told if well else {**told, "error": with_noun(view.message, view.noun)}


def _said(scores: Scores) -> dict[str, float]:
    """Those scores that a run of its kind has."""
    return {name: value for name, value in scores.flat().items() if value is not None}


def _scores_line(view: View) -> str:
    assert view.ended
    said = [f"{each.words}, loss {each.scores.loss:.4f}" for each in scored(view)]
    if view.ended.train:
        said.append(f"training {view.ended.train.words}, loss {view.ended.train.loss:.4f}")
    return f"Epoch {view.ended.best_epoch}: {'; '.join(said)}"
