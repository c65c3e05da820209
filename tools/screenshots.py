"""The images of the README that no test comes by: python -m tools.screenshots, which `make screenshots` calls."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, ImageEnhance
from playwright.sync_api import ViewportSize, sync_playwright

from core import runs
from core.backbones.catalogue import BUNDLED
from core.importing.importing import import_path, import_sample
from core.importing.samples.samples import sample_folder
from core.training.recipe import Recipe
from core.workspace import Workspace, write_json
from tests.browser.actions import curve_points, keep_image, settled
from tests.browser.app import BROWSER, FLAGS, App
from tests.polling import poll

SIZE = ViewportSize(width=1280, height=900)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, app_and_page(Path(folder) / "home") as (app, page):
        run_at_work(Workspace.open(app.home), app, page)
        dataset_to_mend(Workspace.open(app.home), app, page, Path(folder) / "Walls")


@contextmanager
def app_and_page(home: Path) -> Iterator[tuple[App, Any]]:
    app = App.at(home)
    app.start()
    try:
        with sync_playwright() as playwright:
            page = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS).new_page(viewport=SIZE)
            page.set_default_timeout(60_000)
            yield app, page
    finally:
        app.stop()


def run_at_work(workspace: Workspace, app: App, page: Any) -> None:
    """One that has something to learn, to its end."""
    dataset = import_sample(workspace, "digits")
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone=BUNDLED, epochs=60, learning_rate=0.001)
    run = runs.start(workspace, recipe, "Handwritten digits")
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": run.id})
    page.goto(f"{app.address}/fine_tune")
    poll(lambda: curve_points(page) > 25, run.log_tail, deadline=300)
    keep_image(page, "fine-tune")
    page.get_by_role("button", name="Predict with this run").wait_for()


def dataset_to_mend(workspace: Workspace, app: App, page: Any, folder: Path) -> None:
    """Tiles of two textures as someone in a hurry might have gathered them."""
    with sample_folder("textures") as sample:
        for label, many in {"brick": 40, "grass": 12}.items():
            (folder / label).mkdir(parents=True)
            for tile in sorted((sample / label).iterdir())[:many]:
                shutil.copy(tile, folder / label)
    _spoil(folder)
    made = import_path(workspace, folder)
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    page.goto(f"{app.address}/data")
    page.get_by_role("button", name="Browse brick").wait_for()
    settled(page, "Data")
    keep_image(page, "data", height=1400)


def _spoil(folder: Path) -> None:
    bricks = sorted((folder / "brick").iterdir())
    for number, tile in enumerate(bricks[:3]):
        with Image.open(tile) as image:
            ImageEnhance.Brightness(image.convert("RGB")).enhance(1.05).save(folder / "brick" / f"again {number}.jpg")
    shutil.copy(bricks[4], folder / "grass" / "lawn.png")
    shutil.copy(bricks[5], folder / "brick" / "copy.png")
    Image.new("RGB", (64, 64), "black").save(folder / "grass" / "lens cap.png")
    (folder / "grass" / "broken.jpg").write_bytes(bricks[6].read_bytes()[:300])
    (folder / "brick" / "notes.txt").write_text("behind the house", encoding="utf-8")


if __name__ == "__main__":
    main()
