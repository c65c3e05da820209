"""Some tokens of each text hidden, drawn anew in every epoch, as BERT was trained (https://arxiv.org/abs/1810.04805).

Of 15% of the tokens, 80% become the tokenizer's mask, 10% another token, and 10% stay. What is drawn depends on the
seed, the epoch and the text alone, so that a resumed run sees the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.errors import BackboneError
from core.modalities.examples import Examples
from core.modalities.inputs import Inputs
from core.modalities.texts.examples import TextExamples
from core.modalities.texts.tokenized import SPECIAL, tokenizer_of
from core.tasks.targets import Item, Ragged

SHARE, MASKED, OTHERS = 0.15, 0.8, 0.1
MASKS = ("[MASK]", "<mask>")
VERSION = 1  # change when the same seed, epoch and text would give other tokens


@dataclass(frozen=True)
class Hidden:
    """Of a text, the places of the tokens to guess, (M,), and what stands there instead, (M,)."""

    places: np.ndarray
    instead: np.ndarray


def hide(ids: np.ndarray, sequence: np.ndarray, mask: int, vocabulary: int, random: np.random.Generator) -> Hidden:
    """ids, sequence: (T,), as of `Read`. At least one token is hidden, where any but special ones are there."""
    own = np.flatnonzero(sequence != SPECIAL)
    many = min(len(own), max(1, round(SHARE * len(own))))
    places = np.sort(random.permutation(own)[:many])
    lot, others = random.random(many), random.integers(0, vocabulary, many)
    instead = np.where(lot < MASKED, mask, np.where(lot < MASKED + OTHERS, others, ids[places]))
    return Hidden(places, instead)


class Masked(Examples):
    """Texts with some of their tokens hidden; their targets are moved along."""

    counts = False

    def __init__(self, texts: TextExamples, seed: int, training: bool) -> None:
        """
        Raises:
            BackboneError: its tokenizer has no token that stands for a hidden one.
        """
        self.texts, self.seed = texts, seed
        self.digests, self.device = texts.digests, texts.device
        self.augmentation = "masked" if training else "none"
        tokenizer = tokenizer_of(texts.settings)
        known = (tokenizer.token_to_id(each) for each in MASKS)
        self.mask = next((each for each in known if each is not None), None)
        self.vocabulary = tokenizer.get_vocab_size()
        if self.mask is None:
            raise BackboneError(
                f"The tokenizer of this backbone has no token for a hidden word ({' or '.join(MASKS)}), so it cannot "
                "go on with pre-training. Choose another backbone."
            )

    def __len__(self) -> int:
        return len(self.texts)

    def hidden(self, number: int, epoch: int | None) -> Hidden:
        row, content = self.texts.tokens[number], int(str(self.digests[number])[:16], 16)
        random = np.random.default_rng((self.seed, 0 if epoch is None else epoch + 1, content))
        assert self.mask is not None
        return hide(row["ids"], row["sequence"], self.mask, self.vocabulary, random)

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        for chunk, inputs in zip(chunks, self.texts.batches(chunks, None)):
            ids = inputs["ids"].clone()
            for row, number in enumerate(chunk):
                drawn = self.hidden(int(number), epoch)
                ids[row, torch.from_numpy(drawn.places)] = torch.from_numpy(drawn.instead).to(ids)
            yield {**inputs, "ids": ids}

    def moved(self, targets: Ragged, chunk: np.ndarray, epoch: int | None) -> Ragged:
        """Of all tokens, those that are hidden."""
        items: list[Item] = []
        for item, number in zip(targets.items, chunk):
            places = torch.from_numpy(self.hidden(int(number), epoch).places).to(item["places"].device)
            items.append({"places": places, "goals": item["goals"][places]})
        return Ragged(items)

    def read(self) -> None:
        self.texts.read()

    def read_of(self, number: int) -> Any:
        return self.texts.read_of(number)

    def setting(self) -> str:
        return f"{self.texts.setting()}\nmasked {VERSION} {self.seed}"

    def lengths(self) -> np.ndarray | None:
        return self.texts.lengths()

    def expected_lengths(self) -> np.ndarray | None:
        return self.texts.expected_lengths()

    def to_read(self) -> int:
        return self.texts.to_read()

    def bytes(self) -> int:
        return self.texts.bytes()

    def reads_again(self) -> bool:
        return self.texts.reads_again()

    def is_damaged(self) -> bool:
        return self.texts.is_damaged()
