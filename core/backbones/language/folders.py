"""Take a folder with a language model into the workspace: checked, tried and copied; nothing in it is executed."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from core.backbones.language import tokenizer_files
from core.backbones.language.config import FILE as CONFIG
from core.backbones.language.config import LARGEST, read_config
from core.backbones.language.files import INDEX, PICKLES, SHARD, TOKENIZER, WEIGHTS, shards, weights_of
from core.backbones.language.hub_listing import SENTENCES
from core.backbones.language.info import LanguageInfo, info_of
from core.backbones.language.library import Folders
from core.backbones.weights_file import MOST_UNPACKED, UNPACKED_FROM
from core.errors import BackboneError
from core.units import file_size
from core.workspace import Workspace, slug

if TYPE_CHECKING:  # torch takes seconds to import
    from core.backbones.weights import Match

ABOUT = ("README.md", "LICENSE", "LICENSE.txt")
SMALL = (CONFIG, *tokenizer_files.FILES, SENTENCES, *ABOUT, INDEX)
MOST_ABOUT = 4 * LARGEST  # bytes of what is read beside tokenizer and weights
TRIED = ("One short text.", "Another one, which is a little longer than the first.")
MOST_FEATURE = 1e6


def add_folder(workspace: Workspace, path: Path, name: str = "") -> tuple[LanguageInfo, Match]:
    """The backbone that a folder, or a ZIP of one, holds, and how its weights fit. The same again is the one there is.

    name: what to call it, before a hash of its content; empty: as the folder is called.

    Raises:
        BackboneError: it cannot be used, with why and what to do.
    """
    with _staging(workspace) as staging:
        folder = path
        if path.is_file() and path.suffix.lower() == ".zip":
            folder = staging / "unpacked" / slug(path.stem)
            folder.mkdir(parents=True)
            _unpack(path, folder)
        _must_be_usable(folder)
        own = staging / "own"
        own.mkdir()
        for file in _wanted(folder):
            shutil.copyfile(file, own / file.name)
        tokenizer_files.convert(own)
        match = tried(own)
        target = staging.parent / f"{slug(name or (path.stem if path.is_file() else path.name))}-{_digest(own)}"
        if not target.exists():
            os.replace(own, target)
    return info_of(target, f"{Folders.name}/{target.name}", Folders.name), match


def tried(folder: Path) -> Match:
    """How its weights fit. It reads two texts.

    Raises:
        BackboneError: they do not fit, or it cannot read with them.
    """
    import torch

    from core.backbones.language import networks
    from core.modalities import TEXT
    from core.modalities.texts.tokenized import tokenizer_of

    info = info_of(folder, "it", Folders.name)
    config = read_config(folder)
    meta = networks.on_meta(config)
    ids = tokenizer_of(info.preprocessing).get_vocab(with_added_tokens=True).values()
    rows = meta.get_input_embeddings().num_embeddings  # type: ignore[operator]
    if not ids or max(ids) >= rows:
        raise BackboneError(
            f"The tokenizer numbers its tokens up to {max(ids, default=0):,}, and the network knows {rows:,}. Give "
            "the tokenizer and the weights of one and the same model."
        )
    network, match = networks.network_of(folder)
    texts = [TEXT.read(text, info.preprocessing) for text in TRIED]
    inputs = TEXT.collate(texts, info.preprocessing, torch.device("cpu"))
    try:
        with torch.inference_mode():
            gave = networks.feed_of(network, info.preprocessing.types)(network, inputs)[0]
    except networks.TROUBLE as error:
        raise BackboneError(f"With these weights it cannot read a text ({str(error)[:200]}).") from error
    if not float(gave.abs().max()) < MOST_FEATURE:  # which no NaN is
        raise BackboneError(
            "With these weights it gives infinite or absurd values, or none (NaN), for a text. Their training went "
            "wrong, or their copy."
        )
    return match


def _must_be_usable(folder: Path) -> None:
    """All that can be said before anything is copied."""
    if not folder.is_dir():
        raise BackboneError(
            f"{folder.name[:80]!r} is no folder. Give a folder, or a ZIP of one, with {CONFIG}, {TOKENIZER} and "
            f"{WEIGHTS}."
        )
    home = folder.resolve()
    for file in _wanted(folder):
        if not file.resolve().is_relative_to(home):
            raise BackboneError(
                f"{file.name} is a link that leads out of the folder. Copy the folder with what its links lead to "
                "(cp -rL), and give the copy."
            )
        if file.name in (SENTENCES, *ABOUT, tokenizer_files.SAYS) and file.stat().st_size > MOST_ABOUT:
            raise BackboneError(
                f"{file.name} has {file_size(file.stat().st_size)}, and at most {file_size(MOST_ABOUT)} are read. "
                "Take it out of the folder."
            )
    read_config(folder)
    tokenizer_files.must_have_tokenizer(folder)
    if weights_of(folder) is None:
        raise _no_weights(folder.name, [file.name for file in folder.iterdir()])
    from core.backbones.language import networks

    networks.on_meta(read_config(folder))


def _no_weights(name: str, files: Iterable[str]) -> BackboneError:
    pickle = next((file for file in sorted(files) if PICKLES.search(file)), None)
    if pickle is None:
        return BackboneError(
            f"There are no weights ({WEIGHTS}) in {name[:80]!r}. Give the folder with all of its files."
        )
    return BackboneError(
        f"The weights in {name[:80]!r} are in {pickle[:80]!r}, a kind of file that can run code when it is opened. "
        "Convert it to safetensors: load the model where you trust it, and save it with save_pretrained of the "
        "transformers library."
    )


def _wanted(folder: Path) -> Iterator[Path]:
    names = {*SMALL} - ({INDEX} if (folder / WEIGHTS).is_file() else set())
    yield from (folder / name for name in sorted(names) if (folder / name).is_file())
    yield from (file for file in shards(folder) if file.is_file())


def _digest(folder: Path) -> str:
    """Of the content of all that decides what the network gives."""
    whole = hashlib.sha256()
    for file in (folder / CONFIG, folder / TOKENIZER, *shards(folder)):
        with open(file, "rb") as opened:
            whole.update(hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()[:12]


@contextmanager
def _staging(workspace: Workspace) -> Iterator[Path]:
    """A folder beside those that are listed; gone afterwards."""
    try:
        beside = workspace.root / "weights"
        beside.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=beside, prefix=".adding-") as made:
            yield Path(made)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise BackboneError("The disk is full. Make room, and give the folder again.") from error
        raise BackboneError(f"The folder cannot be copied ({error.strerror}). Check its permissions.") from error


def _unpack(path: Path, folder: Path) -> None:
    """Of a ZIP, the files that make a backbone, from the folder in it that has a config.json."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {PurePosixPath(each.filename): each for each in archive.infolist() if not each.is_dir()}
            homes = sorted((each.parent for each in members if each.name == CONFIG), key=lambda home: len(home.parts))
            if not homes:
                raise BackboneError(
                    f"There is no {CONFIG} in {path.name[:80]!r}. Give a ZIP of the folder that has one."
                )
            beside = {each.name: member for each, member in members.items() if each.parent == homes[0]}
            wanted = {name: each for name, each in beside.items() if name in SMALL or SHARD.fullmatch(name)}
            if not any(SHARD.fullmatch(name) for name in wanted):
                raise _no_weights(path.name, beside)
            unpacked, size = sum(each.file_size for each in wanted.values()), path.stat().st_size
            if unpacked > max(MOST_UNPACKED * size, UNPACKED_FROM):
                raise BackboneError(
                    f"{path.name[:80]!r} would unpack from {file_size(size)} to {file_size(unpacked)}, which weights "
                    "never do. Give the folder itself."
                )
            for name, member in wanted.items():
                with archive.open(member) as source, open(folder / name, "wb") as target:
                    shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise BackboneError(f"{path.name[:80]!r} is not a whole ZIP ({error}). Give the folder itself.") from error
