"""A toy library of backbones for texts: a tiny BERT, of random numbers. One line in LIBRARIES makes it known."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn

from core.backbones.backbone import Backbone
from core.backbones.libraries import Library
from core.backbones.plans import plan_of
from tests.toys.texts import LONGEST, WORDS, Tokens, padded

WIDTH = 24  # numbers a token


class Layer(nn.TransformerEncoderLayer):
    def __init__(self):
        super().__init__(WIDTH, 2, WIDTH, dropout=0.0, batch_first=True)

    def forward(self, hidden, mask):
        return super().forward(hidden, src_key_padding_mask=mask == 0)


class Encoder(nn.Module):
    def __init__(self, layers: int) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer() for _ in range(layers))

    def forward(self, hidden, mask):
        for layer in self.layer:
            hidden = layer(hidden, mask)
        return hidden


class TinyBert(nn.Module):
    def __init__(self, layers: int = 3) -> None:
        super().__init__()
        self.embeddings, self.encoder = nn.Embedding(WORDS, WIDTH), Encoder(layers)

    def forward(self, ids, mask):
        return self.encoder(self.embeddings(ids), mask)


@dataclass(frozen=True)
class TinyInfo:
    name: str = "toy/bert"
    library: str = "toy"
    architecture: str = "bert"
    gflops: float = 0.001
    modality: str = "text"
    parameters: int | None = None
    download_bytes: int | None = None
    licence: str | None = None
    preprocessing: Tokens = field(default_factory=Tokens)

    @property
    def said(self) -> str:
        return self.name

    def fitted(self, *_: object) -> TinyInfo:
        return self


class Toys(Library):
    """What `core.backbones.libraries.Library` asks for."""

    name, usual, network = "toy", "toy/bert", TinyBert

    def infos(self, workspace=None):
        return (TinyInfo(),)

    def example(self):
        return padded([[1] * LONGEST, [2, 3]], torch.device("cpu"))

    @staticmethod
    def feed(network, inputs):
        return network(inputs["ids"], inputs["mask"])

    def build(self, info, workspace, *, weights_file=None, random=False, reads="last", needs="pooled"):
        with torch.device("meta"):
            plan = plan_of(self.network(), self.example(), self.feed)
        with torch.random.fork_rng():
            torch.manual_seed(5)
            return Backbone(info, self.network(), plan, reads=reads, needs=needs)
