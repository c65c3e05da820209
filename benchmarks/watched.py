"""What a run at work loses to people who look at its page, and what the first look at a long run takes.

    python -m benchmarks.watched [--sessions 30] [--seconds 20] [--turns 3] [--against FOLDER] [--write]

A run with its last stage free on the textures sample; nobody looks, one page is open, thirty are, in turns. Each page
is a session over the WebSocket, as benchmarks/sessions.py has it: a browser without its drawing. The run's speed is
that of its steps, by its own events. FOLDER is another checkout of Graft, whose server is measured too, on that run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.results import write
from benchmarks.sessions import ages
from core import runs
from core.backbones.catalogue import BUNDLED
from core.importing.importing import import_sample
from core.records import plain
from core.runs import Run
from core.tasks.scores import Scores
from core.training.process.events import EpochEnded, Event, Progress, Started, read_events
from core.training.recipe import Recipe
from core.workspace import Workspace, write_json
from tests.browser.app import App
from tests.polling import poll

HERE = Path(__file__).resolve().parents[1]
EVENTS, EVENTS_AN_EPOCH = 200_000, 1_000
SECONDS_TO_SETTLE, SECONDS_TO_WARM_UP = 3.0, 15.0


@dataclass
class Found:
    """Of one number of sessions. steps: a second, of each turn; processor: seconds of the server a second."""

    steps: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    bytes: list[float] = field(default_factory=list)
    messages: list[float] = field(default_factory=list)

    def row(self, name: str, alone: Found) -> str:
        speed = statistics.median(self.steps)
        cells = [
            f"{speed:.1f}",
            f"{speed / statistics.median(alone.steps):.3f}",
            f"{statistics.median(self.processor):.3f}",
        ]
        if self.messages:
            each = sum(self.bytes) / max(1, sum(self.messages))
            a_second = statistics.fmean(self.bytes)
            cells += [_p95(self.looks), _p95(self.ages), f"{each:,.0f}", f"{a_second:,.0f}"]
        return f"| {name} | {' | '.join(cells + [''] * (7 - len(cells)))} |"


def _p95(seconds: Sequence[float]) -> str:
    return f"{sorted(seconds)[int(0.95 * (len(seconds) - 1))]:.3f}" if seconds else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        words = "\n".join(
            [
                f"The textures sample, the last stage free; the median of {options.turns} turns of "
                f"{options.seconds:g} s. {describe_machine().line()}",
                "",
                "| | steps/s of the run | of nobody looking | server, processor s/s | a look, 95%, s | age when it "
                "comes, 95%, s | bytes a message | bytes/s of a page |",
                "|---|---|---|---|---|---|---|---|",
                *watched(Path(folder), options),
                "",
                "| the first look at a run | processor, s | memory, MB |",
                "|---|---|---|",
                *first_looks(Path(folder), options.against),
                "",
            ]
        )
    print(words)
    if options.write:
        write(words, "Watched", "watched.py")


# Who looks on ---------------------------------------------------------------------------------------------------------


def watched(folder: Path, options: argparse.Namespace) -> list[str]:
    workspace = Workspace.open(folder / "home")
    dataset = import_sample(workspace, "textures")
    run = runs.start(
        workspace, Recipe(dataset=dataset.id, dataset_version=1, backbone=BUNDLED, freeze=8, epochs=10_000)
    )
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": run.id})
    poll(lambda: run.view().epochs_done > 10)
    rows = []
    try:
        for name, checkout in [("", HERE), *([("before: ", options.against.resolve())] if options.against else [])]:
            app = App.at(workspace.root)
            app.start(checkout)
            try:
                rows += _turns(name, app, run, options)
            finally:
                app.stop()
    finally:
        run.stop()
        poll(lambda: not run.status.active)
    return rows


def _turns(name: str, app: App, run: Run, options: argparse.Namespace) -> list[str]:
    found = {number: Found() for number in (0, 1, options.sessions)}
    _turn(Found(), 1, app, run, SECONDS_TO_WARM_UP)  # the server imports torch after its first page
    for _ in range(options.turns):
        for number, each in found.items():
            _turn(each, number, app, run, options.seconds)
            print(each.row(f"{name}{number} so far", found[0]), file=sys.stderr, flush=True)
    titles = {0: "nobody looks", 1: "one page is open"}
    alone = found[0]
    return [each.row(name + titles.get(number, f"{number} pages are open"), alone) for number, each in found.items()]


def _turn(found: Found, sessions: int, app: App, run: Run, seconds: float) -> None:
    command = [sys.executable, "-m", "benchmarks.sessions", app.address, str(sessions), str(seconds)]
    with subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as looking:
        assert looking.stdin and looking.stdout and app.process
        looking.stdout.readline()  # every page is drawn
        time.sleep(SECONDS_TO_SETTLE)
        offset, began, spent = _size(run), time.perf_counter(), _processor(app.process.pid)
        print(file=looking.stdin, flush=True)
        said = json.loads(looking.stdout.readline())
        took = time.perf_counter() - began
        found.processor.append((_processor(app.process.pid) - spent) / took)
    told = [(at, event) for at, event in read_events(run.directory / "events.jsonl", offset)[0]]
    steps = [(at, event) for at, event in told if isinstance(event, Progress) and event.phase == "training"]
    (first, begun), (last, done) = steps[0], steps[-1]
    found.steps.append((done.done - begun.done) / (last - first))
    found.looks += said["looks"]
    found.ages += ages(said["seen"], {(event.epoch, event.step): at for at, event in steps})
    found.bytes += [each / seconds for each in said["bytes"]]
    found.messages += [each / seconds for each in said["messages"]]


def _size(run: Run) -> int:
    """Of its events, to the end of a line."""
    return read_events(run.directory / "events.jsonl")[1]


def _processor(process: int) -> float:
    """Seconds that it has had of a processor, so far."""
    ticks = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


# The first look -------------------------------------------------------------------------------------------------------


def first_looks(folder: Path, against: Path | None) -> list[str]:
    """Each in a process of its own, as it would be in a new server."""
    long = _long_run(Workspace.open(folder / "long"))
    size = (long / "events.jsonl").stat().st_size / 1e6
    rows = []
    for name, checkout in [("", HERE), *([("before: ", against.resolve())] if against else [])]:
        script = (
            "import resource, sys, time\nfrom pathlib import Path\nfrom core.runs import Run\n"
            "from core.workspace import Workspace\n"
            "run = Run(Workspace.open(Path(sys.argv[1])), Path(sys.argv[2]))\nrun.recipe\n"
            "before, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\nrun.view()\n"
            "more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory\n"
            "print(time.process_time() - before, more / 1024)"
        )
        command = [sys.executable, "-c", script, str(folder / "long"), str(long)]
        done = subprocess.run(command, cwd=checkout, stdout=subprocess.PIPE, text=True, check=True)
        seconds, memory = map(float, done.stdout.split())
        rows.append(f"| {name}{EVENTS:,} events, {size:.0f} MB | {seconds:.2f} | {memory:.0f} |")
    return rows


def _long_run(workspace: Workspace) -> Path:
    directory = workspace.runs / "20260101-120000-long"
    (directory / "control").mkdir(parents=True)
    recipe = Recipe(dataset="x", dataset_version=1, backbone=BUNDLED, epochs=EVENTS // EVENTS_AN_EPOCH)
    (directory / "recipe.json").write_text(recipe.model_dump_json(), encoding="utf-8")
    with open(directory / "events.jsonl", "w", encoding="utf-8") as file:
        for number in range(EVENTS):
            told = {"event": type(event := _event(number)).__name__, "time": 1.7e9 + number / 4, **plain(event)}
            file.write(json.dumps(told) + "\n")
    return directory


def _event(number: int) -> Event:
    epochs, steps = EVENTS // EVENTS_AN_EPOCH, EVENTS_AN_EPOCH - 1
    epoch, step = number // EVENTS_AN_EPOCH + 1, number % EVENTS_AN_EPOCH
    scores = Scores(1 / epoch, {"accuracy": 1 - 1 / (epoch + 1), "balanced_accuracy": 0.5, "macro_f1": 0.5})
    if number == 0:
        return Started("CPU, 2 cores", 0, epochs, 2_562, 3_373_572, "A note.", judged_on=100)
    if step == steps:
        return EpochEnded(epoch, scores, scores, 0.001, 250.0, True)
    return Progress("training", number, EVENTS, 123.4, 1000.5, 10**9, epoch, step + 1, steps, 1 / (number + 1))


if __name__ == "__main__":
    main()
