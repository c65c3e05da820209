"""Fine-tune: a preset, every setting one click deeper, undoing, and recipe files."""

import json
from types import SimpleNamespace

import pytest

from core import runs
from core.runtime.tuning import remember
from core.runtime.ways import Way
from core.training import recipe_file
from core.training.recipe import PLACES, Recipe
from core.workspace import write_json
from tests.pages.conftest import press, texts
from ui.training.setting_fields import GROUPS

NO_RUN = SimpleNamespace(id=None)
FREEZE = "set_freeze_efficientnet_lite0"


def _preset(app, name):
    return app.segmented_control(key="preset").set_value(name).run()


def _plain(app):
    return texts(app).replace("\\", "").replace("\u2060", "")


def _load(app, content, name="recipe.json"):
    content = content.encode() if isinstance(content, str) else content
    return app.file_uploader(key="recipe_file").set_value((name, content, "application/json")).run()


def test_every_setting_of_a_recipe_is_on_the_page():
    asked = [*(name for names in GROUPS.values() for name in names), "freeze", "epochs", "head", *PLACES]
    assert sorted(asked) == sorted(Recipe.model_fields)


def test_every_setting_has_a_sentence_for_a_newcomer():
    silent = {name for name, field in Recipe.model_fields.items() if not field.description}
    places = {"dataset", "dataset_version", "modality", "task", "backbone"}
    assert silent == {*places, "head"}  # whose own widgets say it


def test_textbook_is_exactly_the_textbooks(open_page, dataset, started):
    press(_preset(open_page("fine_tune"), "textbook"), "Start")
    (recipe,) = started
    assert (recipe.freeze, recipe.head.kind, recipe.loss, recipe.epochs) == ("all", "linear", "cross_entropy", 10)
    assert (recipe.optimizer, recipe.learning_rate, recipe.momentum) == ("sgd", 0.001, 0.9)
    assert (recipe.weight_decay, recipe.schedule, recipe.augmentation) == (0.0, "constant", "none")


def test_what_was_changed_is_said_and_undone(open_page, dataset, started):
    app = _preset(open_page("fine_tune"), "full-fine-tuning")
    assert not any((button.key or "").startswith("undo_") for button in app.button)
    app.number_input(key="set_batch_size").set_value(8).run()
    app.number_input(key="set_learning_rate").set_value(0.5).run()
    assert "Batch size\\: 8" in app.button(key="undo_batch_size").label
    app.button(key="undo_batch_size").click().run()
    assert app.number_input(key="set_batch_size").value == 32
    assert app.number_input(key="set_learning_rate").value == 0.5
    app.button(key="undo_learning_rate").click().run()
    press(app, "Start")
    assert (started[0].epochs, started[0].batch_size, started[0].learning_rate) == (30, 32, 0.001)


def test_the_batch_size_is_left_to_the_device_with_a_tick(open_page, dataset, started):
    app = open_page("fine_tune")
    app.selectbox(key="set_optimizer").set_value("adamw").run()  # a head that is solved for has no learning rate
    app.checkbox(key="set_batch_size_auto").check().run()
    number = app.number_input(key="set_batch_size")
    assert (number.value, number.placeholder, number.disabled) == (None, "Found at the start", True)
    assert "Batch size\\: Automatic" in app.button(key="undo_batch_size").label
    app.session_state["expert_tab"] = "Schedule"
    assert "then follows it: larger batches take fewer and surer steps" in texts(app.run())
    press(app, "Start")
    assert started[0].batch_size == "auto"
    app.checkbox(key="set_batch_size_auto").uncheck().run()
    assert app.number_input(key="set_batch_size").value == 32


def test_settings_stay_through_pages_and_refresh(open_page, dataset):
    app = _preset(open_page("fine_tune"), "textbook")
    app.number_input(key="set_seed").set_value(7).run()
    app.switch_page("pages/home.py").run()
    for page in (app.switch_page("pages/fine_tune.py").run(), open_page("fine_tune")):
        assert page.segmented_control(key="preset").value == "textbook"
        assert page.number_input(key="set_seed").value == 7


def test_settings_appear_where_they_do_something(open_page, dataset, started):
    app = open_page("fine_tune")
    keys = {each.key for each in (*app.number_input, *app.toggle, *app.selectbox, *app.segmented_control)}
    assert (
        not {"set_nesterov", "set_step_epochs", "set_unfreeze", "set_focal_gamma", "set_momentum", "set_schedule"}
        & keys
    )
    app.slider(key=FREEZE).set_value(4).run()
    app.selectbox(key="set_unfreeze").set_value("gradually").run()
    app.selectbox(key="set_optimizer").set_value("sgd").run()
    app.toggle(key="set_nesterov").set_value(True).run()
    press(app, "Start")
    assert (started[0].freeze, started[0].unfreeze, started[0].nesterov) == (4, "gradually", True)


def test_what_does_nothing_any_more_contradicts_nothing(open_page, dataset, started):
    app = _preset(open_page("fine_tune"), "full-fine-tuning")
    app.slider(key=FREEZE).set_value(9).run()
    press(app, "Start")
    assert (started[0].freeze, started[0].unfreeze) == ("all", "never")


def test_a_contradiction_is_told_and_nothing_starts(open_page, dataset):
    app = _preset(open_page("fine_tune"), "full-fine-tuning")
    app.number_input(key="set_epochs").set_value(3).run()
    assert "head epochs must leave at least one epoch" in _plain(app)
    (start,) = [button for button in app.button if button.label == "Start"]
    assert start.disabled


def test_a_recipe_file_is_loaded(open_page, dataset, started):
    given = {"optimizer": "sgd", "momentum": 0.5, "epochs": 3, "mixup": 0.2}
    app = _load(open_page("fine_tune"), json.dumps(given))
    press(app, "Start")
    assert {name: getattr(started[0], name) for name in given} == given


def test_what_is_saved_loads_the_same(open_page, dataset, started):
    recipe = Recipe(dataset="x", dataset_version=1, backbone="efficientnet_lite0", freeze=3, clip=2.0, average=0.9)
    press(_load(open_page("fine_tune"), recipe_file.to_text(recipe)), "Start")
    assert started[0].settings() == recipe.settings()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00 not json", "it is not JSON"),
        ("[" * 50_000, "it is not JSON"),
        ('{"epochs": "<b>many</b>"}', "Epochs is '<b>many</b>'"),
        ('{"epochs": 1e999, "__class__": 3}', "__class__"),
        ('{"weights_file": "/etc/passwd"}', "lies on one machine only"),
        ('{"loss": "huber"}', "The images of this dataset have classes"),
    ],
)
def test_hostile_and_broken_recipe_files_are_refused_in_words(open_page, dataset, content, said):
    app = _load(open_page("fine_tune"), content)
    assert not app.exception
    assert said in _plain(app)
    assert app.number_input(key="set_epochs").value == 20


def test_another_backbone_in_a_recipe_is_chosen(open_page, dataset):
    app = _load(open_page("fine_tune"), '{"backbone": "torchvision/resnet18.IMAGENET1K_V1"}')
    assert not app.exception
    assert "resnet18" in _plain(app)
    assert any(slider.key == "set_freeze_torchvision/resnet18.IMAGENET1K_V1" for slider in app.slider)


def test_remembered_nonsense_does_not_take_the_page_away(open_page, dataset, workspace):
    settings = {"epochs": -3, "freeze": "x", "learning_rate": 1e300, "head": 3, "dataset": 1, "none": 0, "seed": [1]}
    chosen = {"dataset": dataset.id, "dataset_version": 1, "preset": "no such", "settings": settings}
    write_json(workspace.root / "choices.json", chosen)
    app = open_page("fine_tune")
    assert "These settings cannot be used" in _plain(app)
    press(app, "Undo all changes")
    assert "cannot be used" not in _plain(app)


def test_the_learning_rate_is_drawn_in_its_tab_alone(open_page, dataset):
    app = _preset(open_page("fine_tune"), "full-fine-tuning")
    said = "Epochs 1 to 3: only the head learns; Epochs 4 to 30: the head and every stage"
    assert said not in texts(app)
    app.session_state["expert_tab"] = "Schedule"
    assert said in texts(app.run())


def test_augmentation_is_shown_on_the_persons_own_images_when_its_tab_is_open(open_page, dataset):
    app = _load(open_page("fine_tune"), '{"augmentation": "strong", "mixup": 1.0}')
    assert not any("<img" in html.value for html in app.html)
    app.session_state["expert_tab"] = "Augmentation"
    (drawn,) = [html.value for html in app.run().html if "<img" in html.value]
    assert "View 4" in drawn and "View 5" not in drawn
    assert "% red" in drawn and "% blue" in drawn
    assert "4 kept views of each image take turns: less variety than a new one every epoch" in texts(app)
    assert not app.exception


def test_how_images_are_fitted_is_shown_on_the_persons_own_when_its_tab_is_open(open_page, dataset, started):
    app = _load(open_page("fine_tune"), '{"fit": "pad", "resolution": 288}')
    app.session_state["expert_tab"] = "Images"
    (drawn,) = [html.value for html in app.run().html if "<img" in html.value]
    assert drawn.count("<img") == 4 * 4, "as it is, cropped, padded, squashed"
    assert "Pad (chosen)" in drawn and "Squash" in drawn and "Crop the middle" in drawn
    assert "288 × 288 pixels in place of its own 224 × 224: 1.7 times the work" in texts(app)
    press(app, "Start")
    assert (started[0].fit, started[0].resolution) == ("pad", 288)


def test_what_the_resolution_costs_is_said_in_milliseconds_where_it_was_measured(open_page, dataset, workspace):
    remember(workspace, "efficientnet_lite0, 9 stages, some dataset, some processor", Way("float32", 40.0))
    app = open_page("fine_tune")
    app.session_state["expert_tab"] = "Images"
    assert "as it was made for: 25 ms an image" in texts(app.run())
    app.selectbox(key="set_resolution").set_value(112 * 4).run()
    assert "4 times the work (there: 25 ms an image, as measured on this machine)" in texts(app)


def test_a_backbone_of_one_size_refuses_another_before_start(open_page, dataset, workspace, monkeypatch):
    monkeypatch.setattr("ui.training.settings.is_missing", lambda info, weights_file: False)
    chosen = json.loads((workspace.root / "choices.json").read_text())
    write_json(workspace.root / "choices.json", {**chosen, "backbone": "torchvision/vit_b_16.IMAGENET1K_V1"})
    app = _load(open_page("fine_tune"), '{"resolution": 288}')
    assert "takes no images of 288 pixels, only of its own 224" in _plain(app)
    assert app.button(key="start").disabled
    assert "takes no images of 288" not in _plain(app.button(key="undo_resolution").click().run())


def test_the_number_of_devices_is_asked_for_where_there_are_several(open_page, dataset, monkeypatch):
    asked = []
    monkeypatch.setattr(runs, "start", lambda workspace, recipe, name, devices: asked.append(devices) or NO_RUN)
    assert not [each for each in open_page("fine_tune").number_input if each.key == "devices"]
    monkeypatch.setenv("GRAFT_DEVICES", "2")
    app = open_page("fine_tune").number_input(key="devices").set_value(2).run()
    assert any(code.value.endswith(" --devices 2") for code in app.code)
    press(app, "Start")
    monkeypatch.setenv("GRAFT_DEVICES", "1")
    press(open_page("fine_tune"), "Start")
    assert asked == [2, 1]
