"""The map and the doubts, as a person comes to them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core import jobs
from core.data.dataset import load_dataset
from core.importing.importing import import_path
from core.survey import survey
from core.workspace import write_json
from tests.pages.conftest import press, texts
from tests.polling import poll
from ui.datasets.browser.ticks import Ticks


@pytest.fixture
def dataset(workspace, make_zip):
    """Of a class with fewer images, a single one says too little of the others to be doubted for it."""
    made = import_path(workspace, make_zip({"red": 16, "blue": 16}))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": made.version})
    return made


@pytest.fixture
def looked_over(workspace, dataset):
    """A survey that doubts the first blue image."""
    features = np.where(dataset.frame["label"] == "red", 1.0, -1.0)[:, None] * np.ones(8)
    first = dataset.frame.index[dataset.frame["label"] == "blue"][0]
    features[first] = 1
    features += np.random.default_rng(0).normal(0, 0.1, features.shape)
    survey(workspace, dataset, "efficientnet_lite0", lambda: features.astype(np.float32))
    return dataset.frame["name"][first]


def opened(open_page):
    app = open_page("data")
    look = next(one for one in app.segmented_control if "Map, label issues, outliers" in one.options)
    return look.set_value("Map, label issues, outliers").run()


def data_of(app, part):
    """What the page gives to a component of Graft's own."""
    return next(json.loads(one.proto.json) for one in app.get("bidi_component") if part in one.proto.json)


def test_the_backbone_looks_when_asked_and_the_map_is_drawn(open_page, dataset, workspace):
    app = opened(open_page)
    assert "like no other" in texts(app)
    app = press(app, "Look with efficientnet\\_lite0")
    job = jobs.current(workspace, "survey")
    poll(lambda: not job.view().running, lambda: (Path(job.directory) / "job.log").read_text(), deadline=90)
    assert job.view().status == "done", job.view()
    app = app.run()
    assert not app.exception and data_of(app, "mosaic")["all"] == 32


def test_a_doubted_label_is_mended_as_suggested(open_page, dataset, looked_over, workspace):
    app = opened(open_page)
    drawn = data_of(app, "mosaic")
    assert drawn["marked"].count(2) == 1 and len(drawn["x"]) == 32
    app.session_state["ticks"] = Ticks(dataset.id, dataset.version, {looked_over})
    app = press(app.run(), "Relabel 1 image as suggested")
    made = load_dataset(workspace, dataset.id)
    assert made.version == 2 and made.frame.set_index("name")["label"][looked_over] == "red"
    assert not app.exception
    job = jobs.current(workspace, "survey")  # the new version is looked over without being asked
    assert job.said["arguments"]["version"] == 2
    job.stop()
    app.run()
    assert jobs.current(workspace, "survey") == job, "once, and not again when it was stopped"


def test_what_is_right_is_not_doubted_again(open_page, dataset, looked_over):
    app = opened(open_page)
    app.session_state["ticks"] = Ticks(dataset.id, dataset.version, {looked_over})
    app = press(app.run(), "They are right")
    assert data_of(app.run(), "mosaic")["marked"].count(2) == 0
