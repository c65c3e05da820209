"""A network in the shape of BERT: embeddings, an encoder that holds nothing but a list of layers, an attention mask."""

import torch
from torch import nn
from torch.nn import functional

from core.backbones.backbone import Backbone
from core.backbones.plans import Plan, plan_of


class Embeddings(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.words, self.places, self.norm = nn.Embedding(words, width), nn.Embedding(64, width), nn.LayerNorm(width)

    def forward(self, ids):
        return self.norm(self.words(ids) + self.places(torch.arange(ids.shape[1], device=ids.device)))


class Layer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))
        self.attention_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.inner, self.outer = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, states, attention_mask=None):
        seen = functional.scaled_dot_product_attention(
            self.query(states), self.key(states), self.value(states), attn_mask=attention_mask
        )
        states = self.attention_norm(states + self.output(seen))
        return (self.norm(states + self.outer(functional.gelu(self.inner(states)))),)  # as layers that may give more


class Encoder(nn.Module):
    def __init__(self, width, layers):
        super().__init__()
        self.layer = nn.ModuleList(Layer(width) for _ in range(layers))

    def forward(self, states, attention_mask=None):
        for layer in self.layer:
            states = layer(states, attention_mask=attention_mask)[0]
        return {"last_hidden_state": states}


class BertShaped(nn.Module):
    def __init__(self, layers=12, width=32, words=1000):
        super().__init__()
        self.embeddings, self.encoder = Embeddings(words, width), Encoder(width, layers)

    def forward(self, input_ids, attention_mask):
        states = self.embeddings(input_ids)
        mask = attention_mask.to(states.device)[:, None, :].bool()  # as libraries do: where the states are
        return self.encoder(states, attention_mask=mask)


class Info:
    name = said = architecture = "bert-shaped"


def feed(network, inputs):
    return network(input_ids=inputs["ids"], attention_mask=inputs["mask"])


def texts(*lengths, seed=0):
    """As many of random words, padded to the longest."""
    mask = torch.tensor([[1] * length + [0] * (max(lengths) - length) for length in lengths])
    ids = torch.randint(1, 1000, mask.shape, generator=torch.Generator().manual_seed(seed))
    return {"ids": ids * mask, "mask": mask}


def bert_plan(layers=12, longest=10) -> Plan:
    with torch.device("meta"):
        network = BertShaped(layers)
    return plan_of(network, texts(longest, 4), feed)


def bert_backbone(layers=12, **settings) -> Backbone:
    torch.manual_seed(0)
    return Backbone(Info(), BertShaped(layers), bert_plan(layers), **settings).eval()
