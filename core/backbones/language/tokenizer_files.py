"""Make sure of a folder's tokenizer.json; convert older files where only they are there, running nothing of theirs."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from core.backbones.language.config import FILE as CONFIG
from core.backbones.language.files import TOKENIZER
from core.errors import BackboneError
from core.modalities.texts.tokenized import LARGEST
from core.units import file_size

SAYS = "tokenizer_config.json"
OLDER = (  # each of them one tokenizer, by the file that must be there
    ("vocab.txt", ()),
    ("vocab.json", ("merges.txt",)),
    ("sentencepiece.bpe.model", ()),
    ("spiece.model", ()),
    ("spm.model", ()),
    ("tokenizer.model", ()),
)
BESIDE = (SAYS, "special_tokens_map.json", "added_tokens.json")
FILES = (TOKENIZER, *(name for first, more in OLDER for name in (first, *more)), *BESIDE)
HOW = "Save it with save_pretrained of a fast tokenizer of the transformers library, which writes tokenizer.json."


def must_have_tokenizer(folder: Path) -> None:
    """
    Raises:
        BackboneError: there is none, one of its files is absurdly large, or it asks for code.
    """
    names = [name for name in FILES if (folder / name).is_file()]
    for name in names:
        if (size := (folder / name).stat().st_size) > LARGEST:
            raise BackboneError(
                f"{name} has {file_size(size)}, and of a tokenizer at most {file_size(LARGEST)} are read. Give the "
                "folder as the transformers library or the hub has it."
            )
    must_be_among(names, repr(folder.name[:80]))
    for name in {CONFIG, SAYS} & {*names, CONFIG}:
        must_ask_for_no_code(folder / name)


def must_be_among(names: Iterable[str], where: str) -> None:
    """
    Raises:
        BackboneError: these files hold no tokenizer.
    """
    there = {*names}
    if TOKENIZER not in there and not any({first, *more} <= there for first, more in OLDER):
        raise BackboneError(f"There is no tokenizer ({TOKENIZER}, or vocab.txt) in {where}. {HOW}")


def must_ask_for_no_code(path: Path) -> None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return  # whoever reads it next says so
    if isinstance(said, dict) and said.get("auto_map"):
        raise BackboneError(
            f'{path.name} asks for code that comes with the model ("auto_map"), which is never run here. Choose a '
            "model whose network the transformers library has itself, such as BERT, RoBERTa or Llama."
        )


def convert(folder: Path) -> None:
    """Write tokenizer.json where only older files are, and take one away that cannot be read.

    Raises:
        BackboneError: they cannot be converted.
    """
    if not (folder / TOKENIZER).is_file():
        with tempfile.TemporaryDirectory(dir=folder, prefix=".tokenizer-") as made:
            for name in (CONFIG, *FILES):
                if (folder / name).is_file():
                    shutil.copyfile(folder / name, Path(made) / name)
            _converted(Path(made)).save(str(folder / TOKENIZER))
    for first, more in OLDER:
        for name in (first, *more):
            (folder / name).unlink(missing_ok=True)


def _converted(folder: Path) -> Any:
    from transformers import AutoTokenizer

    from core.backbones.language.networks import quiet

    try:
        with quiet():
            found = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        return found.backend_tokenizer
    except Exception as error:  # whatever the library makes of damaged files
        raise BackboneError(f"The tokenizer cannot be converted ({str(error)[:200]}). {HOW}") from error
