"""How well explanations find what is known to be the reason, for docs/evaluation.md. Some minutes, no network.

python -m benchmarks.explaining
"""

from __future__ import annotations

# ruff: noqa: E402, I001  cores are shared before anything imports torch
from core.processes import share_cores

share_cores()

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr

from core.backbones.reading import as_map
from core.explaining.asked import Asked
from core.explaining.explaining import explain, methods_for
from core.explaining.places import watching
from core.inference.predictor import Predictor
from tests.core.explaining import planted, planted_words
from tests.core.explaining.planted import CLASSES, png

MANY, FIRST = 12, 5000
RANDOM = 7  # the seed of weights that know nothing


def convolutional() -> Predictor:
    made = planted.network("timm/test_resnet.r160_in1k", 128)
    planted.fit(made, 150, 3e-3, coloured=False)
    return made


def mobile() -> Predictor:
    made = planted.network("efficientnet_lite0", 224, random=False, reads="several")
    planted.fit_head(made, 96, coloured=False)
    return made


def transformer() -> Predictor:
    made = planted.network("timm/test_vit.r160_in1k", 96, seed=1)
    planted.fit(made, 200, 1e-3, coloured=False, many=32, enough=1.1)
    return made


def of_images(name: str, make: Callable[[], Predictor], reads: str = "last") -> None:
    model = make()
    side = model.preprocessing.size
    other = planted.network(model.model[0].info.name, side, reads=reads, seed=RANDOM)
    some = [planted.planted(number, side, coloured=False) for number in range(FIRST, FIRST + MANY)]
    for method in methods_for(model):
        began = time.process_time()
        heats = [explain(model, png(one), CLASSES[one.label], method.name) for one in some]
        seconds = (time.process_time() - began) / MANY
        randoms = [explain(other, png(one), CLASSES[one.label], method.name) for one in some]
        mass = [planted.in_quarter(heat.values, one.corner) for one, heat in zip(some, heats)]
        alike = [spearmanr(a.values.ravel(), b.values.ravel())[0] for a, b in zip(heats, randoms)]
        right = np.mean([heat.aims[0].name == heat.target for heat in heats])
        print(f"| {name} ({right:.0%} right) | {method.title} |", *_cells(mass, alike, seconds), flush=True)
    if not methods_for(model)[0].name.startswith("integrated"):
        print(f"  as published: {np.mean([_published(model, one) for one in some]):.2f}", flush=True)


def _cells(found: list[float], alike: list[float], seconds: float) -> list[str]:
    return [f"{np.mean(found):.2f} | {np.min(found):.2f} | {np.nanmean(np.abs(alike)):.2f} | {1000 * seconds:.0f} |"]


def _published(model: Predictor, one: planted.Planted) -> float:
    """What lies in the quarter of Grad-CAM as it was published, at the last stage."""
    asked = Asked(model, png(one), CLASSES[one.label])
    with torch.enable_grad(), watching(asked.backbone) as gave:
        score = asked.head(asked.backbone(asked.inputs))[0, one.label]
    (slope,) = torch.autograd.grad(score, gave[-1].activation)
    heat = (as_map(slope).mean(dim=(2, 3), keepdim=True) * as_map(gave[-1].activation.detach())).sum(dim=1)[0]
    return planted.in_quarter(heat.relu().numpy(), one.corner)


def of_texts() -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        model, other = planted_words.reader(Path(one)), planted_words.reader(Path(two), seed=RANDOM)
        planted_words.fit(model, 100)
        told = [each for each in map(planted_words.planted, range(FIRST, FIRST + 4 * MANY)) if each[2]]
        for method in methods_for(model):
            began = time.process_time()
            words = [explain(model, text, label, method.name) for text, label, _ in told]
            seconds = (time.process_time() - began) / len(told)
            found, shares, alike = [], [], []
            for (text, label, sign), each in zip(told, words):
                weights = {text[part.start : part.end]: max(0.0, part.weight) for part in each.parts}
                found.append(max(weights, key=lambda word: weights[word]) == sign)
                shares.append(weights[sign] / sum(weights.values()))
                random = explain(other, text, label, method.name).parts
                alike.append(spearmanr([part.weight for part in each.parts], [part.weight for part in random])[0])
            print(
                f"| a small BERT | {method.title} | {np.mean(found):.0%}", *_cells(shares, alike, seconds), flush=True
            )


def of_time() -> None:
    model, image = mobile(), png(planted.planted(1, 224))
    for threads in (1, 2):
        torch.set_num_threads(threads)
        explain(model, image)
        began, on_the_wall = time.process_time(), time.perf_counter()
        for _ in range(10):
            explain(model, image)
        worked, passed = time.process_time() - began, time.perf_counter() - on_the_wall
        print(f"{threads} threads: {100 * worked:.0f} ms of processor time an image, {100 * passed:.0f} ms passed")


def main() -> None:
    torch.set_num_threads(1)
    of_time()
    torch.set_num_threads(1)
    of_images("EfficientNet-Lite0, frozen", mobile, reads="several")
    of_images("a small ResNet", convolutional)
    of_texts()
    of_images("a small ViT", transformer)


if __name__ == "__main__":
    main()
