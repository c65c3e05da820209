"""Evaluate: which run, on which examples, and what it says of them."""

from __future__ import annotations

import pytest
import torch

from core.data.changes import relabel, resplit
from core.data.dataset import delete_dataset, load_dataset
from core.data.tags import tag
from core.importing.importing import import_path
from core.runs import get
from core.workspace import write_json
from tests.answered import keep_answers
from tests.pages.conftest import press, texts
from tests.pages.made_runs import finished, made_run
from ui.shared.state import Choices


@pytest.fixture
def run(workspace, dataset):
    made = made_run(workspace, dataset.id, finished())
    keep_answers(made, dataset)
    return made


def test_without_a_run_the_page_says_what_to_do_first(open_page, workspace):
    page = open_page("evaluate")
    assert "No finished run yet" in texts(page)
    assert [button.label for button in page.button if "Fine-tune a model" in button.label]


def test_the_score_comes_first_with_how_far_off_it_could_be(open_page, run):
    said = texts(open_page("evaluate"))
    assert "Accuracy" in said
    assert "could be" in said
    assert "These images also chose which epoch is kept" in said


def test_a_test_part_is_shown_first_and_chose_nothing(open_page, workspace, dataset):
    divided = resplit(workspace, dataset, validation=0.25, test=0.25, seed=0)
    run = made_run(workspace, dataset.id, finished())
    keep_answers(run, divided)
    recipe = run.recipe.model_copy(update={"dataset_version": divided.version})
    write_json(run.directory / "recipe.json", recipe.model_dump())
    write_json(workspace.root / "choices.json", {"run": run.id})
    page = open_page("evaluate")
    said = texts(page)
    assert page.segmented_control[0].value == "test"
    assert "they chose nothing" in said
    assert "Set a test part aside" not in [button.label for button in page.button]


def test_a_test_part_can_be_set_aside_with_one_click(open_page, workspace, dataset, run):
    page = open_page("evaluate")
    press(page, "Set a test part aside")
    assert not page.exception
    newest = load_dataset(workspace, dataset.id)
    assert newest.version == dataset.version + 1
    assert (newest.frame["split"] == "test").sum() >= 2


def test_another_dataset_that_does_not_fit_is_not_offered(open_page, workspace, run, make_zip):
    import_path(workspace, make_zip({"one": 4, "two": 4}, name="others.zip"), name="Others")
    page = open_page("evaluate")
    page.segmented_control[0].set_value("other").run()
    assert not page.exception
    assert "knows none of the classes" in texts(page)


def test_another_dataset_that_fits_can_be_asked_about(open_page, workspace, run, make_zip):
    import_path(workspace, make_zip({"red": 4, "green": 4}, name="others.zip"), name="Others")
    (run.directory / "bundle" / "weights.safetensors").touch()
    page = open_page("evaluate")
    page.segmented_control[0].set_value("other").run()
    assert not page.exception
    assert "Ask it about all of them" in [button.label for button in page.button]


def test_damaged_answers_are_a_sentence(open_page, run):
    (run.directory / "bundle" / "answers.parquet").write_bytes(b"PAR1 nonsense")
    page = open_page("evaluate")
    assert not page.exception
    assert "kept no answers about its own dataset" in texts(page)


def test_it_answers_when_the_dataset_is_gone(open_page, workspace, dataset, run):
    delete_dataset(workspace, dataset.id)
    page = open_page("evaluate")
    assert not page.exception
    assert "could be" in texts(page)


def show(open_page, run, title):
    """The page with this run, and this tab open."""
    write_json(run.workspace.root / "choices.json", {"run": run.id})
    page = open_page("evaluate")
    page.session_state[f"views_{run.id}"] = title
    page.run()
    assert not page.exception
    return page


def test_the_mistakes_are_listed_the_most_wrong_first(open_page, workspace, dataset):
    run = made_run(workspace, dataset.id, finished())
    validation = dataset.frame[dataset.frame["split"] == "validation"].reset_index(drop=True)
    truth = torch.tensor([list(dataset.classes).index(label) for label in validation["label"]])
    logits = 4 * torch.nn.functional.one_hot(1 - truth, 2).float()  # all of them wrong
    keep_answers(run, dataset, {"validation": logits})
    page = show(open_page, run, "Mistakes")
    assert "Most often confused" in texts(page)
    pair = next(button for button in page.button if "taken for" in button.label)
    pair.click().run()
    assert not page.exception
    assert "the surest first" in texts(page)


def test_hostile_names_stay_text(open_page, run):
    page = show(open_page, run, "Mistakes")
    assert not page.exception
    assert "<b>photos</b>" not in texts(page)


def test_a_changed_dataset_can_be_trained_on_again_with_one_click(open_page, workspace, dataset, run, started):
    show(open_page, run, "Mistakes")
    name = dataset.frame["name"].iloc[0]
    page = show(open_page, run, "Mistakes")
    changed = relabel(workspace, dataset, [name], "blue" if dataset.frame["label"].iloc[0] == "red" else "red")
    page.session_state["evaluating"] = run.id
    page.session_state["choices"] = Choices(dataset=dataset.id, dataset_version=changed.version)
    page.run()
    assert not page.exception
    press(page, "Train again with these changes")
    assert [recipe.dataset_version for recipe in started] == [changed.version]


def test_two_runs_are_compared_on_the_same_examples(open_page, workspace, dataset):
    validation = dataset.frame[dataset.frame["split"] == "validation"].reset_index(drop=True)
    truth = torch.tensor([list(dataset.classes).index(label) for label in validation["label"]])
    right = 4 * torch.nn.functional.one_hot(truth, 2).float()
    for name, outputs in (("20260101-120000-a", -right), ("20260102-120000-b", right)):
        keep_answers(made_run(workspace, dataset.id, finished(), name=name), dataset, {"validation": outputs})
    page = show(open_page, get(workspace, "20260102-120000-b"), "Against another run")
    assert f"{len(validation)} more of {len(validation)} right" in texts(page)


def test_a_test_part_is_set_aside_from_what_was_mended_since(open_page, workspace, dataset, run):
    page = show(open_page, run, "Scores")
    name, label = dataset.frame["name"].iloc[0], dataset.frame["label"].iloc[0]
    mended = relabel(workspace, dataset, [name], "blue" if label == "red" else "red")
    page.session_state["choices"] = Choices(dataset=dataset.id, dataset_version=mended.version)
    page.run()
    press(page, "Set a test part aside")
    newest = load_dataset(workspace, dataset.id)
    assert newest.version == mended.version + 1
    assert newest.frame.set_index("name")["label"][name] != label


def divisions(page):
    return next(box for box in page.selectbox if box.label == "Divide them by").options


def test_a_tag_is_a_group_at_once(open_page, workspace, dataset, run):
    page = show(open_page, run, "Groups")
    assert "blurred" not in divisions(page)
    tag(dataset, dataset.frame["name"].tolist()[::2], "blurred")
    page.run()
    assert "blurred" in divisions(page)
