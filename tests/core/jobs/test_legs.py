"""The progress of jobs is one, over all that they go through."""

import pytest

from core import jobs
from core.importing.importing import import_path
from core.jobs.kinds import KINDS
from core.jobs.legs import course_of, leg_of
from core.progress import Progress
from core.training.recipe import Recipe
from tests.polling import poll


@pytest.fixture
def recipe(workspace, make_zip):
    made = import_path(workspace, make_zip({"red": 8, "blue": 8}), name="x")
    return Recipe(dataset=made.id, dataset_version=1, backbone="efficientnet_lite0", epochs=3)


@pytest.mark.parametrize("kind", ["import path", "learning rate", "estimate", "crossval", "survey"])
def test_each_phase_that_a_job_tells_is_one_of_its_legs(kind, workspace, make_zip, recipe):
    arguments = {
        "import path": {"path": str(make_zip({"red": 3, "green": 3}, name="other.zip"))},
        "crossval": {"recipe": recipe.model_dump_json(), "folds": 2},
        "survey": {"dataset": recipe.dataset, "version": 1, "backbone": recipe.backbone},
    }.get(kind, {"recipe": recipe.model_dump_json()})
    told = []
    KINDS[kind](workspace, told.append, **arguments)
    course = course_of(workspace, kind, arguments)
    names = [leg.name for leg in course.legs]
    assert told and {leg_of(course, each.phase) for each in told} <= {*names, "Loading the backbone"}


def test_a_cross_validation_counts_all_its_folds(workspace, recipe):
    told: list[Progress] = []
    arguments = {"recipe": recipe.model_dump_json(), "folds": 2}
    KINDS["crossval"](workspace, told.append, **arguments)
    course, shares = course_of(workspace, "crossval", arguments), []
    for second, each in enumerate(told):
        share = each.share if each.share is not None else each.done / each.total if each.total else None
        course = course.heard(second / 10, leg_of(course, each.phase), share)
        shares.append(course.share)
    assert shares == sorted(shares) and shares[-1] > 0.5


def test_a_job_moves_from_the_click_on(workspace, recipe):
    job = jobs.start(workspace, "crossval", "x", recipe=recipe.model_dump_json(), folds=2)
    looks = []

    def ended():
        looks.append(job.view())
        return not looks[-1].running

    poll(ended, lambda: (job.directory / "job.log").read_text(), deadline=120)
    running = [look for look in looks if look.running]
    starting = [look.share for look in running if look.phase == "Starting"]
    assert looks[-1].status == "done", looks[-1].message
    assert len(set(starting)) > 1, "it stands still while nothing is told"
    shares = [look.share for look in running]
    assert shares == pytest.approx(sorted(shares), abs=0.02) and all(look.seconds_left for look in running)
