"""What is known about a backbone for texts, read from its folder without torch."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from core.backbones.language.config import digest as digest_of
from core.backbones.language.config import family, multiply_adds, positions, read_config, takes_types
from core.backbones.language.files import TOKENIZER, weights_of
from core.errors import BackboneError
from core.modalities import TEXT
from core.modalities.texts.settings import USUAL, Tokenizing

LONGEST = 512  # tokens that are read, unless more or fewer are chosen
NOT_HERE = "0" * 64  # in place of the hash of a tokenizer that is still to be downloaded


@dataclass(frozen=True)
class LanguageInfo:
    """What is known about a backbone for texts and one set of its weights. None, or "": nobody says.

    Attributes:
        name: "minilm", "hub/bert-base-uncased", "folder/my-bert-0a1b2c3d4e5f".
        library: "minilm" (bundled), "hub" or "folder".
        architecture: The family and a hash of the configuration.
        parameters: As its weights have them.
        languages: In words.
        licence: Of the weights.
        longest: Tokens at most that the network can read, special ones included; how many it is given is in
            `preprocessing`, see `fitted`.
        gflops: Multiply-adds in 1e9 for a text of `USUAL` tokens.
        download_bytes: Of all of its files.
        hub: The repository on the Hugging Face hub.
        folder: Where config.json, tokenizer.json and the weights lie.
    """

    name: str
    library: str
    architecture: str
    family: str
    parameters: int | None
    gflops: float | None
    languages: str
    licence: str | None
    longest: int
    download_bytes: int | None
    hub: str | None
    preprocessing: Tokenizing
    folder: Path = field(default=Path(), compare=False)
    modality: ClassVar[str] = TEXT.name

    def fitted(self, *_: Any, longest: int | None = None) -> LanguageInfo:
        """The same backbone for texts of at most so many tokens. None: `LONGEST`, where it can read as many. What else
        is set is for images."""
        tokens = min(self.longest, longest or LONGEST)
        return replace(self, preprocessing=self.preprocessing.model_copy(update={"longest": tokens}))

    @property
    def said(self) -> str:
        """Its name, with how many tokens it is given where they are not its own number."""
        tokens = self.preprocessing.longest
        return self.name if tokens == min(self.longest, LONGEST) else f"{self.name} at {tokens} tokens"


def info_of(folder: Path, name: str, library: str, **known: Any) -> LanguageInfo:
    """Of a folder with config.json and tokenizer.json; its weights may be elsewhere, as a bundle's are.

    known: what else than the files say holds of it.

    Raises:
        BackboneError: one of the files is not there, is damaged, or absurd in size.
    """
    config, weights = read_config(folder), weights_of(folder)
    said = _card(folder) if library == "folder" else {}
    longest = max(4, min(positions(config), _tokenizers_longest(folder)))
    parameters = weights.numbers if weights else None
    found: dict[str, Any] = {
        "parameters": parameters,
        "gflops": multiply_adds(config, parameters, min(longest, USUAL)) if parameters else None,
        "languages": said.get("language", ""),
        "licence": said.get("license"),
        "longest": longest,
        "download_bytes": None,
        "hub": None,
    }
    found |= known
    tokenizing = Tokenizing(
        tokenizer=hash_of(folder / TOKENIZER),
        longest=min(LONGEST, found["longest"]),
        types=takes_types(config),
        folder=folder,
    )
    kind = f"{config['model_type']}-{digest_of(config)}"
    return LanguageInfo(name, library, kind, family(config), preprocessing=tokenizing, folder=folder, **found)


def _tokenizers_longest(folder: Path) -> int:
    """What those who trained it cut texts at, where they say so."""
    said = []
    for file, key in (("tokenizer_config.json", "model_max_length"), ("sentence_bert_config.json", "max_seq_length")):
        with suppress(OSError, ValueError, RecursionError):
            value = json.loads((folder / file).read_text(encoding="utf-8")).get(key)
            if type(value) in (int, float) and 4 <= value < 1e9:  # some say 1e30, which is to say that they do not know
                said.append(int(value))
    return min(said, default=1_000_000)


def _card(folder: Path) -> dict[str, str]:
    """Language and licence, as a README.md of the hub begins with them."""
    with suppress(OSError, UnicodeDecodeError):
        with open(folder / "README.md", encoding="utf-8") as file:
            begins = file.read(4096)
        head = re.match(r"---\n(.*?)\n---", begins, re.DOTALL)
        lines = re.findall(r"^(license|language): *([\w.+-]{2,40}) *$", head[1], re.MULTILINE) if head else []
        return dict(lines)
    return {}


def hash_of(path: Path) -> str:
    """The sha256 of a file's content, worked out again only when the file changed.

    Raises:
        BackboneError: it is not there.
    """
    try:
        said = path.stat()
        return _hash(path, said.st_size, said.st_mtime_ns)
    except OSError as error:
        raise BackboneError(
            f"There is no {path.name} in {path.parent.name[:80]!r}, which makes tokens of texts. Give the folder with "
            "all of its files."
        ) from error


@lru_cache(maxsize=256)
def _hash(path: Path, size: int, when: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
