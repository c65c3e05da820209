"""From a text to the numbers of its tokens, by the tokenizer that the backbone was trained with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import BackboneError
from core.modalities.texts.settings import Tokenizing

if TYPE_CHECKING:  # torch takes seconds to import, and pages count tokens without
    import torch

    from core.modalities.inputs import Inputs

NAME = "tokenizer.json"
LARGEST = 64 * 2**20  # bytes of a tokenizer
UNCUT = 1_000_000_000
SPECIAL = -1  # in `sequence`, of tokens that stand for no part of a text


@dataclass(frozen=True)
class Read:
    """A text that somebody asks about, and its tokens.

    Attributes:
        second: The text that belongs to it; "" where there is none.
        ids: (T,)
        offsets: (T, 2), which characters of its text each token stands for: (0, 0) of special ones.
        sequence: (T,), 0 for tokens of the text, 1 for those of the second, -1 for special ones.
        is_cut: Whether it is longer than what the network reads.
        tokens: That all of it has, where it is cut.
    """

    text: str
    second: str
    ids: np.ndarray
    offsets: np.ndarray
    sequence: np.ndarray
    is_cut: bool = False
    tokens: int = 0


def tokenized(text: str, second: str, settings: Tokenizing) -> Read:
    """
    Raises:
        BackboneError: there is no tokenizer, or it is damaged.
    """
    given = _whole(text), _whole(second) if second else None
    encoded = tokenizer_of(settings).encode(*given)
    if not encoded.overflowing:
        return Read(text, second, *_arrays(encoded))
    uncut = tokenizer_of(settings.model_copy(update={"longest": UNCUT})).encode(*given)
    return Read(text, second, *_arrays(encoded), is_cut=True, tokens=len(uncut.ids))


def tokens_of(texts: Sequence[tuple[str, str]], settings: Tokenizing) -> list[tuple[np.ndarray, np.ndarray]]:
    """(ids, sequence) of each, on all cores. Raises as `tokenized`."""
    given: list[Any] = [(_whole(text), _whole(second)) if second else _whole(text) for text, second in texts]
    encoded = tokenizer_of(settings).encode_batch_fast(given)
    return [(np.array(each.ids, np.int32), _sequence(each)) for each in encoded]


def padded(rows: Sequence[tuple[np.ndarray, np.ndarray]], settings: Tokenizing, device: torch.device) -> Inputs:
    """{"ids", "mask": int64 (B, T)}, and "types" where the network takes them; T as of the longest of `rows`, each
    (ids, sequence)."""
    import torch

    shape = len(rows), max(len(ids) for ids, _ in rows)
    ids, mask, types = (np.zeros(shape, np.int64) for _ in range(3))
    for number, (own, sequence) in enumerate(rows):
        ids[number, : len(own)] = own
        mask[number, : len(own)] = 1
        types[number, : len(own)] = _types(sequence)
    arrays = {"ids": ids, "mask": mask} | ({"types": types} if settings.types else {})
    return {name: torch.from_numpy(each).to(device) for name, each in arrays.items()}


def _types(sequence: np.ndarray) -> np.ndarray:
    """0 up to the first token of the second text, 1 from there on."""
    return np.maximum.accumulate(sequence == 1)


def _whole(text: str) -> str:
    """Half of a pair of surrogates is no character, and the tokenizer takes none."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _arrays(encoded: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    offsets = np.array(encoded.offsets, np.int64).reshape(-1, 2)
    sequence = _sequence(encoded)
    offsets[sequence == SPECIAL] = 0
    return np.array(encoded.ids, np.int64), offsets, sequence


def _sequence(encoded: Any) -> np.ndarray:
    return np.array([SPECIAL if each is None else each for each in encoded.sequence_ids], np.int8)


def tokenizer_of(settings: Tokenizing) -> Any:
    """Raises as `tokenized`."""
    return _loaded(settings.folder / NAME, settings.tokenizer, settings.longest)


@lru_cache(maxsize=4)
def _loaded(path: Path, sha256: str, longest: int) -> Any:
    from tokenizers import Tokenizer

    try:
        data = path.read_bytes()
        if len(data) > LARGEST or hashlib.sha256(data).hexdigest() != sha256:
            raise ValueError("it is another one than the backbone was chosen with")
        tokenizer = Tokenizer.from_str(data.decode())
        tokenizer.enable_truncation(longest)
        tokenizer.no_padding()
    except Exception as error:  # whatever the library makes of a damaged file
        raise BackboneError(f"The backbone's tokenizer cannot be read ({error}). Choose the backbone again.") from error
    return tokenizer
