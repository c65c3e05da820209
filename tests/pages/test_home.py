"""Home: a newcomer's first screen."""

import pytest

from core.data.dataset import list_datasets
from tests.pages.conftest import press, texts
from tests.pages.made_runs import finished, made_run


def test_a_newcomer_sees_four_steps_and_is_sent_to_the_data(open_page):
    app = open_page("home")
    for step in ("Backbone", "Data", "Fine-tune", "Predict"):
        assert step in texts(app)
    assert "Nothing chosen yet" in texts(app) and "No run yet" in texts(app)
    assert press(app, "Add data").exception == []
    assert not any(button.label == "Try it with a sample" for button in app.button)


def test_the_sample_leads_to_a_run_that_can_be_started(open_page, workspace):
    app = press(open_page("home"), "Try it with a sample")
    assert not app.exception
    assert app.title[0].value == "Fine-tune"
    assert [each.name for each in list_datasets(workspace)] == ["Textures"]
    assert any(button.label == "Start" for button in app.button)


def test_taking_the_sample_twice_keeps_one_dataset(open_page, workspace):
    for _ in range(2):
        press(open_page("home"), "Try it with a sample")
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
    assert "Last run finished, validation accuracy 91.4%" in texts(app := open_page("home"))
    assert "1 model ready" in texts(app)
