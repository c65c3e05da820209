"""What a run would take: measured on a few images, and how many there are to come."""

from __future__ import annotations

import numpy as np
import pytest

from core import runs
from core.runs import making
from core.runtime.device import choose_device
from core.training.preparation import Material, outlook, prepare
from core.training.sources import Again
from core.training.trials.estimate import _seconds_each, estimate
from core.training.trials.probe_results import Estimate
from core.training.trials.probing import ProbeReporter


@pytest.fixture
def material(workspace, recipe):
    def make(**settings):
        device = choose_device("cpu")
        reporter = ProbeReporter(workspace, device, lambda _: None)
        return Material(workspace, recipe.model_copy(update=settings), device, reporter)

    return make


def test_what_is_still_to_be_done_is_foreseen(material):
    ahead = outlook(material(), 3)
    assert (ahead.keeps, ahead.images, ahead.rows) == (True, 27, 27)
    prepare(material(), 3)
    ahead = outlook(material(), 3)
    assert (ahead.keeps, ahead.images, ahead.rows) == (True, 0, 0)
    assert outlook(material(augmentation="standard", views=3), 3).rows == 3 * 21, "views of the training part"
    assert outlook(material(), 0).rows == 0 and not outlook(material(cutmix=1.0), 3).keeps


def test_a_few_images_share_the_network(material):
    whole = material()
    few = whole.of(whole.dataset)
    assert few.backbone is whole.backbone and few.examples is not whole.examples


@pytest.mark.parametrize("settings", [{}, {"freeze": 0}, {"freeze": 2, "unfreeze": "after_head", "cutmix": 1.0}])
def test_a_run_is_estimated_and_nothing_but_caches_is_left(workspace, recipe, settings, monkeypatch):
    monkeypatch.setattr("core.training.trials.estimate.SECONDS", 0.02)
    recipe = recipe.model_copy(update=settings)
    before = {path for path in workspace.root.rglob("*") if "cache" not in path.parts}
    told = []
    found = estimate(workspace, recipe, told.append)
    assert 0 < found.preparing < found.seconds and found.epoch > 0
    assert found.seconds >= found.preparing + found.epoch and found.memory_bytes > 10**7
    assert Estimate.kept(workspace, recipe) == found
    assert told[-1].phase == "Trying a few steps"
    left = {path for path in workspace.root.rglob("*") if "cache" not in path.parts} - before
    assert {path.name for path in left} <= {"device.lock", "measured.json"}


def test_three_times_the_epochs_take_three_times_as_long(workspace, recipe, monkeypatch):
    monkeypatch.setattr("core.training.trials.estimate._seconds_each", lambda take, most=64: take(1) or 0.5)
    short, long = (estimate(workspace, recipe.model_copy(update={"epochs": many})) for many in (2, 6))
    steps, validation = 3, 1  # 21 images in batches of 8, and one batch of all 6
    assert short.epoch == long.epoch == 0.5 * (steps + validation)
    assert short.seconds - short.preparing == pytest.approx(2 * short.epoch, abs=0.01)
    assert long.seconds - long.preparing == pytest.approx(6 * long.epoch, abs=0.01)


def test_the_first_step_does_not_count_and_slow_ones_are_few(monkeypatch):
    clock, takes = [0.0], []

    def take(many):
        takes.append(many)
        clock[0] += 100.0 if len(takes) == 1 else 0.7 * many

    monkeypatch.setattr("core.training.trials.estimate.time.monotonic", lambda: clock[0])
    assert _seconds_each(take) == pytest.approx(0.7)
    assert takes == [1, 2, 4]


def test_pace_leaves_out_the_first_images(workspace, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("core.training.trials.probing.time.monotonic", lambda: clock[0])
    reporter = ProbeReporter(workspace, choose_device("cpu"), lambda _: None)
    reporter.begin("features")
    for moment, done in ((10.0, 16), (12.0, 32), (14.0, 48)):
        clock[0] = moment
        reporter.prepared(done, 48)
    assert reporter.pace["features"] == 4.0 / 32


def test_a_run_takes_its_estimate_with_it(workspace, recipe, monkeypatch):
    monkeypatch.setattr(making, "launch_worker", lambda *_: None)
    recipe = recipe.model_copy(update={"backbone": "efficientnet_lite0"})  # whose weights are there
    assert runs.start(workspace, recipe).estimate is None
    found = Estimate(10.0, 2.0, 1.0, None, "CPU")
    found.keep(workspace, recipe)
    assert runs.start(workspace, recipe).estimate == found
    assert Estimate.kept(workspace, recipe) is None, "what the run leaves in the cache would make it quicker"


def test_a_few_stand_for_many(material):
    few = material().examples[0]
    many = Again(few, 100)
    (batch,) = many.batches([np.array([3, 3 + len(few)])], None)
    assert len(many) == 100 and (batch["pixels"][0] == batch["pixels"][1]).all()
