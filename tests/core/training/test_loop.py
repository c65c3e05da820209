import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from torch import nn

from core.runtime.device import choose_device
from core.training.loop import Batch, Updater, run_epoch
from core.training.process.events import Scores
from core.training.recipe import Recipe
from core.training.task import Classes, Number

RECIPE = Recipe(dataset="a", dataset_version=1, backbone="b")
OF_NUMBERS = RECIPE.model_copy(update={"loss": "mean_squared_error"})
TWO = Classes(("a", "b"), RECIPE, pd.DataFrame({"label": ["a", "b"]}))


@pytest.fixture
def device():
    return choose_device("cpu")


def batches(count=4, size=8):
    generator = torch.Generator().manual_seed(0)
    for _ in range(count):
        inputs = torch.randn(size, 3, generator=generator)
        yield Batch(inputs, (inputs[:, 0] > 0).long())


def updater(model, device, rate=0.5):
    return Updater(torch.optim.SGD(model.parameters(), lr=rate), device.scaler())


def test_training_learns_and_evaluation_only_looks(device):
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    first = run_epoch(model, batches(), TWO, device)
    before = model.weight.clone()
    run_epoch(model, batches(), TWO, device)
    assert torch.equal(model.weight, before)
    for _ in range(10):
        run_epoch(model, batches(), TWO, device, updater(model, device))
    last = run_epoch(model, batches(), TWO, device)
    assert last.loss < first.loss / 2
    assert last.accuracy > 0.9


def test_scores_are_means_over_images_not_over_batches(device):
    """A small last batch must not count as much as a full one."""
    model = nn.Linear(3, 2)
    uneven = [Batch(torch.randn(n, 3), torch.zeros(n, dtype=torch.long)) for n in (30, 1)]
    together = Batch(torch.cat([batch.inputs for batch in uneven]), torch.zeros(31, dtype=torch.long))
    apart = run_epoch(model, uneven, TWO, device)
    assert apart.loss == pytest.approx(run_epoch(model, [together], TWO, device).loss, rel=1e-5)


def test_an_epoch_that_is_told_to_stop_has_no_scores(device):
    model, seen = nn.Linear(3, 2), []

    def stop_at_second(images, totals):
        seen.append(totals[1].item())
        return len(seen) == 2

    assert run_epoch(model, batches(), TWO, device, updater(model, device), stop_at_second) is None
    assert seen == [8, 16]


def numbers(targets):
    return pd.DataFrame({"target": targets})


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 1.0), (1e6, 10.0), (-3e-4, 1e-5)])
def test_a_number_is_scored_in_its_own_unit(device, mean, spread):
    """Against scikit-learn's scores, however far from zero the target is."""
    random = np.random.default_rng(0)
    wanted = mean + spread * random.normal(size=70)
    task = Number("price", OF_NUMBERS, numbers(wanted[:50]))
    answers = wanted + spread * 0.3 * random.normal(size=70)
    outputs = torch.tensor((answers - task.mean) / task.deviation, dtype=torch.float32)[:, None]
    batches = map(Batch, outputs.split(16), task.targets(numbers(wanted)).split(16))
    scores = run_epoch(nn.Identity(), batches, task, device)
    assert scores.accuracy is None and "RMSE" in scores.words
    assert scores.rmse == pytest.approx(mean_squared_error(wanted, answers) ** 0.5, rel=1e-3)
    assert scores.mae == pytest.approx(mean_absolute_error(wanted, answers), rel=1e-3)
    assert scores.r2 == pytest.approx(r2_score(wanted, answers), abs=1e-3)


def test_the_best_epoch_of_a_number_has_the_smallest_error_and_of_classes_the_highest_accuracy():
    assert Number("x", OF_NUMBERS, numbers([1.0, 2.0])).rank(Scores(0.1, rmse=1.0)) > Number(
        "x", OF_NUMBERS, numbers([1.0])
    ).rank(Scores(0.1, rmse=2.0))
    assert TWO.rank(Scores(0.9, 0.8)) > TWO.rank(Scores(0.1, 0.7)) > TWO.rank(Scores(0.2, 0.7))


def test_a_constant_target_is_learned_without_dividing_by_zero(device):
    task = Number("x", OF_NUMBERS, numbers([5.0, 5.0]))
    scores = run_epoch(nn.Identity(), [Batch(torch.zeros(2, 1), task.targets(numbers([5.0, 5.0])))], task, device)
    assert scores.rmse == 0 and scores.r2 is None and "RMSE 0" in scores.words
