"""The process of a job: `python -m core.jobs.worker JOB_DIRECTORY`. core.jobs starts it; nothing else should."""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path

from filelock import FileLock

from core.address_space import explained
from core.errors import GraftError
from core.jobs.job import Asked, Job, JobView
from core.jobs.kinds import KINDS
from core.jobs.legs import leg_of
from core.processes import sign
from core.progress import Progress
from core.records import read
from core.workspace import Workspace, write_json

SECONDS_BETWEEN_STATES = 0.2


class Reporter:
    """Writes at most a few times a second how far the job is, of all that it goes through. Ends the process where it
    reads that it was stopped, as who stops it from another machine cannot."""

    def __init__(self, path: Path) -> None:
        self.path, self.phase, self.began, self.last = path, "", 0.0, 0.0
        self.job = Job(Workspace.at(path.parent.parent.parent), path.parent)
        self.course = self.job.beginning().course

    def __call__(self, progress: Progress) -> None:
        now = time.time()
        share = progress.share
        if share is None and progress.total:
            share = progress.done / progress.total
        self.course = self.course.heard(now, leg_of(self.course, progress.phase), share)
        if progress.phase != self.phase:
            self.phase, self.began, self.last = progress.phase, now, 0.0
        if abs(now - self.last) < SECONDS_BETWEEN_STATES:
            return
        self.last = now
        if not self.job.view().running:
            sys.exit(1)
        state = JobView(
            phase=progress.phase, done=progress.done, total=progress.total, began=self.began, course=self.course
        )
        write_json(self.path, state.model_dump())


def main() -> int:
    """Do the job in a directory that holds a `job.json`. Returns the process's exit status."""
    directory = Path(sys.argv[1]).resolve()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if hasattr(os, "nice"):
        os.nice(5)  # the interface comes first
    with FileLock(directory / "alive.lock").acquire(timeout=10):
        sign(directory / "pid")
        job = Job(Workspace.at(directory.parent.parent), directory)
        if not job.view().running:  # stopped before it began
            return 1
        state = _work(directory)
        job.tidy()
        if not job.view().running:  # stopped meanwhile, from another machine
            return 1
        write_json(directory / "state.json", state.model_dump())
    return 0 if state.status == "done" else 1


def _work(directory: Path) -> JobView:
    try:
        said = read(directory / "job.json", Asked)
        workspace = Workspace.open(directory.parent.parent)
        asks = {"directory": str(directory)} if said.kind == "import path" else {}
        result = KINDS[said.kind](workspace, Reporter(directory / "state.json"), **said.arguments, **asks)
        return JobView(status="done", result=result)
    except GraftError as error:
        return JobView(status="failed", message=str(error))
    except Exception as error:  # a bug: its trace is in job.log, and the person gets a sentence
        logging.exception("The job failed")
        if words := explained(error):
            return JobView(status="failed", message=words)
        kind = type(error).__name__
        return JobView(status="failed", message=f"It failed with an error that Graft does not know ({kind}). {_LOG}")


_LOG = "The file job.log in the workspace's folder jobs says more."

if __name__ == "__main__":
    sys.exit(main())
