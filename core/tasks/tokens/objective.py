"""A tag for each word: outputs are logits, (B, T, 1 + 2 C), of O and of B- and I- of each type, for each token.

Only the first token of a word counts, see words.py. The scores are of entities, found exactly or not at all, as seqeval
counts them (https://github.com/chakki-works/seqeval).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from core.tasks.decision import PLAIN, Decision
from core.tasks.heads import HeadSettings, Shapes
from core.tasks.metrics import ENTITY_F1, ENTITY_PRECISION, ENTITY_RECALL, TAG_ACCURACY
from core.tasks.objective import Objective
from core.tasks.predictions import USUAL, Aim, Prediction, Span, Spans
from core.tasks.protocol import Settings
from core.tasks.scores import Scores
from core.tasks.stepwise import build_steps_head
from core.tasks.targets import Ragged
from core.tasks.tokens.spans import in_words, spans_in, together
from core.tasks.tokens.words import Units, entities_of, tags_of, units_of

NO_TAG = -100  # of padding, of special tokens, and of all but the first token of a word


class Tokens(Objective):
    convex = None
    balancing = None  # a text that is drawn more often brings all of its words

    def __init__(self, spec: dict[str, Any], settings: Settings) -> None:
        self.spec, self.settings = spec, settings
        self.types: list[str] = spec["types"]
        self.number = {label: index for index, label in enumerate(self.types)}
        self.outputs = 1 + 2 * len(self.types)
        self.by = settings.best_by or ENTITY_F1.name
        self.weights: torch.Tensor | None = None  # (outputs,), of each tag; None where all weigh the same

    def head(self, settings: HeadSettings, shapes: Shapes) -> nn.Module:
        assert shapes.steps is not None, "a backbone that was asked for steps has some"
        return build_steps_head(settings, shapes.steps, self.outputs)

    def targets(self, rows: pd.DataFrame, examples: Any = None) -> Ragged:
        """tags: (T,) of each text. The first that are asked for are the training part's: by them tags are weighted."""
        items = [self._tags(examples.read_of(at), text) for at, text in enumerate(rows["spans"])]
        if self.settings.balance == "weights" and self.weights is None:
            self.weights = self._weights(items)
        return Ragged([{"tags": item} for item in items])

    def _tags(self, read: Any, text: str) -> torch.Tensor:
        units = _units(read)
        tags = torch.full((len(read.ids),), NO_TAG)
        tags[torch.from_numpy(units.tokens)] = torch.from_numpy(tags_of(units, spans_in(text), self.number))
        return tags

    def _weights(self, items: Sequence[torch.Tensor]) -> torch.Tensor:
        """The rarer a tag, the heavier, by the root of how rare; 1 on average over the words."""
        counts = self._counts(items)
        weights = (counts.sum() / (self.outputs * counts.clamp(min=1))).sqrt()
        return (weights * counts.sum() / (weights * counts).sum()).float()

    def _counts(self, items: Sequence[torch.Tensor]) -> torch.Tensor:
        """(outputs,), how often each tag is there."""
        counts = torch.zeros(self.outputs, dtype=torch.double)
        for tags in items:
            counts += torch.bincount(tags[tags != NO_TAG].cpu(), minlength=self.outputs)
        return counts

    def _padded(self, outputs: torch.Tensor, targets: Ragged) -> torch.Tensor:
        """The tags as one tensor, as long as the outputs: (B, T)."""
        tags = nn.utils.rnn.pad_sequence([item["tags"] for item in targets.items], True, NO_TAG)
        return functional.pad(tags, (0, outputs.shape[1] - tags.shape[1]), value=NO_TAG)

    def _loss(
        self, outputs: torch.Tensor, targets: Ragged, weights: torch.Tensor | None, smoothing: float
    ) -> torch.Tensor:
        """The mean over the words of the batch; 0 where there are none."""
        tags = self._padded(outputs, targets).flatten()
        weights = None if weights is None else weights.to(outputs.device)
        heavy = (tags != NO_TAG).to(outputs.dtype) if weights is None else _each(weights, tags)
        lost = functional.cross_entropy(
            outputs.flatten(0, 1), tags, weights, ignore_index=NO_TAG, reduction="sum", label_smoothing=smoothing
        )
        return lost / heavy.sum().clamp(min=1e-6)

    def loss(self, outputs: torch.Tensor, targets: Ragged) -> torch.Tensor:
        return self._loss(outputs, targets, self.weights, self.settings.label_smoothing)

    def eval_loss(self, outputs: torch.Tensor, targets: Ragged) -> torch.Tensor:
        return self._loss(outputs, targets, None, 0.0)

    def weight(self, targets: Ragged) -> float:
        tags = torch.cat([item["tags"] for item in targets.items])
        heavy = (tags != NO_TAG).float() if self.weights is None else _each(self.weights.to(tags.device), tags)
        return float(heavy.sum())

    # Scores ----------------------------------------------------------------------------------------------------------

    def tally(self, outputs: torch.Tensor, targets: Ragged, loss: torch.Tensor) -> torch.Tensor:
        """(4 + 3 C,): loss, examples, words, those with the right tag; then of each type how many entities were found
        exactly, are there, were said."""
        tags = self._padded(outputs, targets)
        counts = tags != NO_TAG
        said = torch.where(counts, outputs.argmax(dim=2), 0)
        right = (said == tags) & counts
        sums = [loss * len(targets), torch.ones_like(loss) * len(targets), counts.sum(), right.sum()]
        order = (~counts).int().argsort(dim=1, stable=True)  # the words of each text side by side, in their order
        truth, answer = (_entities(torch.where(counts, each, 0).gather(1, order)) for each in (tags, said))
        found = truth.begins & answer.begins & (truth.kinds == answer.kinds) & (truth.ends == answer.ends)
        each = [(truth.kinds, found), (truth.kinds, truth.begins), (answer.kinds, answer.begins)]
        of_types = [_by_type(kinds, which, len(self.types)) for kinds, which in each]
        return torch.cat([torch.stack([one.to(loss.dtype) for one in sums]), *(one.to(loss.dtype) for one in of_types)])

    def scores(self, totals: torch.Tensor) -> Scores:
        loss, examples, words, right = totals[:4].tolist()
        found, there, said = totals[4:].double().cpu().view(3, -1).sum(dim=1).tolist()
        values = {
            ENTITY_F1.name: 2 * found / max(1.0, there + said),
            ENTITY_PRECISION.name: found / max(1.0, said),
            ENTITY_RECALL.name: found / max(1.0, there),
            TAG_ACCURACY.name: right / max(1.0, words),
        }
        return Scores(loss / examples, values)

    def constant(self, targets: Ragged) -> Scores:
        """No entity anywhere; each tag is as likely as it is common."""
        counts = self._counts([item["tags"] for item in targets.items])
        words = counts.sum().clamp(min=1)
        shares = (counts / words).clamp(min=1e-12)
        values = dict.fromkeys((ENTITY_F1.name, ENTITY_PRECISION.name, ENTITY_RECALL.name), 0.0)
        return Scores(float(-(counts * shares.log()).sum() / words), {**values, TAG_ACCURACY.name: float(shares[0])})

    def by_neighbours(self, targets: torch.Tensor, likeness: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError("words have no baseline: what a frozen backbone gives is one vector a text")

    def by_line(self, features: torch.Tensor, targets: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError("words have no baseline: what a frozen backbone gives is one vector a text")

    # Answers ---------------------------------------------------------------------------------------------------------

    def decode(
        self, outputs: torch.Tensor, examples: Sequence[Any] = (), most: int = USUAL, decision: Decision = PLAIN
    ) -> list[Prediction | None]:
        """examples: what was read of each, with its text and where its tokens stand."""
        if not len(examples):
            return [Spans("", ())] * len(outputs)
        return [self._spans(each, read)[0] for each, read in zip(outputs, examples)]

    def _spans(self, outputs: torch.Tensor, read: Any) -> tuple[Spans | None, float]:
        """outputs: (T, tags). And how sure, on average over its words; None where these are no finite numbers."""
        units = _units(read)
        chances = outputs[: len(read.ids)].softmax(dim=1)[torch.from_numpy(units.tokens)]
        if not chances.isfinite().all():
            return None, float("nan")
        sure, tags = chances.max(dim=1) if len(chances) else (torch.zeros(0), torch.zeros(0, dtype=torch.long))
        found = [
            Span(int(units.places[first, 0]), int(units.places[last - 1, 1]), self.types[kind], _mean(sure[first:last]))
            for first, last, kind in entities_of(tags.tolist())
        ]
        reach = int(units.places[-1, 1]) if read.is_cut and len(units.places) else None
        return Spans(read.text, tuple(found), reach), _mean(sure)

    def aims(self, outputs: torch.Tensor, example: Any = None) -> tuple[Aim, ...]:
        """The entities that it found, each at its place; named so that it can be asked for again."""
        (found,) = self.decode(outputs, [example])
        spans = sorted(getattr(found, "spans", ()), key=lambda span: -span.probability)
        return tuple(
            Aim(
                f"{span.start}-{span.end} {span.label}", f"{_line(example.text, span)} ({span.label})", span.probability
            )
            for span in spans
        )

    def towards(self, outputs: torch.Tensor, aim: str, example: Any = None) -> torch.Tensor:
        """The mean over the words of the entity's place: each may begin one of its type, or go on with it."""
        place, _, label = aim.partition(" ")
        start, end = map(int, place.split("-"))
        units = _units(example)
        within = (units.places[:, 0] < end) & (units.places[:, 1] > start)
        there = outputs[:, torch.from_numpy(units.tokens[within])]
        kind = self.number[label]
        of_type = there[..., 1 + 2 * kind : 3 + 2 * kind].logsumexp(dim=2)
        others = torch.cat([there[..., : 1 + 2 * kind], there[..., 3 + 2 * kind :]], dim=2).logsumexp(dim=2)
        return (of_type - others).mean(dim=1)

    def answers(self, outputs: torch.Tensor, rows: pd.DataFrame, examples: Sequence[Any] = ()) -> pd.DataFrame:
        found = [self._spans(each, read) for each, read in zip(outputs, examples)]
        places = [[(one.start, one.end, one.label) for one in said.spans] if said else [] for said, _ in found]
        truth = [spans_in(text) for text in rows["spans"]]
        return rows[[]].assign(
            entities=[in_words(read.text, spans) for read, spans in zip(examples, truth)],
            said=[in_words(read.text, spans) for read, spans in zip(examples, places)],
            probability=np.array([sure for _, sure in found], np.float32),
            spans=list(rows["spans"]),
            said_spans=list(map(together, places)),
        )


def _line(text: str, span: Span) -> str:
    return " ".join(text[span.start : span.end].split())


def _units(read: Any) -> Units:
    return units_of(read.text, read.offsets, read.sequence)


def _each(weights: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
    """The weight of each tag; 0 where there is none."""
    return torch.where(tags != NO_TAG, weights[tags.clamp(min=0)], 0.0)


def _mean(values: torch.Tensor) -> float:
    return float(values.mean()) if len(values) else 1.0


class _entities:
    """Of tags, (B, T): where an entity begins, bool; of which type, and where it ends, for these places."""

    def __init__(self, tags: torch.Tensor) -> None:
        before = functional.pad(tags[:, :-1], (1, 0))
        self.kinds = torch.where(tags > 0, (tags - 1) // 2, -1)
        was = torch.where(before > 0, (before - 1) // 2, -1)
        self.begins = (tags > 0) & ((tags % 2 == 1) | (was != self.kinds))
        stops = functional.pad((tags == 0) | self.begins, (0, 1), value=True)[:, 1:]  # behind here the entity is over
        places = torch.arange(tags.shape[1], device=tags.device).expand_as(tags)
        far = torch.where(stops, places, tags.shape[1])
        self.ends = far.flip(1).cummin(dim=1).values.flip(1)


def _by_type(kinds: torch.Tensor, which: torch.Tensor, types: int) -> torch.Tensor:
    counts = torch.zeros(types + 1, device=kinds.device)
    return counts.scatter_add_(0, (kinds + 1).flatten(), which.flatten().float())[1:]
