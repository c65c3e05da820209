"""Fine-tune: settings, Start, and the run as it stands."""

import json
import re
import time
from dataclasses import asdict, replace

from core import runs
from core.runs import Run
from core.tasks.scores import Scores
from core.training.presets import DEFAULT, PRESETS
from core.training.process.events import Baseline, Paused, Progress, Queued
from core.training.recipe import Recipe
from core.workspace import write_json
from tests.pages.conftest import press, texts
from tests.pages.made_runs import failed, finished, made_run
from ui.runs.live_frame import run_frame, table_frame


def _choose(workspace, dataset, run):
    chosen = {"dataset": dataset.id, "dataset_version": dataset.version, "run": run.id}
    write_json(workspace.root / "choices.json", chosen)


def _metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def test_without_a_dataset_the_page_says_where_to_get_one(open_page):
    app = open_page("fine_tune")
    assert "No dataset yet" in texts(app)
    assert not any(button.label == "Start" for button in app.button)


def test_the_first_settings_are_the_recipes_own(open_page, dataset, started):
    press(open_page("fine_tune"), "Start")
    assert started == [Recipe(dataset=dataset.id, dataset_version=1, task="classes", backbone="efficientnet_lite0")]


def test_a_run_is_named_at_start_and_afterwards(open_page, dataset, started, workspace):
    app = open_page("fine_tune")
    app.text_input(key="run_name_None").set_value("**First** try").run()
    press(app, "Start")
    (run,) = runs.list_runs(workspace)
    assert app.subheader[0].value == "\\*\\*First\\*\\* try" and run.title == "**First** try"
    app.text_input(key=f"name_{run.id}").set_value("Second").run()
    assert app.subheader[0].value == "Second" and app.dataframe[0].value["Run"].tolist() == ["Second"]


def test_another_run_is_set_up_with_one_click(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id, finished())
    _choose(workspace, dataset, run)
    app = press(open_page("fine_tune"), "New run")
    assert not app.subheader and "Settings of the next run" not in [one.label for one in app.expander]
    assert json.loads((workspace.root / "choices.json").read_text())["run"] is None


def test_fewer_frozen_stages_train_more_parameters(open_page, dataset, started):
    app = open_page("fine_tune")
    slider = app.slider(key="set_freeze_efficientnet_lite0")
    assert "only the head learns" in texts(app) and "**5.38 k** of 3.38 M parameters train" in texts(app)
    slider.set_value(0).run()
    assert "everything learns" in texts(app) and "**3.37 M** of 3.37 M parameters train" in texts(app)
    press(app, "Start")
    assert started[0].freeze == 0


def test_sgd_comes_with_its_textbook_learning_rate(open_page, dataset, started):
    app = open_page("fine_tune")
    app.number_input(key="set_learning_rate").set_value(0.5).run()
    app.selectbox(key="set_optimizer").set_value("sgd").run()
    press(app, "Start")
    assert (started[0].optimizer, started[0].learning_rate, started[0].momentum) == ("sgd", 0.001, 0.9)


def test_a_head_with_a_hidden_layer(open_page, dataset, started):
    app = open_page("fine_tune")
    app.segmented_control(key="set_head_kind").set_value("hidden").run()
    app.number_input(key="set_hidden_units").set_value(64).run()
    press(app, "Start")
    assert (started[0].head.kind, started[0].head.hidden_units) == ("hidden", 64)


def test_the_command_is_the_recipes(open_page, dataset):
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0")
    assert recipe.to_command() in [code.value for code in open_page("fine_tune").code]


def test_settings_that_cannot_be_used_are_refused_in_words(open_page, dataset, started):
    app = open_page("fine_tune")
    app.number_input(key="set_learning_rate").set_value(0.0).run()
    assert not app.exception and "learning rate is 0.0" in texts(app).replace("\\", "")
    assert started == []


def test_settings_are_kept_when_the_page_is_left(open_page, dataset):
    app = open_page("fine_tune")
    app.number_input(key="set_epochs").set_value(7).run()
    app.slider(key="set_freeze_efficientnet_lite0").set_value(4).run()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/fine_tune.py").run()
    assert app.number_input(key="set_epochs").value == 7
    assert app.slider(key="set_freeze_efficientnet_lite0").value == 4


def test_the_sentence_of_a_preset_stands_only_while_its_settings_do(open_page, dataset):
    app = open_page("fine_tune")
    assert PRESETS[DEFAULT].sentence in texts(app)
    app.slider(key="set_freeze_efficientnet_lite0").set_value(0).run()
    assert PRESETS[DEFAULT].sentence not in texts(app) and "Recommended, but with changes" in texts(app)


def test_a_run_that_is_over_tells_which_others_are_at_work(open_page, dataset, workspace, monkeypatch):
    over, waiting = (
        made_run(workspace, dataset.id, last, name=f"20260101-12000{number}-r")  # both in the same minute
        for number, last in enumerate((finished(), Queued(1)))
    )
    _choose(workspace, dataset, over)
    monkeypatch.setattr(Run, "_worker_lives", lambda self: self.id == waiting.id)
    app = open_page("fine_tune")
    assert "12\\:\u206000 \\(2\\) is waiting for the device." in texts(app)
    press(app, "Show it")
    assert "Waiting for the device: number 2 in the queue." in texts(app) and "Show it" not in texts(app)


def test_a_finished_run_is_summed_up_and_leads_to_predict(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id, finished())
    (run.directory / "bundle").mkdir()
    (run.directory / "bundle" / "bundle.json").write_text("{}")
    _choose(workspace, dataset, run)
    app = open_page("fine_tune")
    shown = _metrics(app)
    assert (shown["Best epoch"], shown["Validation accuracy"], shown["Time"]) == ("3 of 3", "91.4%", "12 s")
    assert any(button.label == "Predict with this run" for button in app.button)


def test_what_there_is_to_beat_is_said(open_page, dataset, workspace):
    simple = Baseline(Scores(0.5, {"accuracy": 0.8}), Scores(0.4, {"accuracy": 0.875}), 0.1)
    run = made_run(workspace, dataset.id, simple, finished())
    _choose(workspace, dataset, run)
    said = texts(open_page("fine_tune"))
    assert "Logistic regression on its features: accuracy 87.5%" in said and "accuracy 80.0%" in said


def test_a_worker_that_vanished_is_interrupted_and_can_be_resumed(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id)
    _choose(workspace, dataset, run)
    app = open_page("fine_tune")
    assert "3 of 3 epochs done" in texts(app)
    assert any(button.label == "Resume" for button in app.button)


def test_a_run_that_is_only_made_is_not_started_and_says_how_it_is(open_page, dataset, workspace, monkeypatch):
    run = runs.make(workspace, Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0"))
    _choose(workspace, dataset, run)
    asked = []
    monkeypatch.setattr(Run, "resume", lambda self: asked.append(self.id))
    app = open_page("fine_tune")
    assert "made and not started yet" in texts(app) and run.torchrun in [code.value for code in app.code]
    assert not {"Stop and keep", "Pause", "Train longer"} & {button.label for button in app.button}
    press(app, "Start this run")
    assert asked == [run.id]


def test_a_paused_run_says_so_and_can_be_resumed_or_stopped(open_page, dataset, workspace, monkeypatch):
    run = made_run(workspace, dataset.id, Paused(3.0, 5))
    _choose(workspace, dataset, run)
    asked = []
    monkeypatch.setattr(Run, "stop", lambda self: asked.append(self.id))
    app = open_page("fine_tune")
    assert "Paused: 3 of 5 epochs done" in texts(app)
    assert {"Go on", "Stop and keep", "Discard"} <= {button.label for button in app.button}
    press(app, "Stop and keep")
    assert asked == [run.id]


def test_a_failure_is_told_in_words_literally_with_the_log_at_hand(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id, failed())
    (run.directory / "worker.log").write_text("what the worker printed")
    _choose(workspace, dataset, run)
    app = open_page("fine_tune")
    assert "\\<b\\>lower" in texts(app)
    assert "what the worker printed" in [code.value for code in app.code]


def test_discard_asks_first(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id, finished())
    _choose(workspace, dataset, run)
    app = press(open_page("fine_tune"), "Discard")
    assert run.directory.exists()
    press(app, "Discard the run")
    assert not app.exception and not run.directory.exists() and run.id not in texts(app)
    press(app, "Undo")
    assert not app.exception and run.directory.exists()
    assert "all stages frozen" in app.subheader[0].value


def test_a_damaged_run_does_not_take_the_page_away(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id, finished())
    (run.directory / "recipe.json").write_text(json.dumps({"dataset": 3}))
    _choose(workspace, dataset, run)
    assert any(button.label == "Start" for button in open_page("fine_tune").button)


def test_a_run_can_be_changed_on_its_way_and_trained_longer(open_page, dataset, workspace, monkeypatch):
    asked = []
    monkeypatch.setattr(Run, "extend", lambda self, epochs: asked.append(epochs))
    monkeypatch.setattr(Run, "set_learning_rate", lambda self, rate: asked.append(rate))
    run = made_run(workspace, dataset.id, Paused(3.0, 5))
    _choose(workspace, dataset, run)
    app = open_page("fine_tune")
    assert app.number_input(key=f"new_rate_{run.id}").value == 0.001  # where it stands
    app.number_input(key=f"new_rate_{run.id}").set_value(0.0005)
    press(app, "Set it")
    app.number_input(key=f"more_epochs_{run.id}").set_value(7)
    press(app, "Train longer")
    assert asked == [0.0005, 7]


def test_what_cannot_be_asked_of_a_run_is_said_on_the_page(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id, Paused(3.0, 5))
    _choose(workspace, dataset, run)
    app = open_page("fine_tune")
    app.number_input(key=f"new_rate_{run.id}").set_value(0.0)
    press(app, "Set it")
    assert "A learning rate lies above 0 and is at most 10" in texts(app)


def test_freezing_is_compared_with_one_click_on_one_chart(open_page, dataset, workspace, started):
    app = press(open_page("fine_tune"), "Compare freezing")
    assert [(recipe.freeze, recipe.learning_rate) for recipe in started] == [("all", 0.01), (4, 0.001), (0, 0.001)]
    table = next(frame.value for frame in app.dataframe if "Trainable parameters" in frame.value)
    assert list(table["Run"]) == [
        "All stages frozen, learning rate 0.01",
        "4 stages frozen, learning rate 0.001",
        "No stage frozen, learning rate 0.001",
    ]
    assert set(table["Validation score"]) == {"accuracy 91.4% on 4 images, which chose the epoch"}
    app = open_page("fine_tune")  # and after a refresh
    assert len(app.multiselect(key="compared").value) == 3


def test_runs_are_compared_by_choosing_them_and_one_that_is_gone_is_left_out(open_page, dataset, workspace):
    one, other = (made_run(workspace, dataset.id, finished(), name=f"2026010{day}-120000-r") for day in (1, 2))
    app = open_page("fine_tune")
    app.multiselect(key="compared").set_value([one.id, other.id]).run()
    table = next(frame.value for frame in app.dataframe if "Trainable parameters" in frame.value)
    assert list(table["Run"]) == ["The same (1)", "The same (2)"]
    one.discard()
    app = open_page("fine_tune")
    assert not app.multiselect and not app.exception


def test_many_runs_come_page_by_page(open_page, workspace, dataset):
    for number in range(60):
        made_run(workspace, dataset.id, finished(), name=f"20260101-1200{number:02}-r")
    app = open_page("fine_tune")
    (table,) = [frame.value for frame in app.dataframe if "Status" in frame.value]
    assert len(table) == 50 and table["Id"].iloc[0] == "20260101-120059-r"
    app.session_state["runs_page"] = 2
    app.run()
    (table,) = [frame.value for frame in app.dataframe if "Status" in frame.value]
    assert len(table) == 10 and table["Id"].iloc[-1] == "20260101-120000-r"


def _answered(run, frame):
    (run.directory / "bundle").mkdir()
    (run.directory / "bundle" / "bundle.json").write_text("{}")
    frame.to_parquet(run.directory / "bundle" / "answers.parquet")


def _shown_as_html(app):
    return "\n".join(element.body for element in app.get("html"))


def test_a_finished_run_leads_with_how_many_are_right_and_shows_the_mistakes(open_page, dataset, workspace):
    ended = replace(finished(), validation=Scores(0.2, {"accuracy": 0.75}), judged_on=4, chosen=True)
    run = made_run(workspace, dataset.id, ended)
    few = dataset.frame.head(4)
    frame = few[["image", "name", "label"]].assign(said=few["label"], probability=0.9)
    frame.loc[frame.index[1], ["said", "probability"]] = ["<i>green</i>", 0.97]
    _answered(run, frame)
    _choose(workspace, dataset, run)
    app = open_page("fine_tune")
    said = texts(app)
    assert "### 3 of 4 validation images right" in said and "expect a little less on new images" in said
    assert "1 mistake, the surest first" in said
    assert "&lt;i&gt;green&lt;/i&gt;</b>, 97.0%<br>is" in _shown_as_html(app)
    words = [element.value for element in app.markdown]
    assert words.index("### 3 of 4 validation images right") < words.index("#### 1 mistake, the surest first")
    assert any(box.label == "How it ran" for box in app.expander)


def test_the_test_part_comes_first_on_the_page(open_page, dataset, workspace):
    run = made_run(
        workspace, dataset.id, replace(finished(), judged_on=4, test=Scores(0.2, {"accuracy": 0.8}), tested_on=5)
    )
    _choose(workspace, dataset, run)
    said = texts(open_page("fine_tune"))
    assert said.index("4 of 5 test images right") < said.index("4 of 4 validation images right")


def test_a_run_that_does_not_beat_the_baseline_says_so_and_what_to_try(open_page, dataset, workspace):
    simple = Baseline(Scores(0.5, {"accuracy": 0.99}), Scores(0.4, {"accuracy": 0.875}), 0.1)
    run = made_run(workspace, dataset.id, simple, replace(finished(), judged_on=100))
    _choose(workspace, dataset, run)
    said = texts(open_page("fine_tune"))
    assert "It does not beat what the frozen backbone gives without training" in said and "What to try:" in said


def test_what_comparing_freezing_costs_is_said_before_and_its_runs_have_names(open_page, dataset, workspace, started):
    app = open_page("fine_tune")
    assert re.search(r"Comparing takes about \d+ (s|min)", texts(app))
    press(app, "Compare freezing")
    names = runs.titles(runs.list_runs(workspace))
    assert len(set(names.values())) == 3 and {"no stage frozen", "all stages frozen"} <= {
        word for name in names.values() for word in name.split(", ")
    }


HALF = Progress("features", 8, 16, moved=8)


def test_a_run_at_work_shows_one_bar_over_all_of_it(open_page, dataset, workspace, monkeypatch):
    run = runs.make(workspace, Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0"))
    monkeypatch.setattr(Run, "_worker_lives", lambda self: True)
    told = [(9.0, Progress("loading", 0, 0)), (5.0, Progress("features", 4, 16, moved=4)), (0.0, HALF)]
    lines = [{"event": "Progress", "time": time.time() - ago, **asdict(event)} for ago, event in told]
    (run.directory / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    _choose(workspace, dataset, run)
    app = open_page("fine_tune")
    assert 0 < app.get("progress")[0].proto.value < 100
    assert "Running the frozen stages over the images, once: 8 of 16" in app.get("progress")[0].proto.text
    assert _metrics(app)["Time left"] != "–"


def _components(app):
    return [json.loads(one.proto.json) for one in app.get("bidi_component") if one.proto.json]


def test_a_run_at_work_is_followed_by_the_feed_and_no_script_runs_by_itself(open_page, dataset, workspace, monkeypatch):
    run = made_run(workspace, dataset.id, Progress("training", 3, 20, 120.0, 9.0, 10**8, 4, 1, 5, 0.3))
    monkeypatch.setattr(Run, "_worker_lives", lambda self: True)
    monkeypatch.setattr("streamlit.runtime.fragment.time_to_seconds", lambda each: 1 / 0)  # of what runs by itself
    _choose(workspace, dataset, run)
    app = open_page("fine_tune")
    assert app.get("progress")[0].proto.text == "Epoch 4 of 3, step 1 of 5"
    feeds = {one["path"]: one["drawn"] for one in _components(app) if "path" in one}
    assert feeds == {
        f"/graft/live/run/{run.id}": {"now": run_frame(run)["now"]},
        "/graft/live/table": table_frame(workspace),
    }
    assert {one["name"]: one["live"] for one in _components(app) if "figure" in one} == {
        "curve_loss": f"run/{run.id}",
        "curve_scores": f"run/{run.id}",
    }


def test_a_run_that_is_over_is_not_followed(open_page, dataset, workspace):
    run = made_run(workspace, dataset.id, finished())
    _choose(workspace, dataset, run)
    app = open_page("fine_tune")
    assert not [one for one in _components(app) if "path" in one]
    assert {one["live"] for one in _components(app) if "figure" in one} == {None}


def test_adapters_on_a_network_of_convolutions_are_explained_before_start(open_page, dataset, workspace):
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "preset": "adapters"})
    app = open_page("fine_tune")
    assert "has no linear layers to put adapters on" in texts(app) and "Choose a transformer" in texts(app)
    assert next(button for button in app.button if button.label == "Start").disabled
