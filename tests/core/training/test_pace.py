"""What a run will take, by those before it."""

import os

import pandas as pd
import pytest

from core.backbones.bundled import MINILM, bundled_file
from core.backbones.language.config import multiply_adds, read_config
from core.backbones.libraries import find
from core.importing.importing import import_path
from core.modalities.texts.kept import FILE, KeptTexts
from core.modalities.texts.tokenized import tokenizer_of
from core.runs.expectations import expect
from core.training.pace import GFLOPS_A_SECOND, Expected, Pace
from core.training.recipe import Recipe
from core.training.trials.probe_results import Estimate

PACE = Pace(2.0, 0.01, 0.1, 0.001, 0.5, step=1.0, fitting=0.0, stages=10, measured=True)
RECIPE = Recipe(dataset="x", dataset_version=1, backbone="efficientnet_lite0", epochs=4, augmentation="none")


def test_all_frozen_the_network_runs_once():
    found = PACE.expected(RECIPE, 80, 20, 10)
    assert found.seconds["features"] == pytest.approx(10.0) and found.images == {"reading": 100, "features": 100}
    assert found.seconds["training"] == pytest.approx(4 * 100 * 0.001)
    assert found.seconds["finishing"] == pytest.approx(0.5 + 10 * 0.11)


def test_free_stages_cost_their_share_in_every_epoch():
    found = PACE.expected(RECIPE.model_copy(update={"freeze": 5}), 80, 20)
    assert found.seconds["training"] == pytest.approx(4 * 100 * (0.001 + 0.5))
    assert found.seconds["features"] == pytest.approx((100 * 0.5 + 100 * 0.5) * 0.1)


def test_what_a_run_took_is_what_the_next_one_is_expected_to_take(workspace):
    spent = {"loading": (3.0, 1), "reading": (2.0, 100), "features": (20.0, 100), "training": (4.0, 1000)}
    found = Pace.of(workspace, "efficientnet_lite0").after(spent, frozen=9, stages=9, train=80)
    found.keep(workspace, "efficientnet_lite0")
    kept = Pace.of(workspace, "efficientnet_lite0")
    assert (kept.loading, kept.reading, kept.forward, kept.head, kept.stages) == (3.0, 0.02, 0.2, 0.004, 9)
    assert kept.measured and not Pace.of(workspace, "another").measured


def test_an_estimate_for_this_very_recipe_is_believed():
    found = PACE.expected(RECIPE, 80, 20).by(Estimate(10.0, 6.0, 1.0, None, "CPU"), 4)
    assert found.seconds["training"] == 4.0
    assert found.total == pytest.approx(6.0 + 4.0 + 0.5)


def test_what_cannot_be_read_is_expected_of_nothing(tmp_path):
    assert Expected.read(tmp_path / "none.json") == Expected() and Expected().course.left is None


def test_a_dataset_says_how_many_images_there_are(workspace, make_zip):
    made = import_path(workspace, make_zip({"red": 10, "blue": 10}), name="x")
    recipe = RECIPE.model_copy(update={"dataset": made.id})
    assert expect(workspace, recipe).images["reading"] == 20


@pytest.fixture
def sentiment(workspace):
    from core.importing.importing import import_sample

    return import_sample(workspace, "sentiment")


def _cost(info, lengths):
    """Seconds to read texts of so many tokens once, one after the other, by each layer's own multiply-adds."""
    config = read_config(info.folder)
    return sum(multiply_adds(config, info.parameters, int(tokens)) for tokens in lengths) / (
        GFLOPS_A_SECOND * os.cpu_count()
    )


@pytest.mark.parametrize("times", [1, 12])
def test_before_any_run_has_told_texts_are_reckoned_by_how_long_they_are(workspace, sentiment, times):
    """The same sentences, and each of them twelve times in a row."""
    if bundled_file(MINILM) is None:
        pytest.skip("minilm is not installed: python -m core.backbones.build_weights")
    texts = [text for text, _ in KeptTexts(sentiment.path(FILE))[sentiment.frame["row"].to_numpy()]]
    if times > 1:
        table = pd.DataFrame({"text": [" ".join([text] * times) for text in texts], "label": sentiment.frame["label"]})
        path = workspace.root / "long.csv"
        table.to_csv(path, index=False)
        sentiment = import_path(workspace, path)
    place = {"dataset": sentiment.id, "dataset_version": 1, "modality": "text", "task": "classes"}
    recipe = Recipe.parse({**place, "backbone": MINILM, "freeze": 0, "epochs": 3})
    info = recipe.fitted(find(MINILM), sentiment)
    given = [" ".join([text] * times) for text in texts]
    lengths = [len(each.ids) for each in tokenizer_of(info.preprocessing).encode_batch(given)]
    found, once = expect(workspace, recipe, sentiment, stages=7).seconds, _cost(info, lengths)
    assert once / 2 < found["features"] < once * 2
    assert 3 * 3 * once / 2 < found["training"] < 3 * 3 * once * 2  # three epochs; back takes twice as long as forward


def test_what_a_run_of_short_texts_took_tells_of_long_ones_too(workspace):
    spent = {"features": (20.0, 100), "training": (4.0, 1000)}
    Pace.of(workspace, "minilm", 0.25).after(spent, frozen=7, stages=7, train=80).keep(workspace, "minilm", 0.25)
    assert Pace.of(workspace, "minilm", 0.25).forward == pytest.approx(0.2)
    assert Pace.of(workspace, "minilm", 1.5).forward == pytest.approx(1.2)


def test_a_text_whose_tokenizer_is_not_here_is_reckoned_by_its_letters(sentiment):
    info = find("hub/bert-base-uncased").fitted(longest=128)
    assert 0.1 < sentiment.modality.work(sentiment, info) < 0.3  # about 20 of 128 tokens
