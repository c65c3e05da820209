"""Images whose answer is known: one object in one quarter of a noisy ground, and networks that were fitted to them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from core.backbones.catalogue import find
from core.backbones.model import build
from core.inference.predictor import Predictor
from core.modalities.images import IMAGE
from core.modalities.images.preprocessing import normalize
from core.runtime.device import choose_device
from core.tasks import TASKS
from core.tasks.heads import HeadSettings
from core.workspace import Workspace

CLASSES = ["cross", "disc", "stripes"]
COLOURS = [(230, 200, 40), (220, 40, 40), (40, 60, 220)]


@dataclass(frozen=True)
class Planted:
    """pixels: uint8 (S, S, 3). label: of CLASSES. corner: 0 to 3, from the left, then down."""

    pixels: np.ndarray
    label: int
    corner: int


def planted(number: int, side: int, coloured: bool = True) -> Planted:
    """The same number gives the same image. coloured: each class has its colour, which is quicker to learn; else all
    are nearly white, and only their shapes differ."""
    random = np.random.default_rng((number, side))
    ground = np.kron(random.normal(120, 20, (8, 8, 3)), np.ones((side // 8, side // 8, 1)))
    pixels = ground + random.normal(0, 15, (side, side, 3))
    label, corner = number % 3, number // 3 % 4
    size, half = int(side * 0.28), side // 2
    top, left = random.integers(half // 12, half - size - half // 12, 2) + np.array([corner // 2, corner % 2]) * half
    y, x = np.mgrid[:size, :size] - size / 2
    far = x**2 + y**2
    shapes = [
        (abs(x) < size / 7) | (abs(y) < size / 7),
        (far < (size / 2) ** 2) & (far > (size / 4) ** 2),
        (x + y) // 6 % 2 == 0,
    ]
    colour = COLOURS[label] if coloured else (235, 235, 235)
    pixels[top : top + size, left : left + size][shapes[label]] = colour
    return Planted(pixels.clip(0, 255).astype(np.uint8), label, corner)


def png(image: Planted) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image.pixels).save(file, "PNG")
    return file.getvalue()


def in_quarter(values: np.ndarray, corner: int) -> float:
    """The share of a map's mass that lies in one quarter of the image."""
    fine = functional.interpolate(torch.from_numpy(values)[None, None], (64, 64), mode="bilinear")[0, 0].numpy()
    down, right = divmod(corner, 2)
    there = fine[32 * down : 32 * down + 32, 32 * right : 32 * right + 32]
    return float(there.sum() / max(float(fine.sum()), 1e-9))


def network(
    name: str, side: int, task: dict | None = None, random: bool = True, reads: str = "last", seed: int = 0
) -> Predictor:
    """Not fitted yet. name: of the catalogue. side: of the images, in pixels."""
    torch.manual_seed(seed)
    info = find(name).fitted("squash", side)
    backbone = build(info, Workspace(Path("nowhere")), random=random, reads=reads)
    objective = TASKS["classes"].objective({"kind": "classes", "classes": CLASSES})
    if task is not None:
        objective = TASKS[task["kind"]].objective(task)
    head = objective.head(HeadSettings(), backbone.shapes)
    model = nn.Sequential(backbone, head).eval()
    return Predictor(model, objective, info.preprocessing, choose_device("cpu"), modality=IMAGE)


def fit(
    predictor: Predictor, steps: int, rate: float, coloured: bool = True, many: int = 16, enough: float = 0.98
) -> float:
    """All of it, for so many steps, or until it is right as often as is enough. Returns how often it was, at last."""
    model, side, right = predictor.model, predictor.preprocessing.size, 0.0
    optimizer = torch.optim.AdamW(model.parameters(), rate)
    model.train()
    for step in range(steps):
        batch = [planted(1000 + step * many + at, side, coloured) for at in range(many)]
        outputs, labels = model({"pixels": _pixels(predictor, batch)}), torch.tensor([one.label for one in batch])
        optimizer.zero_grad()
        functional.cross_entropy(outputs, labels).backward()
        optimizer.step()
        right = 0.8 * right + 0.2 * float((outputs.argmax(1) == labels).float().mean())
        if right > enough:
            break
    model.eval()
    return right


def fit_head(predictor: Predictor, many: int = 60, coloured: bool = True) -> None:
    """On the frozen backbone, as runs do: a linear head on standardised features."""
    batch = [planted(1000 + number, predictor.preprocessing.size, coloured) for number in range(many)]
    labels, head = torch.tensor([one.label for one in batch]), predictor.model[1]
    with torch.no_grad():
        chunks = [batch[at : at + 16] for at in range(0, many, 16)]
        features = torch.cat([predictor.model[0]({"pixels": _pixels(predictor, some)}).pooled for some in chunks])
    middle, spread = features.mean(0), features.std(0) + 1e-3
    linear = nn.Linear(features.shape[1], len(CLASSES))
    optimizer = torch.optim.LBFGS(linear.parameters(), max_iter=60)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(linear((features - middle) / spread), labels)
        loss = loss + 0.01 * linear.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        head.weight.copy_(linear.weight / spread)
        head.bias.copy_(linear.bias - (linear.weight * (middle / spread)).sum(1))


def _pixels(predictor: Predictor, batch: list[Planted]) -> torch.Tensor:
    return normalize(torch.from_numpy(np.stack([one.pixels for one in batch])), predictor.preprocessing)
