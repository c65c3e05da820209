"""The picture for the README that no other test comes by. Only with GRAFT_SCREENSHOTS (`make screenshots`)."""

from __future__ import annotations

import os

import pytest

from core import runs
from core.backbones.catalogue import BUNDLED
from core.data.importing import import_sample
from core.training.recipe import Recipe
from core.workspace import write_json
from tests.browser.actions import curve_points
from tests.polling import poll

pytestmark = pytest.mark.skipif(not os.environ.get("GRAFT_SCREENSHOTS"), reason="only for pictures")


def test_a_run_that_has_something_to_learn(visit, workspace, picture_of):
    dataset = import_sample(workspace, "digits")
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone=BUNDLED, epochs=60, learning_rate=0.001)
    run = runs.start(workspace, recipe, "Handwritten digits")
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": run.id})
    page = visit.page(path="fine_tune")
    poll(lambda: curve_points(page) > 25, run.log_tail, deadline=300)
    picture_of(page, "fine-tune")
    page.get_by_role("button", name="Predict with this run").wait_for()
