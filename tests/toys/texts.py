"""A toy modality: texts, each a row of a table. It goes through all that images go through, in MODALITIES."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from pydantic import BaseModel

from core.finding import Finding
from core.modalities.examples import Examples
from core.modalities.protocol import Modality

WORDS, LONGEST = 97, 16  # of the vocabulary; tokens


class Tokens(BaseModel):
    """How the backbone wants texts."""

    longest: int = LONGEST


def pieces_of(text: str, longest: int) -> list[tuple[int, int]]:
    """(token, the word that it is part of): a long word is cut in two. Token 0 is padding."""
    pieces = [(piece, at) for at, word in enumerate(text.split()) for piece in (word[:5], word[5:]) if piece]
    numbers = [(1 + int(hashlib.md5(piece.encode()).hexdigest(), 16) % (WORDS - 1), at) for piece, at in pieces]
    return numbers[:longest] or [(1, 0)]


def tokens_of(text: str, longest: int) -> list[int]:
    return [token for token, _ in pieces_of(text, longest)]


class Texts(Modality):
    name = noun = "text"
    seed = b"text"
    columns = {"text": "str", "characters": "int64"}
    comes_from = "row"

    def held_by(self, headings):
        return tuple(heading for heading in headings if heading.lower() in ("text", "review"))

    def inspect(self, cells):
        text = " ".join(cells.values()).strip()
        if not text:
            return "There is no text in it."
        return {"text": text, "characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}

    def misfit(self, frame):
        return "" if (frame["characters"] > 0).all() else "it has texts of no length"

    def findings(self, frame):
        short = frame.loc[frame["characters"] < 5, "name"].tolist()
        if short:
            yield Finding(kind="short", title=f"{len(short)} texts are short.", why="Look.", files=short)

    def size(self, frame):
        return frame["characters"]

    def examples(self, workspace, path, frame, settings, device, augmentation="none", **asked):
        return TextExamples([*frame["text"]], [*frame["sha256"]], settings, device)

    def settings(self, said):
        return Tokens.model_validate(said)

    def read(self, given, settings):
        return Read(given, pieces_of(given, settings.longest))

    def collate(self, read, settings, device):
        return padded([[token for token, _ in each.pieces] for each in read], device)


@dataclass(frozen=True)
class Read:
    """A text that somebody asks about, and its tokens, each with the word that it is part of."""

    text: str
    pieces: list[tuple[int, int]]


def padded(rows: list[list[int]], device: torch.device) -> dict[str, torch.Tensor]:
    """{"ids", "mask": (B, T)}, T as long as the longest."""
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=device)
    return {"ids": ids, "mask": (ids > 0).float()}


class TextExamples(Examples):
    def __init__(self, texts, digests, settings, device):
        self.tokens = [tokens_of(text, settings.longest) for text in texts]
        self.words = [[word for _, word in pieces_of(text, settings.longest)] for text in texts]
        self.digests, self.device, self.longest, self.augmentation = digests, device, settings.longest, "none"

    def __len__(self):
        return len(self.tokens)

    def read(self):
        pass

    def batches(self, chunks, epoch):
        for chunk in chunks:
            yield padded([self.tokens[number] for number in chunk], self.device)

    def setting(self):
        return f"toy {self.longest}"
