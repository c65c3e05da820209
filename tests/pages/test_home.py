"""Home: a newcomer's first screen."""

import json

import pytest

from core.data.dataset import list_datasets
from core.runs import Run
from core.workspace import write_json
from tests.pages.conftest import press, texts
from tests.pages.made_runs import finished, made_run


def test_a_newcomer_sees_four_steps_and_is_sent_to_the_data(open_page):
    app = open_page("home")
    for step in ("Backbone", "Data", "Fine-tune", "Predict"):
        assert step in texts(app)
    assert "Nothing chosen yet" in texts(app) and "No run yet" in texts(app)
    assert press(app, "Add data").exception == []
    assert not any(button.label == "Try it with images" for button in app.button)


def test_the_sample_leads_to_a_run_that_can_be_started(open_page, workspace):
    app = press(open_page("home"), "Try it with images")
    assert not app.exception
    assert app.title[0].value == "Fine-tune"
    assert [each.name for each in list_datasets(workspace)] == ["Textures"]
    assert any(button.label == "Start" for button in app.button)


def test_taking_the_sample_twice_keeps_one_dataset(open_page, workspace):
    for _ in range(2):
        press(open_page("home"), "Try it with images")
    assert len(list_datasets(workspace)) == 1


@pytest.mark.parametrize("name", ["home", "fine_tune", "predict"])
def test_the_sidebar_says_what_is_chosen_with_nothing_interpreted(open_page, dataset, workspace, name):
    made_run(workspace, dataset.id, finished())
    links = [link.proto.label for link in open_page(name).sidebar.get("page_link")]
    assert "Backbone: efficientnet\\_lite0" in links
    assert any("\\*\\*My\\*\\*" in label for label in links)
    assert "Run: none yet" in links


def test_the_last_run_and_the_ready_model_are_shown(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id, finished())
    (run.directory / "bundle").mkdir()
    (run.directory / "bundle" / "bundle.json").write_text("{}")
    assert "Last run finished, validation accuracy 91.4% on 4 images, which chose the epoch" in texts(
        app := open_page("home")
    )
    assert "1 model ready" in texts(app)


def test_the_sample_shows_its_own_settings_while_other_runs_are_at_work(open_page, dataset, workspace, monkeypatch):
    run = made_run(workspace, dataset.id)
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "run": run.id})
    monkeypatch.setattr(Run, "_worker_lives", lambda self: True)
    app = open_page("home").button(key="sample_image").click().run(timeout=60)
    app.switch_page("pages/fine_tune.py").run()
    chosen = json.loads((workspace.root / "choices.json").read_text())
    assert chosen["run"] is None and chosen["dataset"] != dataset.id
    assert "Start" in [button.label for button in app.button] and not app.subheader
    assert "Settings of the next run" not in [one.label for one in app.expander]
    assert " is training." in texts(app) and "Show it" in [button.label for button in app.button]
    press(app, "Show it")
    assert "all stages frozen" in app.subheader[0].value
    assert json.loads((workspace.root / "choices.json").read_text())["dataset"] == dataset.id
