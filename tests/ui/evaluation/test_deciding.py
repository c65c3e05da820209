"""How sure a model is, and from when on it says what: seen, decided, and taken back on the page Evaluate."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch

from core.importing.importing import import_path
from core.inference.deciding import read_decision, write_decision
from core.tasks.decision import PLAIN, Decision
from core.training.recipe import Recipe
from core.workspace import write_json
from tests.answered import keep_answers
from tests.pages.conftest import open_page, press, texts  # noqa: F401  a fixture
from tests.pages.made_runs import finished, made_run


@pytest.fixture
def made(workspace, make_zip):
    """A run about two classes, with 60 validation images, and what was answered with these logits."""

    def make(over: float = 1.0, seed: int = 0) -> SimpleNamespace:
        dataset = import_path(workspace, make_zip({"<b>red</b>": 150, "blue": 150}), name="Photos")
        run = made_run(workspace, dataset.id, finished())
        random = torch.Generator().manual_seed(seed)
        rows = dataset.frame[dataset.frame["split"] == "validation"]
        truth = torch.tensor([list(dataset.classes).index(label) for label in rows["label"]])
        logits = torch.randn(len(rows), 2, generator=random)
        logits[torch.arange(len(rows)), truth] += 1.5
        keep_answers(run, dataset, {"validation": logits * over})
        write_json(workspace.root / "choices.json", {"run": run.id})
        return SimpleNamespace(run=run, dataset=dataset, bundle=run.directory / "bundle")

    return make


def show(open_page, run, title):  # noqa: F811
    page = open_page("evaluate")
    page.session_state[f"views_{run.id}"] = title
    page.run()
    assert not page.exception
    return page


def labels(page):
    return [button.label for button in page.button]


def by_label(elements, label):
    (found,) = [each for each in elements if each.label == label]
    return found


def test_overconfidence_is_said_and_mended_with_a_click(open_page, made):  # noqa: F811
    given = made(over=5.0)
    before = Decision(thresholds=(0.3, 0.7), chosen_on="validation")
    write_decision(given.bundle, before)
    page = show(open_page, given.run, "How sure")
    assert "too sure by" in texts(page) and "more than chance alone would make it" in texts(page)
    (use,) = [label for label in labels(page) if label.startswith("Use temperature")]
    page = press(page, use)
    assert not page.exception
    kept = read_decision(given.bundle)
    assert kept.temperature > 2 and kept.thresholds == ()  # which were of other chances
    assert "Calibrated with temperature" in texts(page) and "Turn it off" in labels(page)
    page = press(page, "Undo")
    assert not page.exception
    assert read_decision(given.bundle) == before and "Not calibrated" in texts(page)


def test_the_cheapest_threshold_is_found_used_and_taken_back(open_page, made):  # noqa: F811
    given = made()
    page = show(open_page, given.run, "Thresholds")
    by_label(page.number_input, "A miss costs").set_value(20.0).run()
    before = by_label(page.metric, "Cost of 100").value
    assert page.button(key=next(each.key for each in page.button if each.label == "Use for this model")).disabled
    press(page, "Take the best")
    assert not page.exception
    assert float(by_label(page.metric, "Cost of 100").value) < float(before)
    assert float(by_label(page.metric, "Recall").value.rstrip("%")) > 85
    press(page, "Use for this model")
    assert not page.exception
    kept = read_decision(given.bundle)
    found = page.selectbox[[each.label for each in page.selectbox].index("To find")].value
    assert kept.thresholds[found] < 0.4 and sum(kept.thresholds) == pytest.approx(1)
    assert by_label(page.number_input, "A miss costs").value == 20.0  # what was typed stays
    assert kept.chosen_on == "validation" and "thresholds of its own, chosen on the validation part" in texts(page)
    press(page, "Back to the usual")
    assert json.loads((given.bundle / "bundle.json").read_text()).get("decision") is None


def test_the_slider_says_what_each_threshold_comes_to(open_page, made):  # noqa: F811
    page = show(open_page, made().run, "Thresholds")
    slider = by_label(page.slider, "Threshold")
    recalls = []
    for to in (0.05, 0.95):
        slider.set_value(to).run()
        assert not page.exception
        recalls.append(float(by_label(page.metric, "Recall").value.rstrip("%")))
        slider = by_label(page.slider, "Threshold")
        assert slider.value == to
    assert recalls[0] > recalls[1] + 30


def test_it_may_say_that_it_is_not_sure(open_page, made):  # noqa: F811
    given = made()
    page = show(open_page, given.run, "Thresholds")
    page.toggle[[each.label for each in page.toggle].index("It may say that it is not sure")].set_value(True).run()
    by_label(page.slider, "Not sure below").set_value(0.9).run()
    assert float(by_label(page.metric, "Not sure").value.rstrip("%")) > 20
    press(page, "Use for this model")
    assert read_decision(given.bundle).least == 0.9
    page.session_state[f"views_{given.run.id}"] = "Scores"
    assert not page.run().exception


def test_curves_are_drawn_with_their_areas(open_page, made):  # noqa: F811
    page = show(open_page, made().run, "Thresholds")
    assert "Average precision: " in texts(page) and "could be" in texts(page)
    by_label(page.segmented_control, "Curve").set_value("roc").run()
    assert not page.exception and "Area under the curve: " in texts(page)


def test_too_few_examples_are_a_sentence(open_page, workspace, make_zip):  # noqa: F811
    dataset = import_path(workspace, make_zip({"red": 8, "blue": 8}), name="Few")
    run = made_run(workspace, dataset.id, finished())
    keep_answers(run, dataset)
    assert "With fewer than 10 examples" in texts(show(open_page, run, "How sure"))
    assert "Take the best" in labels(show(open_page, run, "Thresholds"))


def test_several_labels_have_a_threshold_each_or_one_for_all(open_page, workspace, make_zip, tmp_path):  # noqa: F811
    dataset = labeled(workspace, tmp_path)
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0", task=dataset.kind)
    run = made_run(workspace, dataset.id, finished(), recipe=recipe)
    bundle = keep_answers(run, dataset)
    write_json(workspace.root / "choices.json", {"run": run.id})
    page = show(open_page, run, "Thresholds")
    by_label(page.selectbox, "Label").set_value(-1).run()
    by_label(page.slider, "Threshold").set_value(0.2).run()
    press(page, "Use for this model")
    assert not page.exception
    assert read_decision(bundle).thresholds == (0.2, 0.2)
    by_label(page.selectbox, "Label").set_value(1).run()
    by_label(page.slider, "Threshold").set_value(0.8).run()
    press(page, "Use for this model")
    assert read_decision(bundle).thresholds == (0.2, 0.8)
    assert not show(open_page, run, "How sure").exception


def labeled(workspace, folder):
    from tests.conftest import image

    lines = []
    for number in range(60):
        (folder / f"{number}.jpg").write_bytes(image("red", number))
        lines.append(f"{number}.jpg,{['dog', 'cat', 'dog;cat'][number % 3]}")
    (folder / "labels.csv").write_text("\n".join(["file,labels", *lines]))
    return import_path(workspace, folder, name="Both")


def test_a_number_has_a_range(open_page, workspace, tmp_path):  # noqa: F811
    from tests.conftest import image

    lines = []
    for number in range(80):
        (tmp_path / f"{number}.jpg").write_bytes(image("red", number))
        lines.append(f"{number}.jpg,{number * 1.37:.2f}")
    (tmp_path / "labels.csv").write_text("\n".join(["file,age", *lines]))
    dataset = import_path(workspace, tmp_path, name="Ages")
    recipe = Recipe(
        dataset=dataset.id,
        dataset_version=1,
        backbone="efficientnet_lite0",
        task=dataset.kind,
        loss="mean_squared_error",
    )
    run = made_run(workspace, dataset.id, finished(), recipe=recipe)
    bundle = keep_answers(run, dataset)
    write_json(workspace.root / "choices.json", {"run": run.id})
    page = show(open_page, run, "How sure")
    assert "90% of answers are within ±" in texts(page) and "lie inside (could be" in texts(page)
    press(page, "Show the range on Predict")
    assert read_decision(bundle).within > 0
    press(page, "Do not show it")
    assert read_decision(bundle) == PLAIN
