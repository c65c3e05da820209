"""How good answers that are entities are, by exact places: seqeval's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.tasks.decision import PLAIN, Decision
from core.tasks.judging import Judge, Judged, Measure, Slips, Whole, found_table, mean_share, ratio
from core.tasks.metrics import ALL_ENTITIES, ENTITY_F1, ENTITY_PRECISION, ENTITY_RECALL
from core.tasks.tokens.spans import Place, spans_in

KINDS = ("right", "missed", "spurious", "border", "type")
KINDS_SAID = {each: each for each in KINDS} | {"border": "wrong border", "type": "wrong type"}


class EntitiesJudge(Judge):
    truths = ("spans", "entities")

    def judged(
        self, answers: pd.DataFrame, spec: Mapping[str, Any], groups: np.ndarray, decision: Decision = PLAIN
    ) -> Judged:
        truth, said = (_places(answers[column]) for column in ("spans", "said_spans"))
        rows = pd.DataFrame(
            {
                "name": answers["name"].to_numpy(),
                "truth": answers["entities"].to_numpy(),
                "said": answers["said"].to_numpy(),
                "right": [one == other for one, other in zip(truth, said)],
                "sure": answers["probability"].to_numpy(np.float64),
                "wrong_by": [float(len({*one} ^ {*other})) for one, other in zip(truth, said)],
            }
        )
        return Judged(rows, tuple(spec["types"]), truth, said, None, groups)

    def measures(self, judged: Judged) -> list[Measure | Whole]:
        counts = [(len(one), len(other), len({*one} & {*other})) for one, other in zip(judged.truth, judged.said)]
        parts = np.array(counts, np.float64).reshape(len(judged), 3)
        return [
            Measure(ENTITY_F1, parts, lambda sums: ratio(2 * sums[..., 2], sums[..., 0] + sums[..., 1])),
            Measure(ENTITY_PRECISION, parts, lambda sums: ratio(sums[..., 2], sums[..., 1])),
            Measure(ENTITY_RECALL, parts, lambda sums: ratio(sums[..., 2], sums[..., 0])),
            mean_share(ALL_ENTITIES, judged.rows["right"].to_numpy(bool)),
        ]

    def each(self, judged: Judged) -> pd.DataFrame:
        """Of each type besides: missed, which were not named at all; spurious, where there is nothing; border, where
        one of this type is, though not from there to there; type, where one of another type is, just there."""
        names = sorted({*judged.names} | {label for spans in judged.truth for *_, label in spans})
        kinds = ("there", "said", "right", "missed", "spurious", "border", "type")
        counts = Counter[tuple[str, str]]()
        for truth, said in zip(judged.truth, judged.said):
            counts.update(_counted(truth, said))
        columns = {kind: np.array([counts[name, kind] for name in names], np.int64) for kind in kinds}
        frame = found_table(tuple(names), *(columns[kind] for kind in kinds[:3]))
        return frame.assign(**{kind: columns[kind] for kind in kinds[3:]})

    def slips(self, judged: Judged) -> Slips:
        """As `each` counts them."""
        names = tuple(sorted({*judged.names} | {label for spans in judged.truth for *_, label in spans}))
        number, found = {name: at for at, name in enumerate(names)}, list[tuple[int, int, int]]()
        for at, (truth, said) in enumerate(zip(judged.truth, judged.said)):
            found += [(at, number[place[2]], KINDS.index(_kind(place, said))) for place in truth]
            nowhere = [place for place in said if not any(_touch(place, other) for other in truth)]
            found += [(at, number[place[2]], KINDS.index("spurious")) for place in nowhere if place[2] in number]
        example, row, kind = np.array(found, np.int64).reshape(-1, 3).T
        return Slips(names, tuple(KINDS_SAID[each] for each in KINDS), example, row, kind)


def _places(texts: pd.Series) -> np.ndarray:
    """object (N,): of each text its entities."""
    found = np.empty(len(texts), object)
    found[:] = [spans_in(text) for text in texts]
    return found


def _counted(truth: tuple[Place, ...], said: tuple[Place, ...]) -> Iterator[tuple[str, str]]:
    """Types, with what is to be counted of them: each entity that is there is right, or of another type, or of another
    border, or missed; each that was said and touches none is spurious."""
    for place in truth:
        yield from ((place[2], "there"), (place[2], _kind(place, said)))
    for place in said:
        yield place[2], "said"
        if not any(_touch(place, other) for other in truth):
            yield place[2], "spurious"


def _kind(place: Place, said: tuple[Place, ...]) -> str:
    if place in said:
        return "right"
    touching = [other for other in said if _touch(place, other)]
    if any(other[:2] == place[:2] for other in touching):
        return "type"
    if any(other[2] == place[2] for other in touching):
        return "border"
    return "missed"


def _touch(one: Place, other: Place) -> bool:
    return one[0] < other[1] and other[0] < one[1]


JUDGE = EntitiesJudge()
