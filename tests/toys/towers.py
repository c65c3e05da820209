"""A toy task: which of two texts go together. Its loss is over the whole batch, as every other pair is a wrong one."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from core.tasks.metrics import LOSS, Metric
from core.tasks.objective import Objective
from core.tasks.protocol import Task
from core.tasks.scores import Scores
from tests.toys.bert import TinyBert, TinyInfo, Toys
from tests.toys.texts import TextExamples, Texts, padded, tokens_of

FOUND = Metric("found", "Partner found in its batch", "higher", "share")
TEMPERATURE = 0.2


class Pairs(Texts):
    """ "a text | its partner" in one cell."""

    name = "pair"

    def examples(self, workspace, path, frame, settings, device, augmentation="none", **asked):
        return PairExamples([*frame["text"]], [*frame["sha256"]], settings, device)


class PairExamples(TextExamples):
    def __init__(self, texts, digests, settings, device):
        super().__init__([text.split("|")[0] for text in texts], digests, settings, device)
        self.others = [tokens_of(text.split("|")[1], settings.longest) for text in texts]

    def batches(self, chunks, epoch):
        for chunk, inputs in zip(chunks, super().batches(chunks, epoch)):
            others = padded([self.others[number] for number in chunk], self.device)
            yield {**inputs, "other_ids": others["ids"], "other_mask": others["mask"]}


class TwoTowers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = TinyBert(2), TinyBert(2)

    def forward(self, ids, mask, other_ids, other_mask):
        return torch.cat(
            [_mean(self.left(ids, mask), mask), _mean(self.right(other_ids, other_mask), other_mask)], dim=1
        )


def _mean(steps, mask):
    return (steps * mask.unsqueeze(2)).sum(dim=1) / mask.sum(dim=1, keepdim=True)


class TowerToys(Toys):
    name, usual, network = "towers", "towers/two", staticmethod(TwoTowers)

    def infos(self, workspace=None):
        return (TinyInfo("towers/two", "towers"),)

    def example(self):
        one = super().example()
        return {**one, "other_ids": one["ids"], "other_mask": one["mask"]}

    @staticmethod
    def feed(network, inputs):
        return network(inputs["ids"], inputs["mask"], inputs["other_ids"], inputs["other_mask"])


class Matching(Task):
    name, noun, plural, each = "match", "partner", "partners", "a partner for each text"
    column, columns = "match", {"match": "str"}
    needs, modalities = "pooled", frozenset({"pair"})
    losses, metrics, balances = ("cross_entropy",), (FOUND, LOSS), ("none",)
    spoken = shown = (FOUND,)
    has, answered = "partners", {}

    def spec(self, classes, target, training):
        return {"kind": self.name}

    def check(self, spec):
        return dict(spec)

    def objective(self, spec, settings=None, training=None):
        return MatchingObjective(spec)


class Projections(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(features // 2, 8), nn.Linear(features // 2, 8)

    def forward(self, features):
        """{"left", "right": (B, 8)}, of unit length."""
        left, right = features.pooled.chunk(2, dim=1)
        return {"left": functional.normalize(self.left(left)), "right": functional.normalize(self.right(right))}


class MatchingObjective(Objective):
    outputs, by, whole_batch, convex, balancing = 8, "found", True, None, None

    def __init__(self, spec) -> None:
        self.spec = spec

    def head(self, settings, shapes):
        return Projections(shapes.pooled)

    def targets(self, rows, examples=None):
        return torch.arange(len(rows))

    def _likeness(self, outputs):
        return outputs["left"] @ outputs["right"].T / TEMPERATURE

    def loss(self, outputs, targets):
        likeness, own = self._likeness(outputs), torch.arange(len(targets))
        return (functional.cross_entropy(likeness, own) + functional.cross_entropy(likeness.T, own)) / 2

    eval_loss = loss

    def weight(self, targets):
        return len(targets)

    def tally(self, outputs, targets, loss):
        found = (self._likeness(outputs).argmax(dim=1) == torch.arange(len(targets))).sum()
        return torch.stack([loss * len(targets), loss.new_tensor(len(targets)), found.float()])

    def scores(self, totals):
        loss, examples, found = totals.tolist()
        return Scores(loss / examples, {"found": found / examples})

    def constant(self, targets):
        return Scores(10.0, {"found": 0.0})
