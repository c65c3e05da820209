"""How many tokens the texts of a dataset have, and after how many they are cut unless somebody says. No torch."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from core.errors import GraftError
from core.modalities.texts.kept import FILE, KeptTexts
from core.modalities.texts.settings import USUAL, Tokenizing
from core.modalities.texts.tokenized import tokenizer_of

COUNTED = 2_000  # texts of the training part
COVERED = 0.99  # of them are not cut
SHORTEST = 256  # as somebody may ask about longer texts than those it learned from
USUAL_CHARACTERS, SPECIAL_TOKENS = 4, 2  # of a token, and of a text
CHARACTERS_A_TOKEN = 20  # a longer text than that for each token is too long, and need not be counted to its end


def usual_longest(dataset: Any, info: Any) -> int:
    """dataset: a `core.data.dataset.Dataset`, which lies above this.

    A power of two, so that a version with a few texts more needs no other numbers; at most what the network reads.

    info: of the backbone; its `fitted` tells how many tokens it reads.
    """
    most: int = info.fitted(longest=1_000_000).preprocessing.longest
    try:
        lengths = tokens(dataset, info.preprocessing, most)
    except GraftError:  # the tokenizer is still to be downloaded
        return int(info.fitted().preprocessing.longest)
    longest = SHORTEST
    while longest < most and (lengths <= longest).mean() < COVERED:
        longest *= 2
    return min(longest, most)


def mean_tokens(dataset: Any, info: Any) -> float:
    """That a text of the dataset has when a backbone reads it; by its characters, where its tokenizer is not here.

    info: as `fitted` gave it.
    """
    longest = info.preprocessing.longest
    try:
        lengths = tokens(dataset, info.preprocessing, info.fitted(longest=1_000_000).preprocessing.longest)
    except GraftError:
        lengths = dataset.part("train")["characters"].to_numpy() // USUAL_CHARACTERS + SPECIAL_TOKENS
    return float(np.minimum(lengths, longest).mean()) if len(lengths) else float(USUAL)


def share_cut(dataset: Any, settings: Tokenizing, most: int) -> float:
    """Which share of the texts has more tokens than `settings` allows. Raises as `tokens`."""
    return float((tokens(dataset, settings, most) > settings.longest).mean())


def tokens(dataset: Any, settings: Tokenizing, most: int) -> np.ndarray:
    """(N,), of some texts of the training part, special ones included; what has more than `most` counts as one more.

    Raises:
        GraftError: the texts or the tokenizer cannot be read.
    """
    return _tokens(dataset, settings.model_copy(update={"longest": most + 1}))


@lru_cache(maxsize=4)
def _tokens(dataset: Any, settings: Tokenizing) -> np.ndarray:
    rows = dataset.part("train")["row"].to_numpy()
    some = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), COUNTED)).astype(int))]
    most = CHARACTERS_A_TOKEN * settings.longest
    texts = [(text[:most], second[:most]) for text, second in KeptTexts(dataset.path(FILE))[some]]
    given: list[Any] = [both if both[1] else both[0] for both in texts]
    return np.array([len(each.ids) for each in tokenizer_of(settings).encode_batch_fast(given)], np.int64)
