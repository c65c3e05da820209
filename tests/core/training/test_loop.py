import pytest
import torch
from torch import nn

from core.runtime.device import choose_device
from core.training.loop import Batch, Updater, run_epoch
from tests.core.tasks.objectives import of_classes

TWO = of_classes(["a", "b"])


@pytest.fixture
def device():
    return choose_device("cpu")


class Line(nn.Linear):
    def forward(self, inputs):
        return super().forward(inputs["x"])


def batches(count=4, size=8):
    generator = torch.Generator().manual_seed(0)
    for _ in range(count):
        inputs = torch.randn(size, 3, generator=generator)
        yield Batch({"x": inputs}, (inputs[:, 0] > 0).long())


def updater(model, device, rate=0.5):
    return Updater(torch.optim.SGD(model.parameters(), lr=rate), device.scaler())


def test_training_learns_and_evaluation_only_looks(device):
    torch.manual_seed(0)
    model = Line(3, 2)
    first = run_epoch(model, batches(), TWO, device)
    before = model.weight.clone()
    run_epoch(model, batches(), TWO, device)
    assert torch.equal(model.weight, before)
    for _ in range(10):
        run_epoch(model, batches(), TWO, device, updater(model, device))
    last = run_epoch(model, batches(), TWO, device)
    assert last.loss < first.loss / 2
    assert last.get("accuracy") > 0.9


def test_scores_are_means_over_images_not_over_batches(device):
    """A small last batch must not count as much as a full one."""
    model = Line(3, 2)
    uneven = [Batch({"x": torch.randn(n, 3)}, torch.zeros(n, dtype=torch.long)) for n in (30, 1)]
    together = Batch({"x": torch.cat([batch.inputs["x"] for batch in uneven])}, torch.zeros(31, dtype=torch.long))
    apart = run_epoch(model, uneven, TWO, device)
    assert apart.loss == pytest.approx(run_epoch(model, [together], TWO, device).loss, rel=1e-5)


def test_an_epoch_that_is_told_to_stop_has_no_scores(device):
    model, seen = Line(3, 2), []

    def stop_at_second(images, totals):
        seen.append(totals[1].item())
        return len(seen) == 2

    assert run_epoch(model, batches(), TWO, device, updater(model, device), stop_at_second) is None
    assert seen == [8, 16]
