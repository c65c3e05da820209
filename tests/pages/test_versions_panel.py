"""The versions of a dataset, listed."""

import json

from streamlit.testing.v1 import AppTest

from core.data.changes import leave_out
from tests.pages.conftest import press, texts
from tests.pages.made_runs import made_run


def panel():
    from core.data.dataset import load_dataset
    from ui.datasets.versions_panel import versions_panel
    from ui.shared import state

    chosen = state.choices()
    versions_panel(load_dataset(state.workspace(), chosen.dataset, chosen.dataset_version))


def open_panel():
    app = AppTest.from_function(panel, default_timeout=60).run()
    assert not app.exception
    return app


def test_a_single_version_is_no_history(dataset):
    assert not texts(open_panel())


def test_versions_say_what_made_them_and_who_used_them(dataset, workspace):
    leave_out(workspace, dataset, ["red/1.jpg", "red/2.jpg"])
    made_run(workspace, dataset.id)
    app = open_panel()
    said = texts(app)
    assert "2 images left out" in said and "14 images · no run yet" in said
    assert "16 images · used by \\*\\*My\\*\\* " in said
    press(app, "Use this version")
    assert json.loads((workspace.root / "choices.json").read_text())["dataset_version"] == 2


def test_a_long_history_is_shown_in_part(dataset, workspace):
    for number in range(1, 8):
        leave_out(workspace, dataset, [f"red/{number}.jpg"])
    for number in range(1, 5):
        leave_out(workspace, dataset, [f"blue/{number}.jpg"])
    app = open_panel()
    assert texts(app).count("left out") == 10
    app.toggle[0].set_value(True).run()
    assert texts(app).count("left out") == 11
