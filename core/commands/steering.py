"""The commands that steer a run: resume, pause, stop, extend, name."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace

from core.commands.following import SECONDS_BETWEEN_LOOKS, finish, outcome
from core.commands.printing import printable
from core.errors import RunError
from core.runs import Run, Status, View, find_run, rename
from core.workspace import Workspace


def resume(options: Namespace) -> int:
    run = _run(options)
    before = run.view()
    run.resume(options.devices)
    return _go_on(run, before, options)


def extend(options: Namespace) -> int:
    run = _run(options)
    before = run.view()
    run.extend(options.epochs, options.devices)
    return _go_on(run, before, options)


def pause(options: Namespace) -> int:
    run = _run(options)
    view = run.view()
    if not view.status.active:
        raise RunError(f"Run {run.id} is {view.status.value}, so there is nothing to pause.")
    run.pause()
    return _left(run, options)


def stop(options: Namespace) -> int:
    run = _run(options)
    view = run.view()
    if not view.status.active and view.status not in (Status.PAUSED, Status.INTERRUPTED):
        raise RunError(f"Run {run.id} is {view.status.value}, so there is nothing to stop.")
    run.stop()
    return _left(run, options)


def name(options: Namespace) -> int:
    run = _run(options)
    rename(run, options.name)
    print(printable(f"Run {run.id}: {run.title}"), file=sys.stderr)
    if options.json:
        print(json.dumps(outcome(run, run.view())))
    return 0


def _run(options: Namespace) -> Run:
    return find_run(Workspace.open(options.workspace), options.run)


def _go_on(run: Run, before: View, options: Namespace) -> int:
    print(f"Run {run.id}", file=sys.stderr)
    if not options.detach:
        return finish(run, options.json, said=before.epochs_done)
    view = run.view()
    if options.json:
        print(json.dumps(outcome(run, view)))
    else:
        print(f"It is {view.status.value}. Watch it with: python -m core runs", file=sys.stderr)
    return 0


def _left(run: Run, options: Namespace) -> int:
    """Wait until the worker has done what it was asked to; one that does not answer does it when it wakes."""
    view = run.view()
    while view.status.active and view.status is not Status.SILENT:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        view = run.view(view)
    if view.status is Status.SILENT:
        print(f"Run {run.id} is not answering; it will do so as soon as it goes on.", file=sys.stderr)
    else:
        print(view.message or f"Run {run.id} is {view.status.value}.", file=sys.stderr)
    if view.status is Status.PAUSED:
        print(f"Go on with: python -m core resume {run.id}", file=sys.stderr)
    if options.json:
        print(json.dumps(outcome(run, view)))
    return 1 if view.status is Status.FAILED else 0
