"""The map and the doubts, as a person comes to them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core import jobs
from core.data.dataset import load_dataset
from core.data.tags import tag, tags_of
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


def draw_around(app, dataset, line):
    """As the browser says it: the corners in thousandths of the map."""
    app.session_state["lasso"] = (dataset.id, dataset.version, line)
    app.session_state[f"doubts_{dataset.id}_{dataset.version}"] = "Inside the line"
    return app.run()


def test_what_a_line_goes_around_is_shown_and_ticked(open_page, dataset, looked_over):
    app = opened(open_page)
    assert "Inside the line (0)" in app.segmented_control(key=f"doubts_{dataset.id}_{dataset.version}").options
    app = draw_around(app, dataset, [[-50, -50], [1050, -50], [1050, 1050], [-50, 1050]])
    assert not app.exception and "32 images: 16 blue, 16 red" in texts(app)
    app = press(app, "Tick them all")
    assert "32 ticked" in texts(app) and data_of(app, "mosaic")["lasso"]
    app = press(app, "Forget the line")
    assert data_of(app, "mosaic")["lasso"] is None and not app.exception


def test_a_line_says_nothing_of_another_version(open_page, dataset, looked_over):
    app = opened(open_page)
    app.session_state["lasso"] = (dataset.id, dataset.version + 1, [[0, 0], [1000, 0], [1000, 1000]])
    assert data_of(app.run(), "mosaic")["lasso"] is None


def test_what_is_ticked_is_tagged_and_found_by_its_tag(open_page, dataset, looked_over):
    other = tag(dataset, [dataset.frame["name"].iloc[-1]], "<b>odd</b>")
    app = opened(open_page)
    app.session_state["ticks"] = Ticks(dataset.id, dataset.version, {looked_over})
    app.run()
    app.selectbox(key=f"tag_{dataset.id}").set_value(other).run()
    app = press(app, "Tag 1 image")
    assert not app.exception and looked_over in tags_of(dataset)[other] and len(tags_of(dataset)[other]) == 2
    app.segmented_control(key="look").set_value("Examples").run()
    app.selectbox(key=f"browse_{dataset.id}_Tag").set_value(other).run()
    assert "1–2 of 2 images" in texts(app) and not app.exception


def test_what_is_ticked_becomes_a_dataset_of_its_own(open_page, dataset, looked_over, workspace):
    app = opened(open_page)
    names = dataset.frame.groupby("label").head(5)["name"]
    app.session_state["ticks"] = Ticks(dataset.id, dataset.version, set(names))
    app.run()
    app.text_input(key=f"own_{dataset.id}").set_value("Ten of them").run()
    app = press(app, "Make one of 10 images")
    job = jobs.current(workspace, "import")
    poll(lambda: not job.view().running, lambda: (Path(job.directory) / "job.log").read_text(), deadline=90)
    made = load_dataset(workspace, job.view().imported.dataset)
    assert (made.name, len(made.frame)) == ("Ten of them", 10)
