"""What the hub says of a model, asked before anything large is fetched: what it is, and exactly how much would come.

Its list of files, their sizes and config.json are asked for, on a press. Nothing is kept, and nothing is run.
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from core.backbones.download import endpoint
from core.backbones.language import tokenizer_files
from core.backbones.language.config import FILE as CONFIG
from core.backbones.language.config import LARGEST, digest, family, multiply_adds, positions, read_config, takes_types
from core.backbones.language.files import INDEX, PICKLES, TOKENIZER, WEIGHTS, shards
from core.backbones.language.info import LONGEST, NOT_HERE, LanguageInfo
from core.backbones.language.well_known import well_known
from core.backbones.weights_file import MOST_HEADER
from core.errors import BackboneError
from core.fetching import PATIENCE
from core.modalities.texts.settings import USUAL, Tokenizing
from core.modalities.texts.tokenized import LARGEST as LARGEST_TOKENIZER
from core.units import file_size
from core.workspace import Workspace

ID = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
SENTENCES = "sentence_bert_config.json"
MOST_SAID = 2**24  # bytes of what the hub says of a repository
MOST_WEIGHTS = 80_000_000_000  # bytes
LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "multilingual": "many languages",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
FEW = 5  # languages that are named


class _Large(BaseModel):
    size: int = Field(ge=0)


class _File(BaseModel):
    rfilename: str = Field(max_length=1000)
    size: int | None = Field(None, ge=0)
    lfs: _Large | None = None


class _Repository(BaseModel):
    id: str = ""
    gated: bool | str = False
    private: bool = False
    disabled: bool = False
    siblings: list[_File] = []
    cardData: dict[str, Any] | None = None  # noqa: N815 (as the hub spells it)
    safetensors: dict[str, Any] | None = None


def id_of(typed: str) -> str:
    """The repository that somebody means: its id, with hub/ before it or as an address too.

    Raises:
        BackboneError: it is no id.
    """
    name = re.sub(r"^https?://[^/]+/", "", typed.strip()).removeprefix("hub/").strip("/")
    name = re.sub(r"/(tree|blob|resolve)/.*$", "", name)
    if not ID.fullmatch(name):
        raise BackboneError(
            f"{typed.strip()[:80]!r} is no id of a model on the hub. Give owner and name, such as "
            "'distilbert/distilbert-base-uncased'."
        )
    return name


def ask(typed: str, workspace: Workspace) -> LanguageInfo:
    """What there is to know of a repository before it is downloaded; `download_bytes` is exact.

    Raises:
        BackboneError: there is none, it is closed, has no safetensors, needs code of its own, or is absurdly large.
    """
    hub = id_of(typed)
    said = _repository(hub)
    must_be_open(said, hub)
    sizes = {file.rfilename: file.lfs.size if file.lfs else file.size or 0 for file in said.siblings}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        names = [*_beside_weights(sizes, hub), *_weights(sizes, hub, folder)]
        _fetch(hub, CONFIG, folder, LARGEST)
        must_be_room(sum(sizes[name] for name in names), hub, workspace)
        return _info(hub, said, folder, sum(sizes[name] for name in names))


def _repository(hub: str) -> _Repository:
    try:
        return _Repository.model_validate_json(_read(f"{endpoint()}/api/models/{hub}?blobs=true", hub, MOST_SAID))
    except ValidationError as error:
        raise BackboneError(f"What the hub says of {hub} makes no sense. Try again later.") from error


def must_be_open(said: _Repository, hub: str) -> None:
    """
    Raises:
        BackboneError: only some people get it.
    """
    if said.gated:
        raise _closed(hub)
    if said.private or said.disabled:
        raise _not_there(hub)


def _closed(hub: str) -> BackboneError:
    return BackboneError(
        f"The publisher of {hub} gives it only to people who have accepted its terms. Accept them on the hub in your "
        "browser, fetch config.json, the tokenizer and the safetensors there, and give them here as a folder."
    )


def _not_there(hub: str) -> BackboneError:
    return BackboneError(
        f"There is no model {hub!r} on the hub, or it is not public. Check the spelling: an id is an owner and a name, "
        "such as 'distilbert/distilbert-base-uncased'."
    )


def _beside_weights(sizes: Mapping[str, int], hub: str) -> Iterator[str]:
    """What is fetched besides the weights.

    Raises:
        BackboneError: the configuration or the tokenizer is not there, or absurdly large.
    """
    if CONFIG not in sizes:
        raise BackboneError(
            f"{hub} has no {CONFIG}, which says what the network looks like: it is none that transformers loads. "
            "Choose another model."
        )
    tokenizer_files.must_be_among(sizes, hub)
    older = () if TOKENIZER in sizes else tokenizer_files.FILES
    for name in dict.fromkeys((CONFIG, TOKENIZER, tokenizer_files.SAYS, SENTENCES, *older)):
        if name in sizes:
            most = LARGEST if name in (CONFIG, SENTENCES) else LARGEST_TOKENIZER
            if sizes[name] > most:
                raise BackboneError(
                    f"{name} of {hub} has {file_size(sizes[name])}, and at most {file_size(most)} are read. Choose "
                    "another model."
                )
            yield name


def _weights(sizes: Mapping[str, int], hub: str, folder: Path) -> list[str]:
    """
    Raises:
        BackboneError: there are no safetensors.
    """
    if WEIGHTS in sizes:
        return [WEIGHTS]
    if INDEX in sizes:
        _fetch(hub, INDEX, folder, MOST_HEADER)
        named = [path.name for path in shards(folder)]
        if missing := [name for name in named if name not in sizes]:
            raise BackboneError(
                f"{len(missing)} of the {len(named)} files with weights of {hub} are missing. Choose another model."
            )
        return [INDEX, *named]
    raise no_safetensors(hub, next((name for name in sorted(sizes) if PICKLES.search(name)), None))


def no_safetensors(hub: str, pickle: str | None = None) -> BackboneError:
    what = f"only files that can run code when they are opened{f', such as {pickle[:80]!r}' if pickle else ''}"
    return BackboneError(
        f"{hub} has no safetensors, {what}. Choose another model, or convert it where you trust it, and give its "
        "folder."
    )


def must_be_room(size: int, hub: str, workspace: Workspace) -> None:
    """
    Raises:
        BackboneError: the files are larger than any that are meant for one machine, or than there is room.
    """
    if size > MOST_WEIGHTS:
        raise BackboneError(
            f"{hub} has {file_size(size)}, and at most {file_size(MOST_WEIGHTS)} are taken on one machine. Choose a "
            "smaller one."
        )
    free = shutil.disk_usage(workspace.root).free
    if size > free:
        raise BackboneError(
            f"{hub} has {file_size(size)}, and {file_size(free)} are free on the disk. Make room, or choose a smaller "
            "one."
        )


def _info(hub: str, said: _Repository, folder: Path, size: int) -> LanguageInfo:
    from core.backbones.language import networks

    tokenizer_files.must_ask_for_no_code(folder / CONFIG)
    config = read_config(folder)
    network = networks.on_meta(config)
    networks.must_be_reasonable(network, size)
    counted = sum(each.numel() for each in network.parameters())
    stated = (said.safetensors or {}).get("total")
    listed = next((info for info in well_known() if info.hub == hub), None)
    card, longest = said.cardData or {}, max(4, positions(config))
    return LanguageInfo(
        name=f"hub/{hub}",
        library="hub",
        architecture=f"{config['model_type']}-{digest(config)}",
        family=family(config),
        parameters=stated if type(stated) is int and 0 < stated <= size else counted,
        gflops=multiply_adds(config, counted, min(longest, USUAL)),
        languages=listed.languages if listed else _languages(card.get("language")),
        licence=_licence(card) or (listed.licence if listed else None),
        longest=longest,
        download_bytes=size,
        hub=hub,
        preprocessing=Tokenizing(tokenizer=NOT_HERE, longest=min(LONGEST, longest), types=takes_types(config)),
    )


def _languages(said: Any) -> str:
    codes = [each for each in (said if isinstance(said, list) else [said]) if isinstance(each, str)]
    names = [LANGUAGES.get(code.lower(), code) for code in codes if re.fullmatch(r"[\w-]{2,20}", code)]
    return ", ".join(names) if len(names) <= FEW else f"{len(names)} languages"


def _licence(card: Mapping[str, Any]) -> str | None:
    """`other` is named as the publisher does."""
    said = [card.get("license"), card.get("license_name") if card.get("license") == "other" else None]
    found = [each[:80] for each in said if isinstance(each, str) and each.strip()]
    return found[-1] if found else None


def _fetch(hub: str, name: str, folder: Path, most: int) -> None:
    (folder / name).write_bytes(_read(f"{endpoint()}/{hub}/resolve/main/{name}", hub, most))


def _read(url: str, hub: str, most: int) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            said: bytes = answer.read(most + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise _refused(error, hub) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise BackboneError(
            f"The hub cannot be reached to ask about {hub}. Check the network and ask again, or choose a backbone that "
            "is ready."
        ) from error
    if len(said) > most:
        raise BackboneError(f"What the hub says of {hub} is longer than {file_size(most)}. Choose another model.")
    return said


def _refused(error: urllib.error.HTTPError, hub: str) -> BackboneError:
    """A repository that is not there looks like one that is private: the hub asks for a login."""
    if error.code == 403 or error.headers.get("X-Error-Code") == "GatedRepo":
        return _closed(hub)
    if error.code in (401, 404):
        return _not_there(hub)
    if error.code == 429:
        return BackboneError("The hub was asked too often from here, and wants a pause. Ask again in some minutes.")
    return BackboneError(f"The hub answered with error {error.code} about {hub}. Ask again later.")


def say(info: LanguageInfo) -> dict[str, str]:
    """What is told of it before it is downloaded, by what it is."""
    return {
        "Name": info.name,
        "Family": info.family,
        "Parameters": f"{info.parameters / 1e6:,.1f} M" if info.parameters else "–",
        "Reads at most": f"{info.longest:,} tokens",
        "Languages": info.languages or "–",
        "Download": file_size(info.download_bytes),
        "Licence": info.licence or "Nobody states one",
    }


def card(info: LanguageInfo) -> str:
    """What is kept of it beside its files."""
    return json.dumps({"languages": info.languages, "licence": info.licence})
