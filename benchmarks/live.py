"""From Start to the first point on the chart, as someone at a browser sees it.

    python -m benchmarks.live [--write]

In the real app and a real browser, on the textures sample: the first run, and another one on the same data. The page
has been open for a moment, as it is when somebody has looked at the settings.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.results import write
from core.data.importing import import_sample
from core.workspace import Workspace, write_json
from tests.browser.actions import curve_points
from tests.browser.app import BROWSER, FLAGS, App
from tests.polling import poll

SECONDS_BETWEEN_LOOKS = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = _measure(Path(folder) / "home")
    words = "\n".join(
        [
            f"The textures sample, all stages frozen. {describe_machine().line()}",
            "",
            "| from Start to | first run, seconds | again, seconds |",
            "|---|---|---|",
            *(f"| {what} | {first:.1f} | {again:.1f} |" for what, first, again in zip(WHAT, *seconds)),
            "",
        ]
    )
    print(words)
    if options.write:
        write(words, "Start", "live.py")


WHAT = ("the first point on the chart", "the finished run")


def _measure(home: Path) -> list[tuple[float, float]]:
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
            browser.close()
    finally:
        app.stop()
    return [first, again]


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
