"""Several labels an image, from the recipe to the answer."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from core.errors import RecipeError
from core.importing.importing import import_path
from core.inference.predictor import Predictor
from core.inference.table import to_csv
from core.runs.checks import check_recipe
from core.tasks.simple_models import STRENGTH, each_for_itself, logistic
from core.training.process.events import Baseline, Ended, Started
from core.training.recipe import Recipe
from core.training.trials.baseline import baseline
from core.training.trials.crossval import cross_validate
from tests.conftest import COLOURS
from tests.core.tasks.objectives import of_labels
from tests.core.training.test_trainer import of


def test_without_training_each_label_is_known_for_itself():
    random = np.random.default_rng(0)
    seen = torch.tensor(random.normal(0, 1, (120, 3)), dtype=torch.float32)
    features, targets = seen.repeat(1, 20), (seen > 0.5).float()
    task = of_labels(["a", "b", "c"], ("a", "b", "c"))
    neighbours, linear = baseline(task, features[:90], targets[:90], features[90:], targets[90:])
    assert neighbours.get("macro_f1") > 0.6 and linear.get("macro_f1") > 0.8
    asked = torch.sigmoid(logistic(features, targets, features[:9], 3, each_for_itself))
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
    assert (
        ended.validation.get("macro_f1") > 0.9 > started.naive.get("macro_f1")
        and simple.linear.get("exact_match") is not None
    )
    predictor = Predictor.open(workspace.runs / "run" / "bundle")
    images = [("both", quarters(99, ["blue", "red"])), ("one", quarters(98, ["green"])), ("broken", b"x")]
    both, one, broken = predictor.predict(images, top=1)
    assert (
        set(both.prediction.labels) == {"blue", "red"}
        and one.prediction.labels == ("green",)
        and broken.prediction is None
    )
    assert sum(guess.probability for guess in both.prediction.each) > 1 and len(both.prediction.each) == 3
    lines = to_csv([one, both, broken]).splitlines()
    assert lines[0] == "image,labels,blue probability,green probability,red probability,foreign,milliseconds,error"
    assert lines[1].startswith("one,green,0.") and lines[2].startswith(f"both,{'; '.join(both.prediction.labels)},")


def test_mixed_images_have_mixed_labels_and_folds_are_answered(workspace, recipe):
    mixing = recipe.model_copy(update={"mixup": 0.4, "cutmix": 1.0, "balance": "weights", "epochs": 2, "freeze": 1})
    found = cross_validate(workspace, mixing, 2)
    answers = found.answers()
    names = [metric.name for metric in found.metrics()]
    assert names == ["loss", "macro_f1", "accuracy", "exact_match"] and len(answers) == 40
    said = np.stack(answers["probabilities"]) > 0.5
    names = np.array(["blue", "green", "red"])
    assert ["; ".join(names[row]) for row in said] == answers["said"].tolist()
    mine = answers[answers["fold"] == 1]
    assert found.done[0].held_out.get("exact_match") == pytest.approx((mine["said"] == mine["labels"]).mean())


def test_what_does_not_fit_is_refused_in_words(workspace, dataset, recipe):
    for setting, words in (
        ({"loss": "cross_entropy"}, "several labels each, so the loss must be binary_cross_entropy or focal"),
        ({"balance": "sampling"}, "so the balance must be none or weights"),
        ({"best_by": "rmse"}, "best-by score must be macro_f1"),
    ):
        with pytest.raises(RecipeError, match=words):
            check_recipe(workspace, recipe.model_copy(update=setting))
