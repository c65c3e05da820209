"""A number learned from images, from the recipe to the answer."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from core.errors import RecipeError
from core.importing.importing import import_path
from core.inference.predictor import Predictor
from core.inference.table import to_csv
from core.runs import Status
from core.runs import start as start_run
from core.training.recipe import Recipe
from tests.polling import poll


def shade(value):
    """An image as bright as its number says, 0 to 100."""
    noise = np.random.default_rng(int(value * 1000)).normal(0, 8, (64, 64, 1))
    pixels = np.clip(value * 2.2 + 15 + noise, 0, 255).astype(np.uint8).repeat(3, axis=2)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture
def dataset(workspace, make_zip):
    values = np.random.default_rng(0).uniform(0, 100, 60).round(2)
    rows = [json.dumps({"file_name": f"{n}.jpg", "price": 1e5 + value}) for n, value in enumerate(values)]
    files = {f"{n}.jpg": shade(value) for n, value in enumerate(values)}
    return import_path(workspace, make_zip(files={**files, "metadata.jsonl": "\n".join(rows).encode()}))


@pytest.fixture
def recipe(dataset):
    return Recipe(
        dataset=dataset.id,
        dataset_version=1,
        backbone="efficientnet_lite0",
        loss="mean_squared_error",
        epochs=40,
    )


def finished(run):
    poll(lambda: not run.view().status.active, run.log_tail, deadline=120)
    view = run.view()
    assert view.status is Status.FINISHED, view.message
    return view


def test_from_images_to_an_answer_in_the_numbers_own_unit(workspace, dataset, recipe):
    run = start_run(workspace, recipe)
    view = finished(run)
    assert (
        view.target == "price"
        and view.ended.validation.get("r2") > 0.5
        and view.ended.validation.get("accuracy") is None
    )
    assert view.ended.validation.get("rmse") < 30 and view.curve[-1].train.get("r2") > 0.9
    predictor = Predictor.open(run.bundle)
    dark, bright, broken = predictor.predict([("dark", shade(5)), ("bright", shade(95)), ("broken", b"x")])
    assert 1e5 - 30 < dark.prediction.value < 1e5 + 40 < 1e5 + 60 < bright.prediction.value < 1e5 + 130
    assert broken.error and broken.prediction is None
    lines = to_csv([dark, bright, broken]).splitlines()
    assert lines[0] == "image,value,foreign,milliseconds,error" and lines[1].startswith(f"dark,{dark.prediction.value}")


def test_the_loss_must_fit_what_the_images_have(workspace, recipe):
    with pytest.raises(RecipeError, match="have numbers, so the loss must be mean_squared_error"):
        start_run(workspace, recipe.model_copy(update={"loss": "cross_entropy"}))
