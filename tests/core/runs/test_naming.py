"""What runs are called: never two the same."""

import pytest

from core import runs
from core.data.dataset import delete_dataset
from core.errors import RunError
from core.importing.importing import import_path
from core.training.recipe import Recipe
from tests.pages.made_runs import finished, made_run


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 4, "blue": 4}), name="Pets")


def made(workspace, dataset, number, **settings):
    settings = {"backbone": "efficientnet_lite0", **settings}
    recipe = Recipe(dataset=dataset.id, dataset_version=1, **settings)
    return made_run(workspace, dataset.id, finished(), name=f"20260101-12000{number}-r", recipe=recipe)


def test_it_is_called_by_its_dataset_its_freezing_and_its_time(workspace, dataset):
    assert made(workspace, dataset, 1).title == "Pets, all stages frozen, 1 Jan, 12:00"


def test_a_name_takes_the_place_of_all_that_and_can_be_taken_back(workspace, dataset):
    run = made(workspace, dataset, 1)
    runs.rename(run, "  Second \n try ")
    assert run.title == "Second try" and (run.directory / "name.txt").read_text() == "Second try\n"
    runs.rename(run, "")
    assert run.title.startswith("Pets, ")


def test_no_two_are_called_the_same(workspace, dataset):
    same = [made(workspace, dataset, number) for number in range(3)]
    other = made(workspace, dataset, 3, backbone="resnet18")
    for number in (4, 5):
        runs.rename(made(workspace, dataset, number), "Mine")
    names = runs.titles(runs.list_runs(workspace))
    assert len(set(names.values())) == 6 and names[same[0].id] == "Pets, all stages frozen, 1 Jan, 12:00"
    assert names[other.id].endswith(", resnet18") and sorted(names.values())[:2] == ["Mine", "Mine (2)"]


def test_a_new_run_changes_no_name_of_an_older_one(workspace, dataset):
    made(workspace, dataset, 1)
    before = runs.titles(runs.list_runs(workspace))
    made(workspace, dataset, 2)
    assert before.items() <= runs.titles(runs.list_runs(workspace)).items()


def test_a_name_too_long_or_of_a_run_that_is_gone_is_refused(workspace, dataset):
    run = made(workspace, dataset, 1)
    with pytest.raises(RunError, match="at most 60 characters; this one has 61"):
        runs.rename(run, "x" * 61)
    run.discard()
    with pytest.raises(RunError, match="is not there any more"):
        runs.rename(run, "x")


def test_a_run_remembers_the_name_of_a_deleted_dataset(workspace, dataset):
    run = made(workspace, dataset, 1)
    delete_dataset(workspace, dataset.id)
    assert run.title.startswith("Pets, ")


def test_a_run_is_found_by_its_id_its_name_or_latest(workspace, dataset):
    one, two = made(workspace, dataset, 1), made(workspace, dataset, 2)
    runs.rename(one, "Mine")
    assert runs.find_run(workspace, "Mine") == runs.find_run(workspace, one.id) == one
    assert runs.find_run(workspace, "latest") == two
    runs.rename(two, "Mine")
    with pytest.raises(RunError, match="2 runs are called 'Mine'"):
        runs.find_run(workspace, "Mine")
    with pytest.raises(RunError, match="There is no run"):
        runs.find_run(workspace, "nobody, at all")
