"""A dataset whose images have several labels each, on every page that shows one."""

from __future__ import annotations

import pytest
import streamlit as st

from core.data.dataset import load_dataset
from core.importing.importing import import_path
from core.inference.prediction import Answer
from core.tasks.multilabel import MULTILABEL
from core.tasks.predictions import Guess, LabelSet
from core.tasks.scores import Scores
from core.training.process.events import Ended, EpochEnded
from core.training.recipe import Recipe
from core.workspace import write_json
from tests.conftest import image
from tests.pages.conftest import press, texts
from tests.pages.made_runs import made_run
from tests.pages.test_browser_panel import drawn, field, tick
from tests.pages.test_predict import FakePredictor, _give

BOLD = "<b>cat</b>"


@pytest.fixture
def dataset(workspace, make_zip):
    said = [BOLD, "dog", f"{BOLD};dog", ""] * 4
    table = "file,labels\n" + "\n".join(f"{n}.jpg,{labels}" for n, labels in enumerate(said))
    files = {f"{n}.jpg": image("red", n) for n in range(len(said))}
    made = import_path(workspace, make_zip(files={**files, "t.csv": table.encode()}), name="Animals")
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    return made


@pytest.fixture
def run(workspace, dataset):
    scores = Scores(0.3, {"macro_f1": 0.8, "accuracy": 0.95, "exact_match": 0.625})
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0", loss="binary_cross_entropy")
    epochs = [EpochEnded(number, scores, scores, 0.001, 0.5, True) for number in (1, 2, 3)]
    made = made_run(
        workspace, dataset.id, *epochs, Ended("finished", "", 1.0, 3, 3, scores, scores), recipe=recipe, epochs=0
    )
    (made.directory / "bundle").mkdir()
    (made.directory / "bundle" / "bundle.json").write_text("{}")
    return made


def metrics(app):
    return {one.label: one.value for one in app.metric}


def test_data_counts_filters_and_changes_labels(open_page, workspace, dataset):
    app = open_page("data")
    assert metrics(app)["Labels"] == "2" and metrics(app)["No label"] == "4" and "Classes" not in metrics(app)
    assert [(row["label"], row["count"]) for row in drawn(app, "rows")] == [(BOLD, "8 images"), ("dog", "8 images")]
    field(app, "selectbox", "Label").set_value("").run()
    assert [one["word"] for one in drawn(app, "cells")] == ["no label"] * 4 and "1–4 of 4 images" in texts(app)
    field(app, "selectbox", "Label").set_value("\0every").run()
    assert {one["word"] for one in drawn(app, "cells")} == {BOLD, "dog", f"{BOLD}, dog", "no label"}
    tick(app, dataset, "3.jpg", "1.jpg")
    app.selectbox(key=f"relabel_{dataset.id}_1").set_value(BOLD).run()
    press(app, "Give it to 2 images")
    assert not app.exception
    said = load_dataset(workspace, dataset.id, 2).frame.set_index("name")["label"]
    assert (said["3.jpg"], said["1.jpg"]) == (BOLD, f"{BOLD}\ndog")
    field(app, "segmented_control", "Look").set_value("Balance and split").run()
    assert "so these add up to 18, for 16 images, of which 3 have none" in texts(app)


def test_fine_tune_has_the_settings_that_fit_and_the_scores_in_words(open_page, run):
    app = open_page("fine_tune")
    app.session_state["choices"] = app.session_state["choices"].model_copy(update={"run": run.id})
    app.run()
    assert not app.exception
    shown = metrics(app)
    assert (shown["Validation macro F1"], shown["All labels right"], shown["Right answers"]) == (
        "80.0%",
        "62.5%",
        "95.0%",
    )
    losses, balances = app.segmented_control(key="set_loss"), app.segmented_control(key="set_balance")
    assert losses.options == ["Binary cross-entropy", "Focal"] and balances.options == ["None", "Class weights"]


def test_predict_marks_each_label_that_is_likelier_than_not(open_page, run, monkeypatch):
    class Several(FakePredictor):
        choices, task = (BOLD, "dog"), MULTILABEL

        def predict(self, images, top):
            for number, (name, _) in enumerate(images):
                guesses = (Guess("dog", 0.9 - 0.6 * number), Guess(BOLD, 0.2))
                yield Answer(name, LabelSet(guesses))

    monkeypatch.setattr("core.inference.predictor.Predictor", Several)
    st.cache_resource.clear()
    app = _give(open_page("predict"), ("a.jpg", image("red", 1)), ("b.jpg", image("red", 2)))
    assert "None of the labels" in texts(app) and "\ndog\n" in texts(app) and "Unsure" not in texts(app)
    table = app.dataframe[0].value
    assert list(table) == ["Image", "Labels", f"{BOLD} probability", "dog probability", "Milliseconds"]
    assert table["Labels"].tolist() == ["dog", ""]
