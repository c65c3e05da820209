"""Texts whose answer is known: one word of each says it, if any does; and a small transformer was fitted to that."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core.backbones.language import networks
from core.backbones.language.backbone import LanguageBackbone
from core.inference.predictor import Predictor
from core.modalities import TEXT
from core.modalities.texts.settings import Tokenizing
from core.runtime.device import choose_device
from core.tasks import TASKS
from core.tasks.heads import HeadSettings
from tests.core.backbones.language.tiny import LONGEST, Info, config_of, cuts, tokenizer

CLASSES = ["calm", "glad", "sad", "nothing"]  # without the last, a class can be told by what is missing
SIGNS = {"calm": ("w10", "w11"), "glad": ("w20", "w21"), "sad": ("w30", "w31")}


def planted(number: int, words: int = 12) -> tuple[str, str, str]:
    """(text, class, the word that says it); the same number gives the same. Every fourth has no such word."""
    random = np.random.default_rng((number, words))
    label = CLASSES[number % 4]
    text = [f"w{each}" for each in random.integers(40, 96, int(random.integers(words // 2, words + 1)))]
    if label == "nothing":
        return " ".join(text), label, ""
    sign = SIGNS[label][int(random.integers(2))]
    text[int(random.integers(len(text)))] = sign
    return " ".join(text), label, sign


def reader(folder: Path, kind: str = "bert", task: dict | None = None, seed: int = 0) -> Predictor:
    """Not fitted yet. folder: an empty one, for its tokenizer."""
    said = tokenizer().encode()
    (folder / "tokenizer.json").write_bytes(said)
    settings = Tokenizing(tokenizer=hashlib.sha256(said).hexdigest(), longest=LONGEST, types=True, folder=folder)
    spec = task or {"kind": "classes", "classes": CLASSES}
    needs = TASKS[spec["kind"]].needs
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = config_of(kind)
        network = networks.random_network(config)
        backbone = LanguageBackbone(Info(), network, cuts(kind), networks.is_causal(config), needs=needs)
        objective = TASKS[spec["kind"]].objective(spec)
        model = nn.Sequential(backbone, objective.head(HeadSettings(), backbone.shapes)).eval()
    return Predictor(model, objective, settings, choose_device("cpu"), modality=TEXT)


def fit(predictor: Predictor, steps: int = 60, rate: float = 3e-3) -> float:
    """Returns how often it was right at last."""
    torch.manual_seed(0)  # of its dropout
    optimizer, right = torch.optim.AdamW(predictor.model.parameters(), rate), 0.0
    predictor.model.train()
    for step in range(steps):
        rows = [planted(1000 + step * 32 + at) for at in range(32)]
        read = [TEXT.read(text, predictor.preprocessing) for text, *_ in rows]
        outputs = predictor.model(TEXT.collate(read, predictor.preprocessing, torch.device("cpu")))
        labels = torch.tensor([CLASSES.index(label) for _, label, _ in rows])
        optimizer.zero_grad()
        functional.cross_entropy(outputs, labels).backward()
        optimizer.step()
        right = 0.8 * right + 0.2 * float((outputs.argmax(1) == labels).float().mean())
    predictor.model.eval()
    return right
