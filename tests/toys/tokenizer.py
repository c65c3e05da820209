"""A tiny tokenizer, as a backbone's folder has one: words of a few known pieces."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from core.modalities.texts.settings import Tokenizing

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,!?|-"
WORDS = ("red", "green", "wonder", "blue", "believ", "grey", "##ful", "##able", "the", "good", "bad", "is")


def write_tokenizer(folder: Path, longest: int = 16, types: bool = True) -> Tokenizing:
    """Puts tokenizer.json there: lower case, pieces of words as BERT's, [CLS] before and [SEP] behind."""
    pieces = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), *WORDS]
    tokenizer = Tokenizer(models.WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    folder.mkdir(parents=True, exist_ok=True)
    data = tokenizer.to_str()
    (folder / "tokenizer.json").write_text(data)
    sha256 = hashlib.sha256(data.encode()).hexdigest()
    return Tokenizing(tokenizer=sha256, longest=longest, types=types, folder=folder)


def vocabulary() -> int:
    """How many tokens it has."""
    return len(SPECIAL) + 2 * len(LETTERS) + len(WORDS)
