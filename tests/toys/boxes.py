"""A toy task: where things are in an image.

Its targets are ragged and move with the augmented image. Its head is a small feature pyramid
(https://arxiv.org/abs/1612.03144) over `Features.maps`, of which frozen stages give the finer ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core.modalities.images.augmentation import placed_boxes, placement
from core.tasks.metrics import LOSS, Metric
from core.tasks.objective import Objective
from core.tasks.protocol import Task
from core.tasks.scores import Scores
from core.tasks.targets import Ragged

HIT = Metric("hit", "Best place is right", "higher", "share")
CHANNELS = 16


@dataclass(frozen=True)
class Boxes:
    """Each (left, top, right, bottom, score), in pixels of the image itself."""

    boxes: tuple[tuple[float, ...], ...]

    def row(self) -> dict[str, str]:
        return {"boxes": "; ".join(" ".join(f"{value:.1f}" for value in box) for box in self.boxes)}


class Detection(Task):
    name, noun, plural, each = "boxes", "box", "boxes", "boxes in an image"
    column, columns = "boxes", {"boxes": "str"}
    needs, modalities = "maps", frozenset({"image"})
    losses, metrics, balances = ("cross_entropy",), (HIT, LOSS), ("none",)
    spoken = shown = (HIT,)
    has, answered = "boxes", {}

    def spec(self, classes, target, training):
        return {"kind": self.name}

    def check(self, spec):
        return dict(spec)

    def objective(self, spec, settings=None, training=None):
        return DetectionObjective(spec)


class Pyramid(nn.Module):
    def __init__(self, shapes) -> None:
        super().__init__()
        self.sideways = nn.ModuleList(nn.Conv2d(channels, CHANNELS, 1) for channels, _, _ in shapes)
        self.out = nn.Conv2d(CHANNELS, 5, 3, padding=1)

    def forward(self, features):
        """{"score": (B, H, W), "sides": (B, H, W, 4)} at the finest map: logits, and distances to the sides."""
        level = None
        for sideways, given in zip(reversed(self.sideways), reversed(features.maps)):
            here = sideways(given)
            level = here if level is None else here + functional.interpolate(level, size=here.shape[-2:])
        out = self.out(level).permute(0, 2, 3, 1)
        return {"score": out[..., 0], "sides": functional.softplus(out[..., 1:])}


class DetectionObjective(Objective):
    outputs, by, convex, balancing = 5, "hit", None, None
    size = 160  # pixels of what the network sees

    def __init__(self, spec) -> None:
        self.spec = spec

    def head(self, settings, shapes):
        return Pyramid(shapes.maps)

    def targets(self, rows, examples=None):
        """boxes: (N, 4), in pixels of the image itself; what the network sees of them, the modality knows."""
        return Ragged([{"boxes": boxes_in(text)} for text in rows["boxes"]])

    def loss(self, outputs, targets):
        scores, sides = outputs["score"], outputs["sides"]
        inside = torch.stack([self._inside(item["boxes"], scores.shape[1:]) for item in targets.items])
        wrong = functional.binary_cross_entropy_with_logits(scores, inside)
        found = [self._sides(sides[row], item["boxes"], inside[row]) for row, item in enumerate(targets.items)]
        return wrong + 0.1 * torch.stack(found).mean()

    eval_loss = loss

    def weight(self, targets):
        return len(targets)

    def tally(self, outputs, targets, loss):
        inside = torch.stack([self._inside(item["boxes"], outputs["score"].shape[1:]) for item in targets.items])
        best = outputs["score"].flatten(1).argmax(dim=1, keepdim=True)
        hits = inside.flatten(1).gather(1, best).sum()
        return torch.stack([loss * len(targets), loss.new_tensor(len(targets)), hits])

    def scores(self, totals):
        loss, examples, hits = totals.tolist()
        return Scores(loss / examples, {"hit": hits / examples})

    def constant(self, targets):
        return Scores(1.0, {"hit": 0.0})

    def decode(self, outputs, examples=(), most=5):
        """The best box of each, in pixels of the image itself."""
        found = []
        for scores, sides, seen in zip(outputs["score"].sigmoid(), outputs["sides"], examples):
            size = seen.settings.size
            row, column = divmod(int(scores.argmax()), scores.shape[1])
            x, y = ((place + 0.5) * size / scores.shape[1] for place in (column, row))
            left, top, right, bottom = (sides[row, column] * size).tolist()
            place = np.vstack([placement(*seen.size, seen.settings), [0, 0, 1]])
            box = placed_boxes(np.array([[x - left, y - top, x + right, y + bottom]]), np.linalg.inv(place)[:2], 10**6)
            found.append(Boxes(((*box[0].tolist(), float(scores.max())),)))
        return found

    def _places(self, shape, like):
        """x and y, (H, W) each, in pixels of what the network sees."""
        ys, xs = ((torch.arange(side, device=like.device) + 0.5) * self.size / side for side in shape)
        return torch.meshgrid(xs, ys, indexing="xy")

    def _inside(self, boxes, shape):
        xs, ys = self._places(shape, boxes)
        inside = torch.zeros(tuple(shape), device=boxes.device)
        for left, top, right, bottom in boxes.tolist():
            inside[(xs > left) & (xs < right) & (ys > top) & (ys < bottom)] = 1
        return inside

    def _sides(self, sides, boxes, inside):
        """How far off the sides are where the first box is."""
        if not inside.any() or not len(boxes):
            return sides.sum() * 0
        xs, ys = self._places(inside.shape, boxes)
        left, top, right, bottom = boxes[0]
        wanted = torch.stack([xs - left, ys - top, right - xs, bottom - ys], dim=-1) / self.size
        return ((sides - wanted).abs().mean(dim=-1) * inside).sum() / inside.sum()


def boxes_in(text: str) -> torch.Tensor:
    return torch.tensor([[float(value) for value in box.split()] for box in text.split(";") if box.strip()]).reshape(
        -1, 4
    )
