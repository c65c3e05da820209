"""What is shown as seen before was learned from, and is the nearest."""

from __future__ import annotations

import pytest
import safetensors.torch

from core.data.dataset import load_dataset
from core.errors import RunError
from core.explaining.nearest import features_of, nearest_training
from core.inference.predictor import Predictor
from tests.conftest import image
from tests.core.training.conftest import (  # noqa: F401
    random_weights,
    recipe,
    small_backbone,
    train,
)


@pytest.fixture
def bundle(recipe, train, workspace):  # noqa: F811
    train(recipe)
    return workspace.runs / "run" / "bundle"


def nearest(workspace, bundle, recipe, data, **settings):  # noqa: F811
    predictor = Predictor.open(bundle)
    dataset = load_dataset(workspace, recipe.dataset, 1)
    return nearest_training(workspace, predictor, dataset, features_of(predictor, data), **settings), dataset


def test_the_example_itself_comes_first_and_none_that_was_not_learned_from(bundle, recipe, workspace):  # noqa: F811
    found, dataset = nearest(workspace, bundle, recipe, image("red", 3), most=40)
    learned = dataset.frame[dataset.frame["split"] == "train"]
    assert set(found["name"]) == set(learned["name"]) and list(found["label"][:3]) == ["red"] * 3
    assert found["cosine"].is_monotonic_decreasing
    own = learned.iloc[0]
    found, _ = nearest(workspace, bundle, recipe, dataset.path(own["image"]).read_bytes())
    assert len(found) == 6 and found["name"].iloc[0] == own["name"]
    assert found["cosine"].iloc[0] == pytest.approx(1, abs=0.01)


def test_an_earlier_bundle_gives_the_same_and_one_that_does_not_fit_says_so(bundle, recipe, workspace):  # noqa: F811
    kept, dataset = nearest(workspace, bundle, recipe, image("red", 3))
    file = bundle / "reference.safetensors"
    features = safetensors.torch.load_file(file)["features"]
    safetensors.torch.save_file({"features": features}, file)
    assert nearest(workspace, bundle, recipe, image("red", 3))[0].equals(kept)
    safetensors.torch.save_file({"features": features.flip(0).contiguous()}, file)
    with pytest.raises(RunError, match="kept without what it learned from"):
        nearest(workspace, bundle, recipe, image("red", 3))
    file.unlink()
    with pytest.raises(RunError, match="kept without what it learned from"):
        nearest(workspace, bundle, recipe, image("red", 3))


def test_another_dataset_says_that_what_was_learned_from_is_gone(bundle, recipe, workspace):  # noqa: F811
    predictor, dataset = Predictor.open(bundle), load_dataset(workspace, recipe.dataset, 1)
    dataset.frame["sha256"] = "0" * 64
    with pytest.raises(RunError, match="not in its dataset any more"):
        nearest_training(workspace, predictor, dataset, features_of(predictor, image("red")))
