"""Which words of a text speak for an answer, and which against it.

Occlusion: leave a word out, as if it were not there for attention and pooling, and see how much the answer loses.
Integrated gradients (https://arxiv.org/abs/1703.01365): of the tokens as they come from the embeddings, on the way from
all alike to what they are. Which finds planted words better is measured in docs/evaluation.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from core.backbones.backbone import Backbone
from core.backbones.cutting import ACTIVATION
from core.explaining import gradients
from core.explaining.explanation import Listen
from core.modalities.inputs import Features, Inputs
from core.modalities.texts.tokenized import Read
from core.tasks.tokens.words import units_of

MOST_PARTS = 96  # that are left out one by one; of longer texts, several words at a time
STEPS = 4
TOKENS_AT_ONCE = 2048
BETWEEN = "\n"  # two texts that belong together


@dataclass(frozen=True)
class Words:
    """The words of a text, or of both, that the network read.

    Attributes:
        text: What the places are in.
        places: int64 (W, 2), first character and the one behind the last, in order.
        of_token: int64 (T,), to which word each token belongs; -1 for those that belong to none, as special ones.
    """

    text: str
    places: np.ndarray
    of_token: np.ndarray


def words_of(read: Read) -> Words:
    of_token, places, text = np.full(len(read.ids), -1, np.int64), list[np.ndarray](), read.text
    for number, own in enumerate((read.text, read.second)):
        sequence = np.where(read.sequence == number, 0, -1)
        units = units_of(own, read.offsets, sequence)
        if not len(units.places):
            continue
        before = sum(map(len, places))
        tokens = np.flatnonzero(sequence == 0)
        behind = np.minimum(read.offsets[tokens, 1] - 1, len(own))  # some begin with the blank before their word
        of_token[tokens] = before + np.maximum(np.searchsorted(units.places[:, 0], behind, side="right") - 1, 0)
        places.append(units.places + (len(read.text) + len(BETWEEN) if number else 0))
    if read.second:
        text = f"{read.text}{BETWEEN}{read.second}"
    return Words(text, np.concatenate(places) if places else np.empty((0, 2), np.int64), of_token)


def grouped(words: Words, most: int = MOST_PARTS) -> Words:
    """The same in at most so many parts, each of as many words that follow each other."""
    count = len(words.places)
    if count <= most:
        return words
    part = np.arange(count) * most // count
    first, last = np.searchsorted(part, np.arange(most)), np.searchsorted(part, np.arange(most), side="right") - 1
    places = np.stack([words.places[first, 0], words.places[last, 1]], axis=1)
    return Words(words.text, places, np.where(words.of_token < 0, -1, part[np.maximum(words.of_token, 0)]))


def left_out(inputs: Inputs, words: Words, likely: Callable[[Inputs], torch.Tensor], listen: Listen) -> np.ndarray:
    """How much less likely the answer is without each word, (W,).

    inputs: of one text. likely: of such inputs, (B,).
    """
    whole, lost, many = likely(inputs), list[float](), len(words.places)
    at_once = max(1, TOKENS_AT_ONCE // len(words.of_token))
    for start in range(0, many, at_once):
        listen(start, many)
        some = np.arange(start, min(many, start + at_once))
        copies = {name: each.repeat(len(some), 1) for name, each in inputs.items()}
        gone = torch.from_numpy(words.of_token[None, :] == some[:, None]).to(copies["mask"].device)
        copies["mask"] = copies["mask"].masked_fill(gone, 0)
        lost += (whole - likely(copies)).tolist()
    return np.array(lost)


def integrated(
    backbone: Backbone, inputs: Inputs, words: Words, towards: Callable[[Features], torch.Tensor], listen: Listen
) -> np.ndarray:
    """How much each word adds to the answer, (W,).

    towards: from features to what is asked, (1,).

    Raises:
        BackboneError: the network cannot be cut behind its embeddings.
    """
    after, until = backbone.after(1), backbone.until(1)
    with torch.no_grad():
        kept = until(inputs)
    tokens, real = kept[ACTIVATION], torch.from_numpy(words.of_token >= 0)
    level = tokens.clone()
    level[:, real] = tokens[:, real].mean(dim=1, keepdim=True)
    found = gradients.integrated(after, kept, level, towards, STEPS, listen)
    adds = found.sum(dim=2)[0].float().cpu().numpy()
    return np.bincount(words.of_token[words.of_token >= 0], adds[words.of_token >= 0], len(words.places))
