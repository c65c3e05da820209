"""What a page shows of runs at work, as plain data: drawn once by a script, and sent by `ui.runs.feed` as it changes.

Nothing in here draws, or asks who looks.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from core.runs import Run, Status, View, index_of
from core.runs.advice import Kind, advice
from core.tasks.metrics import Metric
from core.training.process.events import PHASES
from core.words import with_noun
from core.workspace import Workspace
from ui.runs.curves import Points, series
from ui.shared.widgets import duration, escaped, file_size, short_number

FIRST_AXIS_END = 30
SECONDS_OF_SILENCE_SHOWN = 10  # how exactly it is said for how long nothing was heard
FIGURES = 6  # of a number on a chart
PROGRESSING = (Status.PREPARING, Status.TRAINING, Status.STOPPING, Status.PAUSING)
ADVICE_ICONS: dict[Kind, str] = {
    "rate_too_high": "warning",
    "rate_too_low": "speed",
    "nothing_learned": "help",
    "too_few_to_tell": "filter_list",
    "overfitting": "trending_up",
    "improving": "trending_down",
    "underfitting": "horizontal_rule",
    "converged": "check",
}
Frame = dict[str, Any]
Chart = tuple[str, str, dict[str, Any]]  # key, title, what `ui.runs.curves.curve` takes
GONE: Frame = {"now": "gone"}  # whatever it was: the page finds out

# Of one run -----------------------------------------------------------------------------------------------------------


def run_frame(run: Run) -> Frame:
    """The run as it stands now.

    now: what decides which things there are on the page; where it differs from what was drawn, the page is drawn again.
    The rest changes in place: standing (share 0 to 1, text, metrics), advice (icon, sentence, todo), charts (each with
    the lines of `ui.runs.curves.series`, and where its axis ends).

    Raises:
        GraftError: it is gone, or cannot be read. OSError: the disk refuses.
    """
    return RunLook(run)()


class RunLook:
    """`run_frame` again and again: between two steps only where the run is has changed, and the curves are as they
    were. To work them out anew each time would cost the run more than all who look."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._seen: tuple[object, ...] | None = None
        self._drawn: list[Chart] = []
        self._rest: Frame = {}

    def __call__(self) -> Frame:
        view = index_of(self.run.workspace).view(self.run)
        ends = [(len(points), points[-1]) if points else None for points in (view.curve, view.step_losses, view.marks)]
        seen = (*ends, view.status, view.best_epoch, view.baseline, view.naive, _axis_end(view), view.epochs)
        if seen != self._seen:
            said, self._drawn = advice(view), charts(view)
            lines = {name: _lines(options) for name, _, options in self._drawn}
            self._rest = {"advice": said and [ADVICE_ICONS[said.kind], said.sentence, said.todo], "charts": lines}
            self._seen = seen
        place = standing(view) if progresses(view) else None
        return {"now": drawn_as(view, self._drawn), "standing": place, **self._rest}


def drawn_as(view: View, drawn: Sequence[Chart] | None = None) -> str:
    """What of a run's page only a script can draw: the same for two views of which one can take the other's place.

    drawn: its charts, where they are at hand.
    """
    drawn = charts(view) if drawn is None else drawn
    silent = view.status is Status.SILENT and (time.time() - view.last_time) // SECONDS_OF_SILENCE_SHOWN
    parts = (view.status.value, view.frozen, view.ahead, silent, view.note, view.baseline, view.passed_over > 0)
    return _digest(*parts, [(name, title) for name, title, _ in drawn])


def progresses(view: View) -> bool:
    """Whether it is shown with a bar."""
    return view.status in PROGRESSING or (view.status is Status.QUEUED and not view.ahead)


def standing(view: View) -> Frame:
    metrics = {
        "Time left": duration(view.seconds_left),
        f"{view.noun.capitalize()}s per second": short_number(view.rate),
        "Trainable parameters": short_number(view.trainable or None),
        "Memory": file_size(view.memory_bytes),
        "Device": view.device or "–",
    }
    return {"share": round(view.share, 3), "text": where(view), "metrics": metrics}


def where(view: View) -> str:
    if view.status is Status.QUEUED:
        return "Starting the worker"
    if view.status is Status.STOPPING:
        return "Ending after this step"
    if view.status is Status.PAUSING:
        return "Pausing after this step"
    if view.phase != "training" or not view.steps:
        done = f": {view.done:,} of {view.total:,}" if view.total else ""
        return with_noun(PHASES[view.phase], view.noun) + done
    step = f", step {view.step:,} of {view.steps:,}" if view.steps else ""
    return f"Epoch {view.epoch:,} of {view.epochs:,}{step}"


def charts(view: View) -> list[Chart]:
    """None while there is no point."""
    if not view.curve and not view.step_losses:
        return []
    rows = view.curve
    validation = [(row.epoch, row.validation) for row in rows if row.validation]
    training: Points = [(float(row.epoch), row.train.loss) for row in rows]
    if len(view.step_losses) > 3 * len(training):  # slow epochs: what happens within them is worth seeing
        training = list(view.step_losses)
    marks = [(mark.epoch, mark.words) for mark in view.marks]
    shared = {"best_epoch": view.best_epoch, "epochs": _axis_end(view), "marks": marks}
    loss = {"training": training, "validation": [(epoch, scores.loss) for epoch, scores in validation], **shared}
    scored = rows[0].train if rows else view.naive
    if scored is None:
        return [("curve_loss", "Loss", loss)]
    main = scored.main
    title = main.title + (f", in {escaped(view.target, 40) or 'its unit'}" if main.unit == "target" else "")
    scores = {
        "training": [(row.epoch, row.train.get(main.name)) for row in rows],
        "validation": [(epoch, scores.get(main.name)) for epoch, scores in validation],
        "share": main.unit == "share",
        "beat": _to_beat(view, main),
        **shared,
    }
    return [("curve_loss", "Loss", loss), ("curve_scores", title, scores)]


def _to_beat(view: View, metric: Metric) -> tuple[str, float] | None:
    """The best of the answers without training."""
    if view.baseline is None:
        return None
    known = [scores.get(metric.name) for scores in view.baseline.named.values()]
    return "To beat", max((value for value in known if value is not None), key=metric.rank)


def _axis_end(view: View) -> int:
    """The last epoch, or for a long run a nearer one that doubles as it is reached: so the curves fill the chart."""
    end = FIRST_AXIS_END
    while end < view.epoch:
        end *= 2
    return min(end, view.epochs) if view.status.active else view.epoch


def _lines(options: Mapping[str, Any]) -> Frame:
    lines, end = series(**{name: given for name, given in options.items() if name != "share"})
    return {"end": end, "lines": [{**line, "x": _short(line["x"]), "y": _short(line["y"])} for line in lines]}


def _short(values: Sequence[float | None]) -> list[float | None]:
    """What is no finite number leaves a gap."""
    return [float(f"{one:.{FIGURES}g}") if one is not None and math.isfinite(one) else None for one in values]


# Of several -----------------------------------------------------------------------------------------------------------


def table_frame(workspace: Workspace) -> Frame:
    """Of the table of all runs. now: is heeded at once; later: from time to time."""
    return table_drawn_as(*index_of(workspace).look())


def table_drawn_as(found: Sequence[tuple[Run, View]], damaged: Sequence[tuple[Run, str]]) -> Frame:
    said = [(view.epochs_done, view.epochs, view.best_epoch, run.facts.name) for run, view in found]
    now = _digest([(run.id, view.status.value) for run, view in found], [run.id for run, _ in damaged])
    return {"now": now, "later": _digest(said)}


def comparison_frame(together: Sequence[Run]) -> Frame:
    """Of several runs on one chart."""
    return comparison_drawn_as([index_of(run.workspace).view(run) for run in together])


def comparison_drawn_as(views: Sequence[View]) -> Frame:
    now = _digest([view.status.value for view in views])
    return {"now": now, "later": _digest([(view.epochs_done, view.best_epoch) for view in views])}


def _digest(*parts: object) -> str:
    return blake2b(repr(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


# What is new in one of them -------------------------------------------------------------------------------------------


def changes(before: Frame, now: Frame) -> Frame:
    """What makes `now` of `before`: of a list of points, how many stay, and those after them; of all else, what
    differs. Empty where nothing does."""
    found: Frame = {name: value for name, value in now.items() if name != "charts" and before.get(name, "") != value}
    drawn, charts = before.get("charts") or {}, now.get("charts") or {}
    news = {name: fresh for name, chart in charts.items() if (fresh := _chart_changes(drawn.get(name), chart))}
    return found | ({"charts": news} if news else {})


def _chart_changes(before: Frame | None, now: Frame) -> Frame:
    if before == now:
        return {}
    known = before["lines"] if before else [{} for _ in now["lines"]]
    return {"end": now["end"], "lines": [_line_changes(*pair) for pair in zip(known, now["lines"])]}


def _line_changes(before: Frame, now: Frame) -> Frame:
    found = {name: value for name, value in now.items() if name not in ("x", "y", "text") and before.get(name) != value}
    names = [name for name in ("x", "y", "text") if name in now]
    if all(before.get(name) == now[name] for name in names):
        return found
    points, known = (list(zip(*(of.get(name, ()) for name in names))) for of in (now, before))
    pairs = enumerate(zip(points, known))
    stay = next((at for at, (one, other) in pairs if one != other), min(len(points), len(known)))
    tails: Frame = {name: now[name][stay:] for name in names}
    return {**found, "stay": stay, **tails}
