"""A folder that somebody gave, from the recipe to a bundle that needs it no more."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from core.backbones.language.folders import add_folder
from core.errors import RecipeError
from core.importing.importing import import_path
from core.inference.predictor import Predictor
from core.runs.checks import check_recipe, obstacle
from core.training import recipe_file
from core.training.process.events import Ended
from core.training.recipe import Recipe
from tests.core.backbones.language.tiny import write_folder


@pytest.fixture
def dataset(workspace, tmp_path):
    random, lines = np.random.default_rng(3), ["text,label"]
    for _ in range(40):
        words = [f"w{number}" for number in random.integers(20, 90, random.integers(3, 8))]
        label = random.choice(["good", "bad"])
        lines.append(f"{' '.join([*words, 'w5' if label == 'good' else 'w9'])},{label}")
    (tmp_path / "texts.csv").write_text("\n".join(lines))
    return import_path(workspace, tmp_path / "texts.csv")


def test_a_run_starts_ends_and_is_asked_after_the_folder_is_gone(workspace, tmp_path, dataset, train):
    info, _ = add_folder(workspace, write_folder(tmp_path / "own"))
    settings = {"backbone": info.name, "epochs": 2, "batch_size": 8, "precision": "float32", "freeze": 2}
    assert recipe_file.check(settings, "classes", "text", workspace).backbone == info.name
    with pytest.raises(RecipeError, match="backbone.*folder/own"):
        recipe_file.check(settings, "classes", "text")
    recipe = Recipe.parse(
        {**settings, "dataset": dataset.id, "dataset_version": 1, "modality": "text", "task": "classes"}
    )
    check_recipe(workspace, recipe)
    ended = train(recipe)[-1]
    assert isinstance(ended, Ended) and ended.epochs == 2
    bundle = workspace.runs / "run" / "bundle"
    texts = [("one", "w5 w30 w31"), ("two", "w9 w40")]
    before = [each.prediction.plain() for each in Predictor.open(bundle).predict(texts)]
    shutil.rmtree(info.folder)
    assert info.name in obstacle(workspace, recipe)
    shutil.move(bundle, tmp_path / "elsewhere")
    after = [each.prediction.plain() for each in Predictor.open(tmp_path / "elsewhere").predict(texts)]
    assert after == before and all(each for each in after)
