"""What mistakes cost, and the thresholds with which they cost the least.

Of classes, a cost is that of missing an example of a class, whatever else it is called: then whoever knows the true
chances says the class with the largest chance times cost (C. Elkan, "The Foundations of Cost-Sensitive Learning",
2001), which is that with the largest chance for its threshold. Of two classes these are a miss and a false alarm. Of
labels a miss and a false alarm cost, each label for itself. "Not sure" has a cost of its own (C. K. Chow, 1970).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from core.evaluation.curves import is_there
from core.tasks.decision import NONE, SMALLEST, USUAL_THRESHOLD, Decision, class_said, for_threshold, labels_said
from core.tasks.judging import Judged

POINTS = 199  # of a drawn curve of costs
ROUNDS = 3  # through all classes, each with the others as they are
MOST_CLASSES = 50  # whose thresholds are tried each: of more there are too few examples of each to tell
MOST_EXAMPLES = 10_000  # of more some are tried
NORMAL = 1.96  # standard errors of a 95% interval
LOWEST, HIGHEST = 0.001, 0.999  # thresholds that can be chosen


@dataclass(frozen=True)
class Costs:
    """miss: of each class or label, (C,). alarm: of each label that is said and not there, (C,); of classes nothing, as
    who is called something else is a miss of another. unsure: of an answer "not sure"."""

    miss: tuple[float, ...]
    alarm: tuple[float, ...] = ()
    unsure: float = 0.0


@dataclass(frozen=True)
class Cost:
    """Of one example on average, with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class At:
    """What thresholds come to. cost, usual: theirs, and that of the usual ones. precision, recall: of one class; NaN
    where there is nothing to tell them by. unsure: the share of answers that are "not sure"."""

    cost: Cost
    usual: Cost
    precision: float
    recall: float
    unsure: float


@dataclass(frozen=True, eq=False)
class Sweep:
    """The cost of an example, on average, for each threshold of one class: (P,) each. best: the cheapest threshold;
    of those that cost the same the one nearest to what true chances would ask for."""

    thresholds: np.ndarray = field(repr=False)
    costs: np.ndarray = field(repr=False)
    best: float
    least: float


def paid(judged: Judged, decision: Decision, costs: Costs) -> np.ndarray:
    """What each example costs, (N,). One of a class that was never learned costs nothing, as nobody said what."""
    assert judged.chances is not None
    miss = np.array(costs.miss)
    if np.ndim(judged.truth) == 2:
        said, there = labels_said(judged.chances, decision), judged.truth
        return (there & ~said) @ miss + (said & ~there) @ np.array(costs.alarm)  # type: ignore[no-any-return]
    said = class_said(judged.chances, decision)
    wrong = np.where(said == judged.truth, 0.0, miss[judged.truth])
    return np.where(judged.truth < 0, 0.0, np.where(said == NONE, costs.unsure, wrong))


def at(judged: Judged, decision: Decision, costs: Costs, number: int) -> At:
    """number: of the class whose precision and recall are asked for."""
    from sklearn.metrics import precision_score, recall_score

    assert judged.chances is not None
    there = is_there(judged, number)
    if np.ndim(judged.truth) == 2:
        said_it, unsure = labels_said(judged.chances, decision)[:, number], 0.0
    else:
        said = class_said(judged.chances, decision)
        said_it, unsure = said == number, float((said == NONE).mean())
    precision, recall = (
        float(score(there, said_it, zero_division=np.nan)) for score in (precision_score, recall_score)
    )
    paid_now, paid_usually = (paid(judged, each, costs) for each in (decision, decision.without_thresholds()))
    return At(_cost(paid_now, judged.groups), _cost(paid_usually, judged.groups), precision, recall, unsure)


def _cost(each: np.ndarray, groups: np.ndarray) -> Cost:
    """With about two standard errors on either side, of groups where examples belong together."""
    value = float(each.mean())
    _, group = np.unique(groups, return_inverse=True)
    off = np.bincount(group, weights=each - value)
    error = float(np.sqrt((off**2).sum() * len(off) / max(1, len(off) - 1)) / len(each))
    return Cost(value, max(0.0, value - NORMAL * error), value + NORMAL * error)


def usual_thresholds(judged: Judged) -> tuple[float, ...]:
    return (USUAL_THRESHOLD,) * len(judged.names)


def expected(costs: Costs, of_labels: bool) -> tuple[float, ...]:
    """The thresholds that true chances ask for."""
    miss = np.maximum(np.array(costs.miss, np.float64), SMALLEST)
    if of_labels:
        alarm = np.array(costs.alarm)
        return _held(alarm / np.maximum(alarm + miss, SMALLEST))
    if len(miss) == 2:
        return _pair(1, float(miss[0] / miss.sum()))
    return _held(USUAL_THRESHOLD * miss.min() / miss)


def moved(thresholds: tuple[float, ...], number: int, to: float, of_labels: bool) -> tuple[float, ...]:
    """With another threshold of one class; of two classes the other's follows."""
    to = float(np.clip(to, LOWEST, HIGHEST))
    if len(thresholds) == 2 and not of_labels:
        return _pair(number, to)
    return (*thresholds[:number], to, *thresholds[number + 1 :])


def sweep(judged: Judged, decision: Decision, costs: Costs, number: int) -> Sweep:
    """All thresholds of one class or label, with the others as the decision has them."""
    assert judged.chances is not None
    thresholds = decision.thresholds or usual_thresholds(judged)
    if np.ndim(judged.truth) == 2:
        return _of_label(judged, thresholds, costs, number)
    known = judged.truth >= 0
    some = judged if known.all() else judged.of(known)
    chances, truth, miss = np.asarray(some.chances), some.truth, np.array(costs.miss)
    others = for_threshold(chances, thresholds)
    others[:, number] = -1
    instead, each = others.argmax(axis=1), np.arange(len(truth))
    if len(thresholds) == 2:  # its threshold moves the other's along
        values = chances[:, number]
    else:
        values = chances[:, number] / np.maximum(others[each, instead], SMALLEST)
    yes, no = (np.where(truth == said, 0.0, miss[truth]) for said in (number, instead))
    if decision.least:
        yes = np.where(chances[:, number] < decision.least, costs.unsure, yes)
        no = np.where(chances[each, instead] < decision.least, costs.unsure, no)
    return _swept(values, yes, no, expected(costs, of_labels=False)[number], len(judged))


def sweep_all_labels(judged: Judged, costs: Costs) -> Sweep:
    """One threshold for all labels."""
    assert judged.chances is not None
    miss, alarm = (np.broadcast_to(each, judged.chances.shape).ravel() for each in (costs.miss, costs.alarm))
    there, chances = np.asarray(judged.truth).ravel(), judged.chances.ravel()
    prefer = float(np.mean(expected(costs, of_labels=True)))
    return _swept(chances, np.where(there, 0.0, alarm), np.where(there, miss, 0.0), prefer, len(judged))


def sweep_least(judged: Judged, decision: Decision, costs: Costs) -> Sweep:
    """All chances below which an answer is "not sure"."""
    assert judged.chances is not None
    answers = decision.model_copy(update={"least": 0.0})
    said = class_said(judged.chances, answers)
    sure, wrong = judged.chances[np.arange(len(said)), said], paid(judged, answers, costs)
    prefer = 1 - costs.unsure / max(SMALLEST, float(np.mean(costs.miss)))
    return _swept(sure, wrong, np.where(judged.truth < 0, 0.0, costs.unsure), prefer, len(judged))


def best(judged: Judged, decision: Decision, costs: Costs) -> Decision:
    """The cheapest thresholds for these examples; of more classes than `MOST_CLASSES` those that true chances ask for.
    Whether "not sure" is an answer stays as it is."""
    of_labels = np.ndim(judged.truth) == 2
    if len(judged) > MOST_EXAMPLES:
        judged = judged.of(np.random.default_rng(0).choice(len(judged), MOST_EXAMPLES, replace=False))
    found = decision.model_copy(update={"thresholds": expected(costs, of_labels), "least": 0.0})
    many = len(judged.names)
    lone = many == 2 and not of_labels
    for _ in range(1 if of_labels or lone else ROUNDS if many <= MOST_CLASSES else 0):
        before = found.thresholds
        for number in (1,) if lone else range(many):
            to = sweep(judged, found, costs, number).best
            found = found.model_copy(update={"thresholds": moved(found.thresholds, number, to, of_labels)})
        if found.thresholds == before:
            break
    if decision.least and not of_labels:
        found = found.model_copy(update={"least": float(np.clip(sweep_least(judged, found, costs).best, 0, HIGHEST))})
    return found


def _of_label(judged: Judged, thresholds: tuple[float, ...], costs: Costs, number: int) -> Sweep:
    assert judged.chances is not None
    there = is_there(judged, number)
    yes, no = np.where(there, 0.0, costs.alarm[number]), np.where(there, costs.miss[number], 0.0)
    found = _swept(judged.chances[:, number], yes, no, expected(costs, of_labels=True)[number], len(judged))
    kept = Decision(thresholds=moved(thresholds, number, found.best, of_labels=True))
    others = paid(judged, kept, costs).mean() - found.least  # what the other labels cost stays
    return replace(found, costs=found.costs + others, least=found.least + others)


def _swept(values: np.ndarray, yes: np.ndarray, no: np.ndarray, prefer: float, examples: int) -> Sweep:
    """values: above a threshold the answer is yes. yes, no: what an example costs then, and otherwise. examples: by
    which the sum is divided."""
    order = np.argsort(values, kind="stable")
    values, gained = values[order], np.concatenate([[0.0], np.cumsum((no - yes)[order])])
    total = float(yes.sum())

    def cost(thresholds: np.ndarray) -> np.ndarray:
        below = np.searchsorted(values, thresholds, side="right")
        return (total + gained[below]) / max(1, examples)  # type: ignore[no-any-return]

    grid = np.linspace(0, 1, POINTS + 2)[1:-1]
    inside = np.unique(np.clip(values, LOWEST, HIGHEST))
    between = np.concatenate([[LOWEST, HIGHEST, np.clip(prefer, LOWEST, HIGHEST)], (inside[:-1] + inside[1:]) / 2])
    costs = cost(between)
    cheapest = between[costs <= costs.min() + 1e-12]
    found = float(cheapest[np.abs(cheapest - prefer).argmin()])
    return Sweep(grid, cost(grid), found, float(costs.min()))


def _pair(number: int, threshold: float) -> tuple[float, ...]:
    held = float(np.clip(threshold, LOWEST, HIGHEST))
    return (1 - held, held) if number == 1 else (held, 1 - held)


def _held(thresholds: np.ndarray) -> tuple[float, ...]:
    return tuple(float(each) for each in np.clip(thresholds, LOWEST, HIGHEST))
