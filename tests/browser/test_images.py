"""The images for the README that no other test comes by. Only with GRAFT_SCREENSHOTS (`make screenshots`)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from core import runs
from core.backbones.catalogue import BUNDLED
from core.importing.importing import import_path, import_sample
from core.importing.samples.samples import sample_folder
from core.training.recipe import Recipe
from core.workspace import write_json
from tests.browser.actions import curve_points, settled
from tests.polling import poll

pytestmark = pytest.mark.skipif(not os.environ.get("GRAFT_SCREENSHOTS"), reason="only for images")


def test_a_run_that_has_something_to_learn(visit, workspace, image_of):
    dataset = import_sample(workspace, "digits")
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone=BUNDLED, epochs=60, learning_rate=0.001)
    run = runs.start(workspace, recipe, "Handwritten digits")
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": run.id})
    page = visit.page(path="fine_tune")
    poll(lambda: curve_points(page) > 25, run.log_tail, deadline=300)
    image_of(page, "fine-tune")
    page.get_by_role("button", name="Predict with this run").wait_for()


def test_a_dataset_with_things_to_mend(visit, workspace, image_of, tmp_path):
    """Tiles of two textures as someone in a hurry might have gathered them."""
    with sample_folder("textures") as folder:
        for label, many in {"brick": 40, "grass": 12}.items():
            (tmp_path / "Walls" / label).mkdir(parents=True)
            for tile in sorted((folder / label).iterdir())[:many]:
                shutil.copy(tile, tmp_path / "Walls" / label)
    _spoil(tmp_path / "Walls")
    made = import_path(workspace, tmp_path / "Walls")
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    page = visit.page(path="data")
    page.get_by_role("button", name="Browse brick").wait_for()
    settled(page, "Data")
    image_of(page, "data", height=1400)


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
