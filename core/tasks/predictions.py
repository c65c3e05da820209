"""What a network says of one example: a small type for each kind of answer, which pages draw by type."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Protocol

SHARE = " probability"  # behind a label in a table: so no column has a name of the others
USUAL = 5  # of what is ranked


@dataclass(frozen=True)
class Guess:
    """One class, or label, and its probability, 0 to 1."""

    label: str
    probability: float


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
    """The likeliest of so many classes, likeliest first."""

    top: tuple[Guess, ...]
    classes: int

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
            "label": first.label if first else "",
            "probability": round(first.probability, 6) if first else None,
            "second": second.label if second else "",
            "second probability": round(second.probability, 6) if second else None,
        }

    def plain(self) -> dict[str, Any]:
        return {"top": [asdict(guess) for guess in self.top]}

    def words(self, most: int = USUAL) -> str:
        unsure = " (unsure: perhaps none of the classes)" if self.is_unsure else ""
        return ", ".join(map(_words, self.top)) + unsure


@dataclass(frozen=True)
class LabelSet(Prediction):
    """Every label, likeliest first, each for itself."""

    each: tuple[Guess, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Those that it has more likely than not."""
        return tuple(guess.label for guess in self.each if guess.probability > 0.5)

    def row(self) -> dict[str, Any]:
        shares = {f"{guess.label}{SHARE}": round(guess.probability, 6) for guess in self.each}
        return {"labels": "; ".join(self.labels)} | dict(sorted(shares.items()))

    def plain(self) -> dict[str, Any]:
        return {"labels": self.labels, "top": [asdict(guess) for guess in self.each]}

    def words(self, most: int = USUAL) -> str:
        said, has = list(map(_words, self.each)), len(self.labels)
        rather_not = ", ".join(said[has : has + most])
        return (", ".join(said[:has]) or "none of the labels") + (f"; rather not {rather_not}" if rather_not else "")


@dataclass(frozen=True)
class Number(Prediction):
    """value: in the target's own unit. name: what it is called. smallest, largest: that were taught."""

    value: float
    name: str = ""
    smallest: float = 0.0
    largest: float = 0.0

    @property
    def is_outside(self) -> bool:
        """Whether nothing like it was taught."""
        return not self.smallest <= self.value <= self.largest

    def row(self) -> dict[str, Any]:
        return {"value": self.value}

    def plain(self) -> dict[str, Any]:
        return self.row()

    def words(self, most: int = USUAL) -> str:
        return f"{self.value:.6g}"


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
