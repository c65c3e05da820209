"""Whatever is clicked for a thing that was deleted in another tab: a sentence, and a page without it."""

import shutil

import pytest

from core.data.dataset import delete_dataset, list_datasets
from core.inference import predictor
from core.training.process.events import Paused
from core.workspace import write_json
from tests.pages.conftest import press, texts
from tests.pages.made_runs import finished, made_run
from tests.pages.test_predict import FakePredictor


def labels(app):
    return {button.label for button in app.button}


def show(open_page, workspace, dataset, *ending):
    """Fine-tune with a run on it; and the run."""
    run = made_run(workspace, dataset.id, *ending)
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": run.id})
    return open_page("fine_tune"), run


@pytest.mark.parametrize("label", ["Go on", "Stop and keep", "Set it", "Train longer"])
def test_nothing_can_be_asked_of_a_run_that_is_gone(open_page, workspace, dataset, label):
    app, run = show(open_page, workspace, dataset, Paused(3.0, 5))
    run.discard()
    press(app, label)
    assert not app.exception and "is not there any more" in texts(app)
    assert "Discard" not in labels(app) and "Start" in labels(app)


def test_a_run_discarded_twice_is_discarded_once(open_page, workspace, dataset):
    app, run = show(open_page, workspace, dataset, finished())
    press(app, "Discard")
    run.discard()
    press(app, "Discard the run")
    assert not app.exception and "is not there any more" in texts(app) and "Discard" not in labels(app)


def test_a_run_that_is_gone_gets_no_name(open_page, workspace, dataset):
    app, run = show(open_page, workspace, dataset, finished())
    run.discard()
    app.text_input(key=f"name_{run.id}").set_value("Mine").run()
    assert not app.exception and "is not there any more" in texts(app) and not run.directory.exists()


@pytest.mark.parametrize("label", ["Start", "Compare freezing", "Estimate time and memory", "Find a learning rate"])
def test_nothing_is_trained_on_a_dataset_that_is_gone(open_page, workspace, dataset, label):
    app = open_page("fine_tune")
    app.selectbox(key="set_optimizer").set_value("adamw").run()  # a head that is solved for has no learning rate
    delete_dataset(workspace, dataset.id)
    press(app, label)
    assert not app.exception and "No dataset yet" in texts(app) and "Start" not in labels(app)


@pytest.mark.parametrize("label", ["Split anew", "Delete dataset"])
def test_a_dataset_that_is_gone_is_neither_changed_nor_deleted_again(open_page, workspace, dataset, label):
    app = open_page("data")
    app.segmented_control(key="look").set_value("Balance and split").run()
    delete_dataset(workspace, dataset.id)
    press(app, label)
    assert not app.exception and "No dataset yet" in texts(app) and list_datasets(workspace) == []


def test_a_dataset_deleted_while_the_question_was_open(open_page, workspace, dataset):
    app = press(open_page("data"), "Delete dataset")
    delete_dataset(workspace, dataset.id)
    press(app, "Delete the dataset")
    assert not app.exception and "No dataset yet" in texts(app)


def test_a_dataset_whose_folder_was_removed_by_hand(open_page, workspace, dataset):
    app = open_page("data")
    shutil.rmtree(dataset.directory)
    app.run()
    assert not app.exception and "No dataset yet" in texts(app)


@pytest.mark.parametrize("gone", ["run", "bundle"])
def test_a_model_that_is_gone_is_not_asked(open_page, workspace, dataset, gone, monkeypatch):
    monkeypatch.setattr(predictor, "Predictor", FakePredictor)
    runs = [made_run(workspace, dataset.id, finished(), name=f"2026010{day}-120000-r") for day in (1, 2)]
    for run in runs:
        (run.directory / "bundle").mkdir()
        (run.directory / "bundle" / "bundle.json").write_text("{}")
    app = open_page("predict")
    assert app.selectbox[0].value == runs[1].id
    runs[1].discard() if gone == "run" else shutil.rmtree(runs[1].directory / "bundle")
    app.run()
    said = {"run": "is not there any more", "bundle": "is not there any more. Choose another run"}
    assert not app.exception and said[gone] in texts(app) and runs[1].id not in app.selectbox[0].options
    assert app.selectbox[0].value == (runs[0].id if gone == "run" else None)
