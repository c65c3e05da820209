"""Texts on their way into a network: tokenised once, kept by their content, padded to the longest of their batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from core.modalities.examples import Examples
from core.modalities.inputs import Inputs
from core.modalities.texts.kept import BLOCK, FILE, KeptTexts
from core.modalities.texts.settings import Tokenizing
from core.modalities.texts.tokenized import Read, padded, tokenized, tokens_of
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.store.cache import make_room
from core.store.rows import Row, Rows, Store
from core.workspace import Workspace

VERSION = 1  # change when the same text and tokenizer would give other numbers
CHARACTERS_A_TOKEN = 3  # rather too few than too many, so that there is room
SPECIAL_TOKENS = 3
BYTES_A_TOKEN = 5
WORDS = 4096  # and pairs of words that are counted, the most frequent ones


class TextExamples(Examples):
    augmentation, counts = "none", True

    def __init__(
        self,
        workspace: Workspace,
        path: Path,
        frame: pd.DataFrame,
        settings: Tokenizing,
        device: torch.device,
        begins: Callable[[], None],
        progress: OnProgress | None,
        cancelled: Cancelled | None,
    ) -> None:
        """path: of the texts. The rest as for `Modality.examples`."""
        self.workspace, self.settings, self.device = workspace, settings, device
        self.path, self.numbers, self.characters = path, frame["row"].to_numpy(), frame["characters"].to_numpy()
        self.digests: Sequence[str] = list(frame["sha256"])
        self.begins, self.progress, self.cancelled = begins, progress, cancelled
        self.store = Store(workspace, "tokens", f"{settings.key()}-v{VERSION}", {"ids": np.int32, "sequence": np.int8})

    def __len__(self) -> int:
        return len(self.digests)

    @cached_property
    def texts(self) -> KeptTexts:
        return KeptTexts(self.path)

    @cached_property
    def tokens(self) -> Rows | Tokenizer:
        self.begins()
        missing = self.store.missing(self.digests)
        if not make_room(self.workspace, int(self.expected_lengths()[missing].sum()) * BYTES_A_TOKEN):
            return Tokenizer(self)
        return self.store.rows(self.digests, self._made)

    def _made(self, places: np.ndarray) -> Iterator[Row]:
        for start in range(0, len(places), BLOCK // 16):
            if self.cancelled is not None and self.cancelled():
                raise WorkStopped("Stopped.")
            some = places[start : start + BLOCK // 16]
            for ids, sequence in tokens_of(self.texts[self.numbers[some]], self.settings):
                yield {"ids": ids, "sequence": sequence}
            if self.progress is not None:
                self.progress(Progress("Reading texts", start + len(some), len(places)))

    def read(self) -> None:
        _ = self.tokens

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        tokens = self.tokens
        for chunk in chunks:
            rows = [tokens[int(number)] for number in chunk]
            yield padded([(row["ids"], row["sequence"]) for row in rows], self.settings, self.device)

    def read_of(self, number: int) -> Read:
        """A text with its tokens and where they stand in it, for tasks whose answers are places in the text."""
        ((text, second),) = self.texts[self.numbers[[number]]]
        return tokenized(text, second, self.settings)

    def counted(
        self, numbers: np.ndarray, others: Examples, asked: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """How often words and pairs of words stand in each, those that are in every other text counting for less
        (TF-IDF): the line that every model of texts has to beat."""
        from sklearn.feature_extraction.text import TfidfVectorizer  # takes a second to import

        assert isinstance(others, TextExamples)
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=WORDS, dtype=np.float32)
        try:
            mine = words.fit_transform(self._joined(numbers))
        except ValueError:  # there is no word in them
            return None
        theirs = words.transform(others._joined(asked))
        return torch.from_numpy(mine.toarray()), torch.from_numpy(theirs.toarray())

    def _joined(self, numbers: np.ndarray) -> list[str]:
        return [f"{text} {second}" for text, second in self.texts[self.numbers[numbers]]]

    def lengths(self) -> np.ndarray:
        """In tokens, (N,)."""
        tokens = self.tokens
        return tokens.lengths("ids") if isinstance(tokens, Rows) else self.characters

    def expected_lengths(self) -> np.ndarray:
        return np.minimum(self.characters // CHARACTERS_A_TOKEN + SPECIAL_TOKENS, self.settings.longest)

    def setting(self) -> str:
        return f"{VERSION}\n{self.settings.key()}"

    def to_read(self) -> int:
        return len(self.store.missing(self.digests))

    def bytes(self) -> int:
        return int(self.expected_lengths().sum()) * BYTES_A_TOKEN

    def reads_again(self) -> bool:
        return isinstance(self.tokens, Tokenizer)

    def is_damaged(self) -> bool:
        known = vars(self).get("tokens")  # which may not have been needed
        return isinstance(known, Rows) and known.is_damaged()


class Tokenizer:
    """The tokens where the cache has no room: every look makes them again."""

    def __init__(self, examples: TextExamples) -> None:
        self.examples = examples

    def __getitem__(self, number: int) -> Row:
        ((ids, sequence),) = tokens_of(self.examples.texts[self.examples.numbers[[number]]], self.examples.settings)
        return {"ids": ids, "sequence": sequence}


def text_examples(
    workspace: Workspace,
    path: Callable[[str], Path],
    frame: pd.DataFrame,
    settings: Tokenizing,
    device: torch.device,
    augmentation: Any = "none",
    begins: Callable[[], None] = lambda: None,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> TextExamples:
    return TextExamples(workspace, path(FILE), frame, settings, device, begins, progress, cancelled)
