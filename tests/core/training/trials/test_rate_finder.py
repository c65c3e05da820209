"""The range test: on quadratics, whose answers are known, and on a recipe."""

from __future__ import annotations

import math

import pytest

from core.runtime.device import choose_device
from core.training.process.queue import device_lock
from core.training.trials import probing
from core.training.trials.probe_results import RateCurve
from core.training.trials.probing import GaveWay, ProbeReporter, between_runs
from core.training.trials.rate_finder import HIGHEST, LOWEST, STEPS, find_rate, range_test


def quadratic(curvature, floor=0.0):
    """Gradient descent on `curvature / 2 * w ** 2 + floor`, which runs away at rates above 2 / curvature."""
    at = 1.0

    def step(rate):
        nonlocal at
        loss = curvature / 2 * at**2 + floor
        at -= rate * curvature * at
        return loss

    return step


@pytest.mark.parametrize("curvature", [10.0, 100.0, 1000.0])
def test_a_quadratic_is_known(curvature):
    curve = range_test(quadratic(curvature))
    assert 0.01 / curvature < curve.steepest < 1 / curvature
    assert 0.01 / curvature < curve.tenth < 0.2 / curvature, "a tenth of at most 2 / curvature"
    assert curve.knee and curve.rates[0] == pytest.approx(LOWEST) and curve.rates[-1] > 2 / curvature
    assert len(curve.rates) < STEPS, "it ends once the loss has run away"


def test_ten_times_the_curvature_is_a_tenth_of_the_rate():
    one, other = range_test(quadratic(1.0)), range_test(quadratic(10.0))
    apart = (HIGHEST / LOWEST) ** (1 / STEPS)  # the rates that are tried lie so far apart
    assert one.steepest / other.steepest == pytest.approx(10, rel=apart - 1)
    assert one.tenth / other.tenth == pytest.approx(10, rel=apart - 1)


def test_a_loss_that_never_falls_suggests_nothing():
    flat = range_test(lambda rate: 1.0)
    assert (flat.steepest, flat.tenth, len(flat.rates)) == (None, None, STEPS)


def test_a_loss_that_stays_low_up_to_the_highest_rate_has_no_knee():
    """As of a head on features that tell the classes apart: it was solved long before any rate is too high."""
    curve = range_test(lambda rate: 1 / (1 + (rate / 0.0025) ** 2))
    assert 0.001 < curve.steepest < 0.005 and not curve.knee and curve.suggested is None
    assert "no knee" in curve.words and "Suggested" not in curve.words and "up to 10" in curve.words


@pytest.mark.parametrize("rise", [0.3, 3.0])
def test_a_loss_that_rises_again_has_a_knee(rise):
    curve = range_test(lambda rate: 1 / (1 + (rate / 0.0025) ** 2) + rise * rate / HIGHEST)
    assert curve.knee and curve.suggested == curve.steepest and curve.words.startswith("Suggested: ")


def test_a_loss_that_is_no_number_ends_it():
    curve = range_test(lambda rate: math.nan if rate > 0.1 else 1 / (1 + rate))
    assert curve.rates[-1] <= 0.1 and all(map(math.isfinite, curve.losses))


@pytest.mark.parametrize("settings", [{}, {"freeze": 2, "accumulate": 2, "optimizer": "sgd"}])
def test_a_recipe_has_a_curve_and_nothing_but_caches_is_left(recipe, workspace, settings):
    before = {path for path in workspace.root.rglob("*") if "cache" not in path.parts}
    told = []
    recipe = recipe.model_copy(update=settings)
    curve = find_rate(workspace, recipe, told.append)
    assert RateCurve.kept(workspace, recipe.model_copy(update={"learning_rate": 0.5, "epochs": 9})) == curve
    assert RateCurve.kept(workspace, recipe.model_copy(update={"batch_size": 4})) is None
    assert 1e-5 < curve.steepest < 5 and 1e-5 < curve.tenth < 1
    assert told[-1].phase == "Trying learning rates" and told[-1].done == len(curve.rates)
    left = {path for path in workspace.root.rglob("*") if "cache" not in path.parts} - before
    assert {path.name for path in left} <= {"device.lock", "measured.json"}


def test_the_same_recipe_gives_the_same_curve(recipe, workspace):
    assert find_rate(workspace, recipe) == find_rate(workspace, recipe)


def test_a_probe_waits_for_a_run_and_gives_way_to_one(workspace, monkeypatch):
    """A run is at work at first; another comes while the probe is under way, which then begins again."""
    monkeypatch.setattr(probing, "SECONDS_BETWEEN_LOOKS", 0.0)
    runs, tries, told = [True, False, True, False, False], [], []
    monkeypatch.setattr(probing, "is_anybody_waiting", lambda _: runs.pop(0))
    reporter = ProbeReporter(workspace, choose_device("cpu"), lambda progress: None)

    def probe():
        tries.append(device_lock(workspace))
        reporter.stopping()
        return "answer"

    assert between_runs(workspace, None, told.append, probe) == "answer"
    assert len(tries) == 2 and {each.phase for each in told} == {"Waiting for the run that is at work"}
    monkeypatch.setattr(probing, "is_anybody_waiting", lambda _: True)
    with pytest.raises(GaveWay):
        reporter.stopping()
