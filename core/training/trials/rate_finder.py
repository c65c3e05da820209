"""Which learning rate to take: the range test of Leslie Smith (https://arxiv.org/abs/1506.01186).

The recipe is trained for a hundred steps, each at a higher rate than the one before, until the loss runs away. The
network that has been so abused is thrown away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count

import numpy as np
import torch

from core.progress import OnProgress, Progress
from core.runtime.device import Device, choose_device
from core.training import plan
from core.training.batches import endless_steps
from core.training.loop import Updater, run_epoch
from core.training.optimizers import build_optimizer, set_learning_rate
from core.training.preparation import Material, Prepared, prepare
from core.training.recipe import Recipe
from core.training.trials.batch_size import settle
from core.training.trials.probe_results import RateCurve
from core.training.trials.probing import ProbeReporter, between_runs
from core.workspace import Workspace

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 100
RUN_AWAY = 4.0  # times the least loss so far, or the first one above it: enough is seen
SMOOTHED = 3.0  # steps: the deviation of the bell curve by which the losses are smoothed
FALLEN = 0.02  # of the first loss: a curve that falls by less tells nothing
RISEN = 0.2  # of the whole fall: a loss that never rises by so much after its lowest point has no knee
NEAR = 0.02  # of the whole fall: so near to the least loss counts as there, as some losses lie at nothing for long


def find_rate(
    workspace: Workspace, recipe: Recipe, progress: OnProgress | None = None, device: Device | None = None
) -> RateCurve:
    """The curve for this recipe, in the phase that it begins with. Waits for a run at work; keeps nothing but caches.

    Raises:
        GraftError: the dataset or the weights are not there any more, or it cannot be trained here.
    """
    tell = progress or (lambda _: None)
    chosen = (device or choose_device()).at(recipe.precision)

    def probe() -> RateCurve:
        reporter = ProbeReporter(workspace, chosen, tell)
        torch.manual_seed(recipe.seed)
        material = Material(workspace, recipe, chosen, reporter)
        settle(material)
        phase = plan.phases(recipe, len(material.backbone.stages))[0]
        return _range_test(material, prepare(material, phase.frozen), tell)

    curve = between_runs(workspace, recipe, tell, probe)
    curve.keep(workspace, recipe)
    return curve


def _range_test(material: Material, prepared: Prepared, tell: OnProgress) -> RateCurve:
    recipe, device = material.recipe, material.device
    optimizer = build_optimizer(recipe, prepared.depths())
    updater = Updater(optimizer, device.scaler(), clip=recipe.clip)
    steps, done = endless_steps(prepared.train, material), count(1)

    def step(rate: float) -> float:
        """The loss of a step, before it is taken."""
        material.reporter.stopping()
        set_learning_rate(optimizer, rate)
        scores = run_epoch(prepared.model, next(steps), material.task, prepared.device, updater)
        tell(Progress("Trying learning rates", next(done), STEPS))
        return scores.loss if scores is not None else math.nan

    return range_test(step)


def range_test(step: Callable[[float], float]) -> RateCurve:
    """
    step: takes a step at the given learning rate, and says what the loss was before it.
    """
    rates, losses = [], []
    for rate in np.geomspace(LOWEST, HIGHEST, STEPS).tolist():
        loss = step(rate)
        if not math.isfinite(loss):
            break
        rates.append(rate)
        losses.append(loss)
        recent = float(np.median(losses[-3:]))
        if recent > RUN_AWAY * min(losses) and recent > 1.1 * losses[0]:
            break
    return _read(rates, losses)


def _read(rates: list[float], losses: list[float]) -> RateCurve:
    smooth = _smoothed(np.array(losses))
    drawn = rates, smooth.round(6).tolist()
    if len(rates) < 3 or smooth.min() > (1 - FALLEN) * smooth[0]:
        return RateCurve(*drawn, None, None)
    lowest = int(np.argmax(smooth <= smooth.min() + NEAR * (smooth[0] - smooth.min())))
    falls = np.gradient(smooth, np.log(rates))[: lowest + 1]
    ran_away = len(rates) < STEPS
    knee = ran_away or smooth[lowest:].max() - smooth.min() > RISEN * (smooth[0] - smooth.min())
    return RateCurve(*drawn, _two_figures(rates[int(falls.argmin())]), _two_figures(rates[lowest] / 10), bool(knee))


def _smoothed(values: np.ndarray) -> np.ndarray:
    """By a bell curve around each, which, other than a running mean, does not come late."""
    apart = np.arange(len(values))[:, None] - np.arange(len(values))[None, :]
    weights = np.exp(-0.5 * (apart / SMOOTHED) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)) @ values


def _two_figures(rate: float) -> float:
    return float(f"{rate:.1e}")
