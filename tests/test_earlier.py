"""What earlier versions left on disk opens in this one. tests/earlier/make.py made the files; see there."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from core import runs
from core.data.dataset import list_datasets, load_dataset
from core.inference.predictor import Predictor
from core.runs import Status
from core.training.recipe_file import check, open_file
from core.workspace import Workspace
from tests.conftest import image
from tests.polling import poll

FILES = sorted((Path(__file__).parent / "earlier").glob("*.tar.xz"))
KINDS = ("classes", "labels", "number")


@pytest.fixture(params=FILES, ids=lambda path: path.name.split(".")[0])
def earlier(request, home) -> Workspace:
    workspace = Workspace.open(home)
    with tarfile.open(request.param) as packed:
        packed.extractall(home, filter="data")
    return workspace


def test_datasets_open(earlier):
    found = {load_dataset(earlier, each.id).kind: load_dataset(earlier, each.id) for each in list_datasets(earlier)}
    assert sorted(found) == sorted(KINDS)
    for dataset in found.values():
        assert len(dataset.frame) == 19 and all(dataset.path(image).exists() for image in dataset.frame["image"])
        assert len(dataset.part("train")) and len(dataset.part("validation"))


def test_runs_are_what_they_were(earlier):
    said = {run.id[16:]: (run.status, run.view().epoch, run.bundle is not None) for run in runs.list_runs(earlier)}
    assert said == {
        "classes-finished": (Status.FINISHED, 4, True),
        "labels-finished": (Status.FINISHED, 4, True),
        "number-finished": (Status.FINISHED, 4, True),
        "classes-stopped": (Status.STOPPED, 2, True),
        "classes-interrupted": (Status.INTERRUPTED, 2, False),
    }


def test_bundles_answer(earlier):
    for run in runs.list_runs(earlier):
        if run.bundle:
            (answer,) = Predictor.open(run.bundle).predict([("red.jpg", image("red"))])
            assert answer.error is None and answer.prediction is not None


def test_recipes_mean_the_same_settings(earlier):
    for run in runs.list_runs(earlier):
        assert run.recipe.epochs == 4 and run.recipe.optimizer in ("adamw", "auto") and run.recipe.batch_size == 8
    for kind in KINDS:
        said = open_file(earlier.root / "recipes" / f"{kind}.json")
        assert check(said, kind).epochs == 4


def test_an_interrupted_run_goes_on(earlier):
    run = next(run for run in runs.list_runs(earlier) if run.status is Status.INTERRUPTED)
    run.resume()
    poll(lambda: not run.status.active, lambda: f"{run.status}: {run.log_tail()}", deadline=120)
    assert run.status is Status.FINISHED and run.view().epoch == 4 and run.bundle
