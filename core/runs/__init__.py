"""Start, watch, steer and list runs: the only door between the interface and the worker.

Runs in the process that asks (a page, a shell, a notebook). It writes `recipe.json` and `control/`, reads the rest,
and never imports torch.
"""

from core.runs.devices import gpus, how_many
from core.runs.index import index_of, requeue
from core.runs.run import Run, expect_start, get, list_runs, make, start
from core.runs.view import CurvePoint, Mark, Status, View

__all__ = [
    "CurvePoint",
    "Mark",
    "Run",
    "Status",
    "View",
    "expect_start",
    "get",
    "gpus",
    "how_many",
    "index_of",
    "list_runs",
    "make",
    "requeue",
    "start",
]
