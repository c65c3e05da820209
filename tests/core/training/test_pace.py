"""What a run will take, by those before it."""

import pytest

from core.runs.expectations import expect
from core.training.pace import Expected, Pace
from core.training.recipe import Recipe
from core.training.trials.probe_results import Estimate

PACE = Pace(2.0, 0.01, 0.1, 0.001, 0.5, step=1.0, fitting=0.0, stages=10, measured=True)
RECIPE = Recipe(dataset="x", dataset_version=1, backbone="efficientnet_lite0", epochs=4, augmentation="none")


def test_all_frozen_the_network_runs_once():
    found = PACE.expected(RECIPE, 80, 20, 10)
    assert found.seconds["features"] == pytest.approx(10.0) and found.images == {"reading": 100, "features": 100}
    assert found.seconds["training"] == pytest.approx(4 * 100 * 0.001)
    assert found.seconds["finishing"] == pytest.approx(0.5 + 10 * 0.11)


def test_free_stages_cost_their_share_in_every_epoch():
    found = PACE.expected(RECIPE.model_copy(update={"freeze": 5}), 80, 20)
    assert found.seconds["training"] == pytest.approx(4 * 100 * (0.001 + 0.5))
    assert found.seconds["features"] == pytest.approx((100 * 0.5 + 100 * 0.5) * 0.1)


def test_what_a_run_took_is_what_the_next_one_is_expected_to_take(workspace):
    spent = {"loading": (3.0, 1), "reading": (2.0, 100), "features": (20.0, 100), "training": (4.0, 1000)}
    found = Pace.of(workspace, "efficientnet_lite0").after(spent, frozen=9, stages=9, train=80)
    found.keep(workspace, "efficientnet_lite0")
    kept = Pace.of(workspace, "efficientnet_lite0")
    assert (kept.loading, kept.reading, kept.forward, kept.head, kept.stages) == (3.0, 0.02, 0.2, 0.004, 9)
    assert kept.measured and not Pace.of(workspace, "another").measured


def test_an_estimate_for_this_very_recipe_is_believed():
    found = PACE.expected(RECIPE, 80, 20).by(Estimate(10.0, 6.0, 1.0, None, "CPU"), 4)
    assert found.seconds["training"] == 4.0
    assert found.total == pytest.approx(6.0 + 4.0 + 0.5)


def test_what_cannot_be_read_is_expected_of_nothing(tmp_path):
    assert Expected.read(tmp_path / "none.json") == Expected() and Expected().course.left is None


def test_a_dataset_says_how_many_images_there_are(workspace, make_zip):
    from core.importing.importing import import_path

    made = import_path(workspace, make_zip({"red": 10, "blue": 10}), name="x")
    recipe = RECIPE.model_copy(update={"dataset": made.id})
    assert expect(workspace, recipe).images["reading"] == 20
