"""A toy task: a tag for each word of a text. Words meet tokens in `targets`; answers are in the text's characters."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from core.tasks.metrics import ACCURACY, LOSS
from core.tasks.objective import Objective
from core.tasks.protocol import Task
from core.tasks.scores import Scores
from core.tasks.targets import Ragged

NO_TAG = -100  # of padding, and of all but the first token of a word


@dataclass(frozen=True)
class Spans:
    """Each (first character, behind the last one, tag) of the text as it was given."""

    spans: tuple[tuple[int, int, str], ...]

    def row(self) -> dict[str, str]:
        return {"spans": "; ".join(f"{first}-{behind} {tag}" for first, behind, tag in self.spans)}


class Tags(Task):
    name, noun, plural, each = "tags", "tag", "tags", "a tag for each word of a text"
    column, columns = "tags", {"tags": "str"}
    needs, modalities = "steps", frozenset({"text"})
    losses, metrics, balances = ("cross_entropy",), (ACCURACY, LOSS), ("none",)
    spoken = shown = (ACCURACY,)
    has, answered = "tags on words", {}

    def spec(self, classes, target, training):
        return {"kind": self.name, "tags": sorted({tag for text in training["tags"] for tag in text.split()})}

    def check(self, spec):
        return dict(spec)

    def objective(self, spec, settings=None, training=None):
        return TagsObjective(spec)


class EachToken(nn.Linear):
    def forward(self, features):
        return super().forward(features.steps)


class TagsObjective(Objective):
    by, convex, balancing = ACCURACY.name, None, None

    def __init__(self, spec) -> None:
        self.spec, self.tags = spec, spec["tags"]
        self.outputs = len(self.tags)

    def head(self, settings, shapes):
        return EachToken(shapes.steps, self.outputs)

    def targets(self, rows, examples=None):
        """tags: (T,), of each token as the modality has cut the text; the first token of a word bears its tag."""
        return Ragged([{"tags": self._of(text, examples.words[at])} for at, text in enumerate(rows["tags"])])

    def _of(self, text: str, words: list[int]) -> torch.Tensor:
        numbers = [self.tags.index(tag) for tag in text.split()]
        firsts = [at == 0 or words[at - 1] != word for at, word in enumerate(words)]
        return torch.tensor([numbers[word] if first else NO_TAG for word, first in zip(words, firsts)])

    def _flat(self, outputs, targets):
        tags = nn.utils.rnn.pad_sequence([item["tags"] for item in targets.items], True, NO_TAG)
        return outputs.flatten(0, 1), functional.pad(
            tags, (0, outputs.shape[1] - tags.shape[1]), value=NO_TAG
        ).flatten()

    def loss(self, outputs, targets):
        return functional.cross_entropy(*self._flat(outputs, targets), ignore_index=NO_TAG)

    eval_loss = loss

    def weight(self, targets):
        return float(sum((item["tags"] != NO_TAG).sum() for item in targets.items))

    def tally(self, outputs, targets, loss):
        said, tags = self._flat(outputs, targets)
        right, there = ((said.argmax(dim=1) == tags) & (tags != NO_TAG)).sum(), (tags != NO_TAG).sum()
        return torch.stack([loss * len(targets), loss.new_tensor(len(targets)), right.float(), there.float()])

    def scores(self, totals):
        loss, examples, right, there = totals.tolist()
        return Scores(loss / examples, {"accuracy": right / there})

    def constant(self, targets):
        return Scores(1.0, {"accuracy": 0.0})

    def decode(self, outputs, examples=(), most=5):
        return [self._spans(each, read) for each, read in zip(outputs, examples)]

    def _spans(self, outputs, read):
        numbers, places = outputs.argmax(dim=1).tolist(), [each.span() for each in re.finditer(r"\S+", read.text)]
        firsts = {word: at for at, (_, word) in reversed([*enumerate(read.pieces)])}
        return Spans(tuple((*places[word], self.tags[numbers[at]]) for word, at in sorted(firsts.items())))
