"""What the curves of a run say, in a sentence, with what to do: rules of thumb that people who train networks know.

Losses are measured in units of the naive loss: what one pays who looks at no image and always gives the same answer.
So 1.0 is "nothing learned", for classes and for numbers, whatever the loss is called. A gain is how much of what can
be gained over that answer was gained: of accuracy, of F1, or of the variance (R²). 0 is nothing, 1 is everything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Literal

from core.runs.view import Status, View
from core.tasks.protocol import Task
from core.tasks.scores import Scores
from core.words import with_noun

Kind = Literal[
    "rate_too_high",
    "rate_too_low",
    "nothing_learned",
    "too_few_to_tell",
    "overfitting",
    "improving",
    "underfitting",
    "converged",
]

FEWEST_EPOCHS = 3  # with fewer, there is too little to say
FEW_IMAGES = 20  # in the validation part: one of them is 5% of the accuracy


@dataclass(frozen=True)
class Advice:
    """kind: for code. sentence: what is happening. todo: what to do about it, empty where nothing is to be done."""

    kind: Kind
    sentence: str
    todo: str = ""


def advice(view: View) -> Advice | None:
    """What the run's curves say, at work or when it is over. None where there is too little to say."""
    said = _advice(view)
    if said is None or view.noun == "image":
        return said
    todo = said.todo.replace("augmentation, ", "")
    return replace(said, sentence=with_noun(said.sentence, view.noun), todo=with_noun(todo, view.noun))


def _advice(view: View) -> Advice | None:
    curves = _Curves(view)
    if curves.infinite:
        return _infinite(curves)
    if len(view.curve) < FEWEST_EPOCHS:
        return None
    rules = [rule for rule in RULES if not (curves.solved and rule in OF_STEPS)]
    return next((said for rule in rules if (said := rule(curves)) is not None), None)


class _Curves:
    """A view's curves, measured. train, held: losses in units of the naive one, training's and validation's (or none);
    what is judged is validation, where there is one."""

    def __init__(self, view: View) -> None:
        self.view, self.rows, self.naive = view, view.curve, view.naive
        self.infinite = _is_infinite(view)
        unit = view.naive.loss if view.naive else self.rows[0].train.loss if self.rows else 1.0
        self.unit = unit if unit > 0 else 1.0
        self.train = [row.train.loss / self.unit for row in self.rows]
        self.held = [row.validation.loss / self.unit for row in self.rows if row.validation]
        self.judged = self.held or self.train
        self.part = "validation" if self.held else "training"
        self.rates = [row.learning_rate for row in self.rows]
        self._typical: dict[str, float | None] = {}
        self.solved = not any(self.rates)  # a head that is solved for takes no steps that could be wrong

    @property
    def goes_on(self) -> bool:
        """Whether the run can still be changed on its way."""
        return self.view.status.active or self.view.status in (Status.PAUSED, Status.INTERRUPTED)

    def gains(self, part: str) -> list[float]:
        """Of each epoch, where it can be told. part: "train" or "validation"."""
        said = [scores for row in self.rows if (scores := getattr(row, part))]
        gain = said[0].task.gain if said else None  # one run has scores of one task
        return [gained for scores in said if gain and (gained := gain(scores, self.naive)) is not None]

    def typical(self, part: str) -> float | None:
        """The gain of the later half of the epochs: one lucky epoch does not count."""
        if part not in self._typical:  # three rules ask, of thousands of epochs, twice a second
            gains = self.gains(part)
            self._typical[part] = median(gains[len(gains) // 2 :]) if gains else None
        return self._typical[part]

    @property
    def few(self) -> bool:
        """Whether there are so few validation images that their score is luck for the most part."""
        return 0 < self.view.judged_on < FEW_IMAGES

    def chance(self) -> float:
        """Up to which gain it may have been luck: two standard deviations of guessing, with so many images."""
        images, naive = self.view.judged_on, self.naive
        share = naive.get(naive.main.name) if naive and naive.main.unit == "share" else None
        if not images or share is None:
            return 0.1
        return max(0.1, 2 * math.sqrt(share * (1 - share) / images) / max(1 - share, 1e-9))

    @property
    def kept(self) -> str:
        """A sentence on whose weights are kept, where those are not the last ones."""
        best = self.view.best_epoch
        return f" The weights of epoch {best}, the best, are kept." if best and best != self.rows[-1].epoch else ""

    @property
    def best(self) -> int:
        """The place of the epoch whose weights are kept."""
        best = self.view.best_epoch
        return next((place for place, row in enumerate(self.rows) if row.epoch == best), 0)

    def at_best(self) -> tuple[str, str | None]:
        """What the epoch whose weights are kept scored, in training and in validation."""
        row = next((row for row in self.rows if row.epoch == self.view.best_epoch), self.rows[-1])
        return _said(row.train), _said(row.validation) if row.validation else None

    def said(self, part: str) -> str:
        """What the last epoch scored in a part."""
        return _said(getattr(self.rows[-1], part))

    @property
    def task(self) -> Task:
        return self.rows[-1].train.task


def _said(scores: Scores) -> str:
    """`98%`, `macro F1 87%`, or `RMSE 3.2`."""
    main = scores.main
    value = scores.get(main.name)
    return main.said(value, exact=False) if main.counted else main.words(value, exact=False)


def _is_infinite(view: View) -> bool:
    losses = [row.train.loss for row in view.curve] + [loss for _, loss in view.step_losses]
    failed = view.ended is not None and view.ended.error == "LossNotFinite"
    return failed or not all(map(math.isfinite, losses))


# The rules, in the order in which they are asked: what spoils everything comes first ----------------------------------


def _infinite(curves: _Curves) -> Advice:
    """Divergence: a step too large gave a loss that is no number any more."""
    return Advice("rate_too_high", "The loss became infinite: the learning rate is too high.", _lower(curves))


def _rate_too_high(curves: _Curves) -> Advice | None:
    """The steps overshoot: the training loss stays above the naive one, or jumps up again and again."""
    least = min(curves.train[-3:])
    if least > 5 or (least > 1.5 and curves.train[-1] > 0.7 * curves.train[-2]):
        said = "The learning rate is too high: the loss is larger than that of always giving the same answer."
        return Advice("rate_too_high", said, _lower(curves))
    if _jumps(curves) >= 3:
        said = "The learning rate is too high: the training loss jumps up again and again instead of falling."
        return Advice("rate_too_high", said, _lower(curves))
    return None


def _jumps(curves: _Curves) -> int:
    """How often, of late, the training loss rose by much. What was at a far higher rate is over, while the run goes
    on."""
    first = max(1, len(curves.train) - 8)
    return sum(
        after > 1.2 * before + 0.05
        for number, (before, after) in enumerate(_pairs(curves.train)[first - 1 :], start=first)
        if not curves.goes_on or curves.rates[number] <= 2 * curves.rates[-1]
    )


def _lower(curves: _Curves) -> str:
    rate = max(curves.rates[-3:], default=0.0)
    example = f", for instance to {rate / 10:.1g}" if rate else ""
    if curves.goes_on:
        return f"Lower it{example}: Change this run."
    return f"Start a new run with a lower one{example.replace('to ', '')}."


def _rate_too_low(curves: _Curves) -> Advice | None:
    """The training loss is still high, falls in nearly every epoch, by next to nothing, and does not level off."""
    begins = max((number for number in range(1, len(curves.rates)) if _rose(curves.rates, number)), default=0)
    losses, rates = curves.train[begins:], curves.rates[begins:]
    if len(losses) < FEWEST_EPOCHS or losses[-1] < 0.5:
        return None
    steps = [before - after for before, after in _pairs(losses)]
    still = max(map(abs, steps)) < 0.0005
    slow = fmean(steps) < 0.01 and sum(step > 0 for step in steps) >= 0.8 * len(steps) and _is_steady(steps, rates)
    if not still and not slow:
        return None
    higher = f"{max(rates) * (100 if still else 10):.1g}"
    said = "The learning rate is too low: the loss hardly moves."
    if curves.goes_on:
        return Advice("rate_too_low", said, f"Raise it, for instance to {higher}: Change this run.")
    return Advice("rate_too_low", said, f"Start a new run with a higher one, for instance {higher}.")


def _rose(rates: Sequence[float], number: int) -> bool:
    """Whether the rate is warming up, or was raised."""
    return rates[number] > 1.05 * rates[number - 1]


def _is_steady(steps: Sequence[float], rates: Sequence[float]) -> bool:
    """Whether the second half of the steps gets as far as the first, for the learning rate that it had."""
    middle = len(steps) // 2
    if not middle:
        return True
    first = sum(steps[:middle]) / max(sum(rates[1 : middle + 1]), 1e-30)
    second = sum(steps[middle:]) / max(sum(rates[middle + 1 :]), 1e-30)
    return second > 0.5 * first


def _nothing_learned(curves: _Curves) -> Advice | None:
    """The scores are those of always giving the same answer: the largest class, or the mean."""
    if len(curves.rows) < FEWEST_EPOCHS + 1:
        return None
    answer = curves.task.constant_answer
    train, held = curves.typical("train"), curves.typical("validation")
    if train is not None and train < 0.1 and (held is None or held < curves.chance()):
        return Advice(
            "nothing_learned",
            f"Nothing was learned: it does no better than always answering with {answer}.",
            "Look on Data whether the labels fit the images. If they do, free more stages, so that the network can "
            "learn to see what matters here, or try another learning rate.",
        )
    if train is not None and train >= 0.3 and held is not None and held < (0.1 if curves.few else curves.chance()):
        return Advice(
            "nothing_learned",
            f"Nothing was learned that helps with new images: {curves.said('validation')} there, "
            f"as by always answering with {answer}, but {curves.said('train')} in training.",
            "Look on Data whether the labels fit the images and whether there are enough of each: "
            "what is learned by heart fits anything.",
        )
    return None


def _too_few_to_tell(curves: _Curves) -> Advice | None:
    """With few validation images the score goes in coarse steps, and which epoch is best is luck."""
    images = curves.view.judged_on
    if not curves.few:
        return None
    main = curves.task.metrics[0]
    coarse = f"each is {1 / images:.0%} of the {main.lower_title}" if main.counted else "a single one decides much"
    return Advice(
        "too_few_to_tell",
        f"Only {images} validation image{'s' * (images != 1)}: {coarse}, so the curves cannot tell much.",
        "Give the validation part a larger share on Data, or collect more images.",
    )


def _overfitting(curves: _Curves) -> Advice | None:
    """The validation loss has risen for a while since its lowest point, while the training loss fell further, and no
    epoch since was better by the score that says which one is kept: what is kept is never called overfitted."""
    lowest = min(range(len(curves.held)), key=curves.held.__getitem__, default=0)
    last_good = max(lowest, curves.best)
    if len(curves.held) - 1 - last_good < 3:
        return None
    rise = fmean(curves.held[-3:]) - curves.held[lowest]
    falls = curves.train[-1] < 0.98 * curves.train[last_good]
    if rise < max(0.05 * curves.held[lowest], 0.01) or not falls:
        return None
    since = curves.rows[last_good + 1].epoch
    return Advice(
        "overfitting",
        f"Overfitting since epoch {since}: the training loss still falls, but the validation loss rises.{curves.kept}",
        ("You can stop and keep now: more epochs will hardly help. " if curves.goes_on else "") + AGAINST_OVERFITTING,
    )


AGAINST_OVERFITTING = "Against it help more images, augmentation, more frozen stages, or more weight decay."


def _improving(curves: _Curves) -> Advice | None:
    """What is judged got better in the last quarter of the epochs, and not by chance alone."""
    recent = max(2, len(curves.judged) // 4)
    before, now = min(curves.judged[:-recent]), min(curves.judged[-recent:])
    if before - now < max(0.02 * before, 0.005):
        return None
    was, is_now = before * curves.unit, now * curves.unit
    said = f"Still improving: in the last {recent} epochs, the {curves.part} loss fell from {was:.3g} to {is_now:.3g}."
    if curves.goes_on:
        return Advice("improving", said, "Let it go on.")
    more = max(5, curves.view.epoch // 2)
    return Advice(
        "improving", said, f"It may get better still: train it for {more} epochs more, under Change this run."
    )


def _underfitting(curves: _Curves) -> Advice | None:
    """Nothing gets better any more, and what was learned is little, in training as in validation (high bias)."""
    train, held = curves.typical("train"), curves.typical("validation")
    if train is None or train > 0.7 or (held is not None and train - held > 0.15):
        return None
    learned, new = curves.at_best()
    both = f"{learned} in training" + (f" and {new} in validation" if new else "")
    return Advice(
        "underfitting",
        f"Underfitting: it gets no better, and is not good even at what it learns from ({both}, at the best epoch).",
        "Free one more stage, or choose a larger backbone. If some labels may be wrong, look on Data.",
    )


def _converged(curves: _Curves) -> Advice | None:
    """Nothing gets better any more. Where training is far ahead of validation, it was learned by heart."""
    train, held = curves.typical("train"), curves.typical("validation")
    if train is not None and held is not None and train - held > 0.2:
        learned, new = curves.at_best()
        return Advice(
            "overfitting",
            f"Overfitting: it knows the training images far better than new ones ({learned} and {new}, at the best "
            f"epoch), and the validation loss falls no further.{curves.kept}",
            AGAINST_OVERFITTING,
        )
    unseen = "" if curves.held else " Without a validation part, overfitting cannot be seen."
    todo = "You can stop and keep now: more epochs will hardly help." if curves.goes_on else ""
    return Advice("converged", f"Converged: the {curves.part} loss hardly moves any more.{unseen}", todo)


RULES: tuple[Callable[[_Curves], Advice | None], ...] = (
    _rate_too_high,
    _rate_too_low,
    _nothing_learned,
    _too_few_to_tell,
    _overfitting,
    _improving,
    _underfitting,
    _converged,
)
OF_STEPS = (_rate_too_high, _rate_too_low, _improving)  # what more, larger or smaller steps would mend


def _pairs(values: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(values, values[1:]))
