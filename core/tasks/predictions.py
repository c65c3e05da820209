"""What a network says of one example: a small type for each kind of answer, which pages draw by type."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from core.tasks.decision import NOT_SURE, USUAL_THRESHOLD

SHARE = " probability"  # behind a label in a table: so no column has a name of the others
USUAL = 5  # of what is ranked


@dataclass(frozen=True)
class Guess:
    """One class, or label, and its probability, 0 to 1. threshold: above which a label is said."""

    label: str
    probability: float
    threshold: float = USUAL_THRESHOLD

    @property
    def is_said(self) -> bool:
        """Of a label."""
        return self.probability > self.threshold

    def plain(self) -> dict[str, Any]:
        """The threshold only where it is another than usual."""
        more = {} if self.threshold == USUAL_THRESHOLD else {"threshold": self.threshold}
        return {"label": self.label, "probability": self.probability, **more}


@dataclass(frozen=True)
class Aim:
    """Something that can be asked why: a class, a label, a number, an entity. name: by which it is asked for. title: in
    words. probability: 0 to 1; None of a number, which may be higher or lower."""

    name: str
    title: str
    probability: float | None = None


class Prediction(Protocol):
    def row(self) -> dict[str, Any]:
        """Flat, for tables: the same columns for every answer of one network."""
        ...

    def plain(self) -> dict[str, Any]:
        """All of it, for JSON."""
        ...

    def words(self, most: int = USUAL) -> str:
        """In a line. most: of what would be said only beside it."""
        ...


@dataclass(frozen=True)
class Ranked(Prediction):
    """The likeliest of so many classes, the answer first: the likeliest, unless thresholds say another.

    least: the probability of the answer below which it is "not sure".
    """

    top: tuple[Guess, ...]
    classes: int
    least: float = 0.0

    @property
    def label(self) -> str:
        """The answer."""
        return NOT_SURE if self.is_refused else self.top[0].label if self.top else ""

    @property
    def is_refused(self) -> bool:
        """Whether it is too unsure to name a class."""
        return bool(self.top) and self.top[0].probability < self.least

    @property
    def is_unsure(self) -> bool:
        """Whether the likeliest is nearer to chance than to certainty."""
        return bool(self.top) and self.top[0].probability < (1 + self.chance) / 2

    @property
    def chance(self) -> float:
        return 1 / self.classes

    def row(self) -> dict[str, Any]:
        first, second, *_ = (*self.top, None, None)
        return {
            "label": self.label,
            "probability": round(first.probability, 6) if first else None,
            "second": second.label if second else "",
            "second probability": round(second.probability, 6) if second else None,
        }

    def plain(self) -> dict[str, Any]:
        refused = {"label": self.label} if self.is_refused else {}
        return {**refused, "top": [guess.plain() for guess in self.top]}

    def words(self, most: int = USUAL) -> str:
        if self.is_refused:
            return f"{NOT_SURE}; rather {', '.join(map(_words, self.top))}"
        unsure = " (unsure: perhaps none of the classes)" if self.is_unsure else ""
        return ", ".join(map(_words, self.top)) + unsure


@dataclass(frozen=True)
class LabelSet(Prediction):
    """Every label, each for itself: those that it has first, and likeliest first among them and the others."""

    each: tuple[Guess, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Those that it has: more likely than not, or above a threshold of their own."""
        return tuple(guess.label for guess in self.each if guess.is_said)

    def row(self) -> dict[str, Any]:
        shares = {f"{guess.label}{SHARE}": round(guess.probability, 6) for guess in self.each}
        return {"labels": "; ".join(self.labels)} | dict(sorted(shares.items()))

    def plain(self) -> dict[str, Any]:
        return {"labels": self.labels, "top": [guess.plain() for guess in self.each]}

    def words(self, most: int = USUAL) -> str:
        said, has = list(map(_words, self.each)), len(self.labels)
        rather_not = ", ".join(said[has : has + most])
        return (", ".join(said[:has]) or "none of the labels") + (f"; rather not {rather_not}" if rather_not else "")


@dataclass(frozen=True)
class Number(Prediction):
    """value: in the target's own unit. name: what it is called. smallest, largest: that were taught. within: so far on
    either side lies what is right, for `share` of new examples; None where nobody knows."""

    value: float
    name: str = ""
    smallest: float = 0.0
    largest: float = 0.0
    within: float | None = None
    share: float = 0.9

    @property
    def is_outside(self) -> bool:
        """Whether nothing like it was taught."""
        return not self.smallest <= self.value <= self.largest

    def row(self) -> dict[str, Any]:
        if self.within is None:
            return {"value": self.value}
        return {"value": self.value, "low": self.value - self.within, "high": self.value + self.within}

    def plain(self) -> dict[str, Any]:
        return self.row()

    def words(self, most: int = USUAL) -> str:
        if self.within is None:
            return f"{self.value:.6g}"
        return f"{self.value:.6g} (for {self.share:.0%} of answers within ±{self.within:.3g})"


@dataclass(frozen=True)
class Span:
    """An entity in a text: its first character and the one behind its last, its type, and how likely its words have
    these tags, on average, 0 to 1."""

    start: int
    end: int
    label: str
    probability: float


@dataclass(frozen=True)
class Spans(Prediction):
    """The entities of a text, in their order. reach: behind which character nothing was read, as the network reads no
    longer texts; None where all was."""

    text: str
    spans: tuple[Span, ...]
    reach: int | None = None

    def row(self) -> dict[str, Any]:
        places = [[span.start, span.end, span.label] for span in self.spans]
        return {
            "entities": "; ".join(map(self._said, self.spans)),
            "spans": json.dumps(places, ensure_ascii=False),
            "not read from": self.reach,
        }

    def plain(self) -> dict[str, Any]:
        read = {} if self.reach is None else {"not_read_from": self.reach}
        return {"spans": [asdict(span) | {"text": self.text[span.start : span.end]} for span in self.spans], **read}

    def words(self, most: int = USUAL) -> str:
        said = ", ".join(f"{self._said(span)} {span.probability:.1%}" for span in self.spans) or "no entity"
        return said if self.reach is None else f"{said}; not read behind character {self.reach:,}"

    def _said(self, span: Span) -> str:
        return f"{' '.join(self.text[span.start : span.end].split())} ({span.label})"


def _words(guess: Guess) -> str:
    return f"{guess.label} {guess.probability:.1%}"
