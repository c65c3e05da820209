"""What only a real browser and real processes can show: narrow screens, restarts, killed workers."""

from __future__ import annotations

import os
import signal

import pytest

from core import runs
from core.importing.importing import import_path
from core.processes import signed
from core.training.recipe import Recipe
from core.workspace import write_json
from tests.browser.actions import curve_points, open_page, settled
from tests.browser.conftest import NARROW
from tests.polling import poll

PAGES = {
    "Teach a network your own classes": "",
    "Backbone": "backbone",
    "Data": "data",
    "Fine-tune": "fine_tune",
    "Predict": "predict",
}


@pytest.fixture
def long_run(workspace, make_zip):
    """A run at work, chosen, that no machine ends while a test looks on: a free stage keeps it busy."""
    dataset = import_path(workspace, make_zip({"red": 12, "blue": 12}), name="Colours")
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0", freeze=7, epochs=10_000)
    run = runs.start(workspace, recipe)
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": run.id})
    return run


def test_every_page_fits_a_narrow_screen(visit, image_of, long_run):
    poll(lambda: (long_run.directory / "checkpoints" / "last.pt").exists(), long_run.log_tail)
    for name, path in PAGES.items():
        page = visit.page(NARROW, path=path)
        settled(page, name)
        overflow = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{name} scrolls sideways by {overflow} pixels"
        image_of(page, f"narrow-{path or 'home'}")
        page.context.close()


def test_the_dark_theme_reaches_everything(visit, image_of, long_run):
    poll(lambda: len(long_run.view().curve) > 10, long_run.log_tail)
    page = visit.page(dark=True)
    open_page(page, "Fine-tune")
    poll(lambda: curve_points(page) > 5)
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    red, green, blue = (int(part) for part in background.strip("rgba() ").split(",")[:3])
    assert max(red, green, blue) < 64
    image_of(page, "dark-fine-tune")


def test_a_run_outlives_streamlit_and_its_worker_is_missed_when_it_dies(visit, app, long_run, workspace):
    page = visit.page(path="fine_tune")
    poll(lambda: curve_points(page) > 3, app.log)
    app.stop()
    before = len(long_run.view().curve)
    poll(lambda: len(long_run.view().curve) > before)  # nobody looks, and it goes on
    app.start()
    page = visit.page(path="fine_tune")
    poll(lambda: curve_points(page) > 3, app.log)

    poll(lambda: (long_run.directory / "checkpoints" / "last.pt").exists(), long_run.log_tail)
    os.kill(signed(long_run.directory / "worker.pid")[0], signal.SIGKILL)
    page.get_by_text("Interrupted", exact=True).first.wait_for()
    epochs = len(long_run.view().curve)
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Stop and keep").wait_for()
    poll(lambda: len(long_run.view().curve) > epochs, long_run.log_tail)
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Discard the run").click()
    poll(lambda: not long_run.directory.exists())
    page.get_by_text("How many stages to freeze").first.wait_for()
