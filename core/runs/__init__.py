"""Start, watch, steer and list runs: the only door between the interface and the worker.

Runs in the process that asks (a page, a shell, a notebook). It writes `recipe.json` and `control/`, reads the rest,
and never imports torch.
"""

from core.runs.devices import gpus, how_many
from core.runs.finding import find_run, stop_all, using
from core.runs.index import index_of, requeue
from core.runs.launching import expect_start
from core.runs.making import make, start
from core.runs.naming import began, check_name, rename, titles
from core.runs.run import Run, get, list_runs
from core.runs.view import CurvePoint, Mark, Status, View

__all__ = [
    "CurvePoint",
    "Mark",
    "Run",
    "Status",
    "View",
    "began",
    "check_name",
    "expect_start",
    "find_run",
    "get",
    "gpus",
    "how_many",
    "index_of",
    "list_runs",
    "make",
    "rename",
    "requeue",
    "start",
    "stop_all",
    "titles",
    "using",
]
