"""How long a page's script takes, at its first view in a new server and at each rerun, with much in the workspace.

    python -m benchmarks.pages [--runs 3000] [--datasets 300] [--against FOLDER] [--write]
    python -m benchmarks.pages --texts 1000000       instead, with one set of so many texts chosen; prints its table

The runs are made as workers would have left them, one of them at work; the dataset that is chosen is a real one. Each
page is opened by Streamlit's AppTest in a process of its own, which is as a server that has just started, and run again
when the server has imported torch. In brackets, what it took of a processor, which others at work change less. FOLDER
is another checkout of Graft, measured in the same call.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.importing import generate_texts
from benchmarks.machine import describe_machine
from benchmarks.results import write
from core.backbones.catalogue import BUNDLED
from core.importing.importing import import_path, import_sample
from core.runs import Run
from core.tasks.scores import Scores
from core.training.process.events import Ended, Queued
from core.training.process.queue import worker_lock
from core.training.recipe import Recipe
from core.workspace import Workspace, write_json
from tests.pages.made_runs import failed, finished, made_run

PAGES = {"home": "Home", "backbone": "Backbone", "data": "Data", "fine_tune": "Fine-tune", "predict": "Predict"}
RERUNS = 5
EPOCHS = 20
HERE = Path(__file__).resolve().parents[1]
SIDE = HERE / "benchmarks" / "pages_side.py"
ENDINGS = (
    finished(EPOCHS),
    Ended("stopped", "", 9.0, EPOCHS, 8, Scores(0.2, {"accuracy": 0.9}), Scores(0.3, {"accuracy": 0.9})),
    failed(),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3000)
    parser.add_argument("--datasets", type=int, default=300)
    parser.add_argument("--texts", type=int, help="how many, of a made CSV")
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.texts:
            words = of_texts(Path(folder), options.texts)
        else:
            words = table(Path(folder), options.runs, options.datasets, options.against)
    print(words)
    if options.write and not options.texts:
        write(words, "Pages", "pages.py")


def table(folder: Path, runs: int, datasets: int, against: Path | None) -> str:
    few, many = Workspace.open(folder / "few"), Workspace.open(folder / "many")
    fill(few, 3, 2)
    fill(many, runs, datasets)
    checkouts = [("", HERE)] if against is None else [("", HERE), ("before: ", against.resolve())]
    rows = []
    with worker_lock(newest(few)), worker_lock(newest(many)):
        for name, checkout in checkouts:
            first = said([measured(checkout, many, "home")[0]])
            rows.append(f"| {name}Home, before anybody has looked | | | {first} | |")
            for page, title in PAGES.items():
                cells = [cell for space in (few, many) for cell in in_short(measured(checkout, space, page))]
                rows.append(f"| {name}{title} | {' | '.join(cells)} |")
                print(rows[-1], flush=True)  # it takes minutes
    few_title, many_title = "3 runs, 2 datasets", f"{runs:,} runs, {datasets:,} datasets"
    head = [
        f"| | {few_title}: first view, s | rerun, s | {many_title}: first view, s | rerun, s |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([describe_machine().line(), "", *head, *rows, ""])


def of_texts(folder: Path, many: int) -> str:
    workspace = Workspace.open(folder / "home")
    made = import_path(workspace, generate_texts(folder / "texts.csv", many))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": made.version})
    head = [f"| {many:,} texts | first view, s | rerun, s |", "|---|---|---|"]
    rows = [f"| {title} | {' | '.join(in_short(measured(HERE, workspace, page)))} |" for page, title in PAGES.items()]
    return "\n".join([describe_machine().line(), "", *head, *rows, ""])


def in_short(seconds: list[list[float]]) -> tuple[str, str]:
    return said(seconds[:1]), said(seconds[1:])


def said(seconds: list[list[float]]) -> str:
    """The median, and in brackets that of a processor."""
    whole, processor = (statistics.median(each) for each in zip(*seconds))
    return f"{whole:.3f} ({processor:.3f})"


def measured(checkout: Path, workspace: Workspace, page: str) -> list[list[float]]:
    command = [sys.executable, str(SIDE), str(checkout / "app.py"), page, str(RERUNS)]
    environment = {**os.environ, "GRAFT_HOME": str(workspace.root), "GRAFT_STANDBY": "0", "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True, cwd=checkout, env=environment
    )
    found: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


# What is in the workspace ---------------------------------------------------------------------------------------------


def fill(workspace: Workspace, runs: int, datasets: int) -> None:
    """Runs and datasets as they are after years of use, the newest run at work."""
    real = import_sample(workspace, "textures")
    for number in range(1, datasets):
        shutil.copytree(
            real.directory, workspace.datasets / f"{real.id}-{number:04}", ignore=shutil.ignore_patterns("images")
        )
    ids = sorted(path.name for path in workspace.datasets.iterdir())
    ended = [made(workspace, ids[0], number, ending) for number, ending in enumerate(ENDINGS)]
    for number in range(len(ended), runs):
        again(ended[number % len(ended)], ids[number % len(ids)], number)
    at_work = made(workspace, real.id, runs, Queued(0))
    write_json(at_work.directory / "control" / "launched", {"number": 1, "told": 0, "devices": 1})
    chosen = {"dataset": real.id, "dataset_version": real.version, "run": ended[0].id}
    write_json(workspace.root / "choices.json", chosen)


def named(number: int) -> str:
    return (
        f"2026{1 + number // 600 % 12:02}{1 + number // 60 % 28:02}-{number % 24:02}{number % 60:02}00-run-{number:05}"
    )


def made(workspace: Workspace, dataset: str, number: int, ending: object) -> Run:
    recipe = Recipe(dataset=dataset, dataset_version=1, backbone=BUNDLED, epochs=EPOCHS)
    run = made_run(workspace, dataset, ending, epochs=EPOCHS, name=named(number), recipe=recipe)  # type: ignore[arg-type]
    (run.directory / "bundle").mkdir()
    write_json(run.directory / "bundle" / "bundle.json", {})
    return run


def again(run: Run, dataset: str, number: int) -> None:
    """The same run once more, of another dataset."""
    copy = run.directory.with_name(named(number))
    shutil.copytree(run.directory, copy)
    recipe = run.recipe.model_copy(update={"dataset": dataset})
    (copy / "recipe.json").write_text(recipe.model_dump_json(), encoding="utf-8")


def newest(workspace: Workspace) -> Path:
    return max(path for path in workspace.runs.iterdir() if (path / "control" / "launched").exists())


if __name__ == "__main__":
    main()
