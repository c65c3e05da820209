"""Several labels an image, from the recipe to the answer."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from torch import nn
from torch.nn import functional

from core.errors import RecipeError
from core.importing.importing import import_path
from core.inference.predictor import Predictor
from core.inference.table import to_csv
from core.runs.checks import check_recipe
from core.runtime.device import choose_device
from core.training.loop import Batch, run_epoch
from core.training.process.events import Baseline, Ended, Scores, Started
from core.training.recipe import Recipe
from core.training.task import Labels, binary_focal, task_of
from core.training.trials.baseline import STRENGTH, _each_for_itself, _logistic, baseline
from core.training.trials.crossval import cross_validate
from tests.conftest import COLOURS
from tests.core.training.test_trainer import of

PLAIN = Recipe(dataset="a", dataset_version=1, backbone="b", loss="binary_cross_entropy")
NAMES = ("a", "b", "c")
ROWS = pd.DataFrame({"label": ["a", "a\nb", "", "a\nc", "a", "b", "a\nb\nc", "a", "", "a"]})


def labels(**settings):
    return Labels(NAMES, PLAIN.model_copy(update=settings), ROWS)


def test_the_scores_are_the_textbooks():
    task, outputs = labels(), torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    wanted, said = task.targets(ROWS), outputs > 0
    scores = run_epoch(nn.Identity(), map(Batch, outputs.split(4), wanted.split(4)), task, choose_device("cpu"))
    assert scores.loss == pytest.approx(nn.BCEWithLogitsLoss()(outputs, wanted).item(), rel=1e-5)
    assert scores.macro_f1 == pytest.approx(f1_score(wanted, said, average="macro"), abs=1e-6)
    assert scores.exact_match == pytest.approx(accuracy_score(wanted, said), abs=1e-6)
    assert scores.accuracy == pytest.approx((said == wanted.bool()).float().mean().item(), abs=1e-6)
    assert (scores.kind, scores.main) == ("labels", "macro_f1") and scores.words.startswith("F1 ")


def test_who_looks_at_nothing_says_what_is_usual():
    task = labels()
    scores = task.naive(task.targets(ROWS))
    assert scores.accuracy == pytest.approx((7 + 7 + 8) / 30) and scores.exact_match == 0.4
    assert scores.macro_f1 == pytest.approx(np.mean([14 / 17, 6 / 13, 4 / 12]))
    nothing = run_epoch(nn.Identity(), [Batch(-torch.ones(2, 3), torch.zeros(2, 3))], task, choose_device("cpu"))
    assert (nothing.macro_f1, nothing.exact_match) == (0.0, 1.0)
    assert task.rank(Scores(0.9, 0.5, macro_f1=0.8)) > task.rank(Scores(0.1, 0.9, macro_f1=0.7))


def test_what_only_helps_to_learn_does_what_it_says():
    outputs, targets = torch.randn(10, 3), labels().targets(ROWS)
    plain = functional.binary_cross_entropy_with_logits(outputs, targets)
    weights = torch.tensor([3 / 7, 7 / 3, 4.0])
    weighted = functional.binary_cross_entropy_with_logits(outputs, targets, pos_weight=weights)
    smoothed = functional.binary_cross_entropy_with_logits(outputs, targets * 0.8 + 0.1)
    for settings, wanted in (
        ({"balance": "weights"}, weighted),
        ({"label_smoothing": 0.2}, smoothed),
        ({"loss": "focal", "focal_gamma": 0.0}, plain),
        ({"loss": "focal", "focal_gamma": 0.0, "balance": "weights"}, weighted),
    ):
        assert torch.allclose(labels(**settings).loss(outputs, targets), wanted)
        assert torch.allclose(labels(**settings).judged(outputs, targets), plain)
    share = torch.sigmoid(torch.tensor(4.0, dtype=torch.double))
    sure = binary_focal(torch.tensor([[4.0]]), torch.tensor([[1.0]]), 2.0)
    assert sure.item() == pytest.approx(((1 - share) ** 2 * -share.log()).item(), rel=1e-3)


def test_without_training_each_label_is_known_for_itself():
    random = np.random.default_rng(0)
    seen = torch.tensor(random.normal(0, 1, (120, 3)), dtype=torch.float32)
    features, targets = seen.repeat(1, 20), (seen > 0.5).float()
    neighbours, linear = baseline(labels(), features[:90], targets[:90], features[90:], targets[90:])
    assert neighbours.macro_f1 > 0.6 and linear.macro_f1 > 0.8
    asked = torch.sigmoid(_logistic(features, targets, features[:9], 3, _each_for_itself))
    for number in range(3):
        wanted = LogisticRegression(C=STRENGTH, tol=1e-8, max_iter=1000).fit(features, targets[:, number])
        assert np.allclose(asked[:, number], wanted.predict_proba(features[:9])[:, 1], atol=5e-3)


# A whole run ----------------------------------------------------------------------------------------------------------


def quarters(number, names):
    """Four quarters, each in the colour of one of the names, or grey."""
    random = np.random.default_rng(number)
    colours = [COLOURS[name] for name in (*names, *random.choice([*names, "grey"], 4 - len(names)))]
    pixels = np.array(colours, float)[random.permutation(4)].reshape(2, 2, 3).repeat(32, axis=0).repeat(32, axis=1)
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels + random.normal(0, 8, pixels.shape), 0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def dataset(workspace, make_zip):
    random = np.random.default_rng(0)
    has = [[name for name in ("blue", "green", "red") if random.random() < 0.5] for _ in range(40)]
    rows = [json.dumps({"file_name": f"{n}.png", "labels": names}) for n, names in enumerate(has)]
    files = {f"{n}.png": quarters(n, names) for n, names in enumerate(has)}
    return import_path(workspace, make_zip(files={**files, "metadata.jsonl": "\n".join(rows).encode()}))


@pytest.fixture
def recipe(dataset, small_backbone):
    return Recipe(
        dataset=dataset.id,
        dataset_version=1,
        backbone=small_backbone,
        loss="binary_cross_entropy",
        epochs=40,
        batch_size=8,
        learning_rate=0.1,
        precision="float32",
    )


def test_from_images_to_a_probability_for_each_label(workspace, recipe, train):
    events = train(recipe)
    (started,), (ended,), (simple,) = of(Started, events), of(Ended, events), of(Baseline, events)
    assert ended.validation.macro_f1 > 0.9 > started.naive.macro_f1 and simple.linear.exact_match is not None
    predictor = Predictor.open(workspace.runs / "run" / "bundle")
    images = [("both", quarters(99, ["blue", "red"])), ("one", quarters(98, ["green"])), ("broken", b"x")]
    both, one, broken = predictor.predict(images, top=1)
    assert set(both.labels) == {"blue", "red"} and one.labels == ("green",) and broken.labels is None
    assert sum(guess.probability for guess in both.top) > 1 and len(both.top) == 3 and not one.is_unsure(3)
    lines = to_csv([one, both, broken]).splitlines()
    assert lines[0] == "image,labels,blue probability,green probability,red probability,foreign,milliseconds,error"
    assert lines[1].startswith("one,green,0.") and lines[2].startswith(f"both,{'; '.join(both.labels)},")


def test_mixed_images_have_mixed_labels_and_folds_are_answered(workspace, recipe):
    mixing = recipe.model_copy(update={"mixup": 0.4, "cutmix": 1.0, "balance": "weights", "epochs": 2, "freeze": 1})
    found = cross_validate(workspace, mixing, 2)
    answers = found.answers()
    assert found.metrics() == ["loss", "accuracy", "macro_f1", "exact_match"] and len(answers) == 40
    said = np.stack(answers["probabilities"]) > 0.5
    names = np.array(["blue", "green", "red"])
    assert ["; ".join(names[row]) for row in said] == answers["said"].tolist()
    mine = answers[answers["fold"] == 1]
    assert found.done[0].held_out.exact_match == pytest.approx((mine["said"] == mine["labels"]).mean())


def test_what_does_not_fit_is_refused_in_words(workspace, dataset, recipe):
    for setting, words in (
        ({"loss": "cross_entropy"}, "several labels each, so the loss must be binary_cross_entropy or focal"),
        ({"balance": "sampling"}, "so the balance must be none or weights"),
        ({"best_by": "rmse"}, "best-by score must be macro_f1"),
    ):
        with pytest.raises(RecipeError, match=words):
            check_recipe(workspace, recipe.model_copy(update=setting))
    assert isinstance(task_of(dataset, recipe), Labels)
