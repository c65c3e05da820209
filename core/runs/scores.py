"""How well a run does, as it is said everywhere: on which images, how many, and whether they chose something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.runs.view import View
from core.tasks.scores import Scores
from core.training.process.events import COUNTED
from core.words import number_of, with_noun

Part = Literal["test", "validation", "training"]


@dataclass(frozen=True)
class Scored:
    """images: how many examples the scores are of; 0 where that was not kept. chose: whether they decided which epoch
    is kept. noun: what an example is called."""

    part: Part
    scores: Scores
    images: int
    chose: bool = False
    noun: str = "image"

    @property
    def words(self) -> str:
        """`test accuracy 90.0% on 40 images`, `validation RMSE 2.1 on 1 image, which chose the epoch`."""
        return f"{self.part} {self.worth}"

    @property
    def worth(self) -> str:
        """The same without the name of the part."""
        on = f" on {number_of(self.images, self.noun)}" if self.images else ""
        return f"{self.scores.words}{on}{self.note}"

    @property
    def note(self) -> str:
        return ", which chose the epoch" if self.chose else ""

    @property
    def headline(self) -> str:
        """What people want to know: `48 of 48 validation images right`."""
        return with_noun(self.scores.task.headline(self.scores, self.part, self.images), self.noun)


def scored(view: View) -> list[Scored]:
    """Of what the run keeps, or of its best epoch so far: on the test part, where that was scored, then on validation;
    the first is the one to show where there is room for one. Empty before the first epoch, or without such a part."""
    ended, found = view.ended, []
    if ended and ended.test:
        found.append(Scored("test", ended.test, ended.tested_on, noun=view.noun))
    best = next((row for row in view.curve if row.epoch == view.best_epoch), None)
    validation = (ended and ended.validation) or (best and best.validation)
    if validation:
        images = (ended and ended.judged_on) or view.judged_on
        found.append(Scored("validation", validation, images, _chose(view), view.noun))
    return found


@dataclass(frozen=True)
class Verdict:
    """How a run compares with what its frozen backbone gives without training. beats: whether it is better than that by
    more than a single image. todo: what to try, where it is not."""

    beats: bool
    sentence: str
    todo: str = ""


def verdict(view: View) -> Verdict | None:
    """None while there is nothing to compare."""
    found = next((each for each in scored(view) if each.part == "validation"), None)
    if found is None or view.baseline is None or view.ended is None:
        return None
    main = found.scores.main
    simple = view.baseline.named
    known = {name: value for name, scores in simple.items() if (value := scores.get(main.name)) is not None}
    mine = found.scores.get(main.name)
    if mine is None or not known:
        return None
    name = max(known, key=lambda each: main.rank(known[each]))
    best, theirs = simple[name], known[name]
    gain, matters, perfect = main.rank(mine) - main.rank(theirs), 1 / max(1, found.images), 1.0
    if main.unit != "share":
        gain, matters, perfect = gain / max(abs(theirs), 1e-9), 0.02, 0.0
    against = f"what the frozen backbone gives without training, by {name} of its features: {best.words}"
    if name == COUNTED:
        against = f"what a linear model makes of {name}, without any backbone (TF-IDF): {best.words}"
    if mine == theirs == perfect:
        return Verdict(True, f"There is nothing left to gain. As good was {against}.")
    if gain >= matters:
        return Verdict(True, f"Better than {against}.")
    if gain > -matters:
        return Verdict(False, f"No better than {against}. {_why_equal(view)}", _try(view))
    return Verdict(False, f"It does not beat {against}.", _try(view))


def _why_equal(view: View) -> str:
    if view.frozen == view.stages:
        return "With all stages frozen, that is as it should be: the head is such a model too."
    return "So the stages that were free gained nothing."


def _try(view: View) -> str:
    return with_noun(_to_try(view), view.noun)


def _to_try(view: View) -> str:
    if view.frozen == view.stages and view.noun == "image":
        return "Free the last stage or two if the images are unlike photos; or try a larger backbone, or more images."
    if view.frozen == view.stages:
        return "Free the last layer or two, which often helps with texts; or try a larger backbone, or more texts."
    return "Freeze more stages, which is also quicker, lower the learning rate, or collect more images."


def best_of(view: View) -> str:
    """The first of them in words, or nothing: `validation accuracy 91.4% on 48 images, which chose the epoch`."""
    return next((each.words for each in scored(view)), "")


def _chose(view: View) -> bool:
    """Before it has ended, and of runs from before they said so: where there was a choice of epochs, it was by their
    scores, except those of a head that is solved for, which has no learning rate."""
    ended = view.ended
    if ended and ended.judged_on:
        return ended.chosen
    solved = bool(view.curve) and view.curve[-1].learning_rate == 0
    return (ended.epochs if ended else view.epochs_done) > 1 and not solved
