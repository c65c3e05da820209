"""From Start to the first point on the chart, as someone at a browser sees it; and what a run loses to who watches it.

    python -m benchmarks.live [--write]

In the real app and a real browser, on the textures sample: the first run, and another one on the same data. The page
has been open for a moment, as it is when somebody has looked at the settings. Then a longer run, the last stage free,
with its page open and without, in turns.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.results import write
from core import runs
from core.backbones.catalogue import BUNDLED
from core.importing.importing import import_sample
from core.training.recipe import Recipe
from core.workspace import Workspace, write_json
from tests.browser.actions import curve_points
from tests.browser.app import BROWSER, FLAGS, App
from tests.polling import poll

SECONDS_BETWEEN_LOOKS = 0.05
TURNS, SECONDS_A_TURN, SECONDS_TO_SETTLE = 3, 15.0, 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds, (alone, watched) = _measure(Path(folder) / "home")
    words = "\n".join(
        [
            f"The textures sample, all stages frozen. {describe_machine().line()}",
            "",
            "| from Start to | first run, seconds | again, seconds |",
            "|---|---|---|",
            *(f"| {what} | {first:.1f} | {again:.1f} |" for what, first, again in zip(WHAT, *seconds)),
            "",
            "| the last stage free, epochs a second | nobody looks | its page is open | of that |",
            "|---|---|---|---|",
            f"| median of {TURNS} turns | {alone:.2f} | {watched:.2f} | {watched / alone:.2f} |",
            "",
        ]
    )
    print(words)
    if options.write:
        write(words, "Start", "live.py")


WHAT = ("the first point on the chart", "the finished run")


def _measure(home: Path) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    from playwright.sync_api import sync_playwright

    workspace = Workspace.open(home)
    dataset = import_sample(workspace, "textures")
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": dataset.version})
    app = App.at(home)
    app.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(120_000)
            page.goto(f"{app.address}/fine_tune")
            first = _start(page, workspace)
            page.get_by_text("Settings of the next run").click()
            again = _start(page, workspace)
            rates = _watched(page, app, workspace, dataset.id)
            browser.close()
    finally:
        app.stop()
    return [first, again], rates


def _watched(page: Any, app: App, workspace: Workspace, dataset: str) -> tuple[float, float]:
    """Epochs a second of a run at work, with no page open and with its own."""
    recipe = Recipe(dataset=dataset, dataset_version=1, backbone=BUNDLED, freeze=8, epochs=10_000)
    run = runs.start(workspace, recipe)
    write_json(workspace.root / "choices.json", {"dataset": dataset, "dataset_version": 1, "run": run.id})
    poll(lambda: run.view().epochs_done > 10)
    rates: dict[str, list[float]] = {"about:blank": [], f"{app.address}/fine_tune": []}
    for _ in range(TURNS):
        for address, measured in rates.items():
            page.goto(address)
            time.sleep(SECONDS_TO_SETTLE)
            before, began = run.view().epochs_done, time.perf_counter()
            time.sleep(SECONDS_A_TURN)
            measured.append((run.view().epochs_done - before) / (time.perf_counter() - began))
    run.stop()
    poll(lambda: not run.status.active)
    alone, watched = (statistics.median(each) for each in rates.values())
    return alone, watched


def _start(page: Any, workspace: Workspace) -> tuple[float, float]:
    """Seconds until the new run's first point, and until it has finished."""
    start = page.get_by_role("button", name="Start", exact=True)
    start.wait_for()
    poll(lambda: any(workspace.root.glob("standby/*/ready")))
    runs = len(list(workspace.runs.iterdir()))
    began = time.perf_counter()
    start.click()
    poll(lambda: len(list(workspace.runs.iterdir())) > runs)
    newest = max(workspace.runs.iterdir())
    page.get_by_text(f"Run {newest.name}").first.wait_for()
    while page.locator("[data-stale=true]").count() or not curve_points(page):  # stale: of the run before
        time.sleep(SECONDS_BETWEEN_LOOKS)
    point = time.perf_counter() - began
    page.get_by_role("button", name="Predict with this run").wait_for()
    return point, time.perf_counter() - began


if __name__ == "__main__":
    main()
