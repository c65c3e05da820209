"""The libraries of backbones for texts: MiniLM, which is installed with Graft, a person's own, and the hub's."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.backbones.bundled import MINILM, SMOLLM2, TO_GET, bundled_file
from core.backbones.language.config import FILE as CONFIG
from core.backbones.language.files import TOKENIZER
from core.backbones.language.info import LONGEST, NOT_HERE, LanguageInfo, info_of
from core.backbones.language.well_known import well_known
from core.errors import BackboneError, DamagedError
from core.modalities.texts.settings import Tokenizing
from core.records import read
from core.tasks.heads import Reads
from core.workspace import Workspace

if TYPE_CHECKING:  # torch takes seconds to import
    from core.backbones.backbone import Backbone
    from core.backbones.kept_stages import Stage
    from core.backbones.language.layers import Cuts
    from core.backbones.plans import Needs

CARD = "card.json"  # beside the files of the hub: what it says of languages and licence
KEPT = (CONFIG, TOKENIZER, "LICENSE")  # what a bundle has of a backbone beside its weights
MINILM_SAYS: dict[str, Any] = {
    "languages": "English",
    "licence": "apache-2.0",
    "longest": 256,  # tokens, of the texts that it was trained with
    "parameters": 22_713_216,
    "gflops": 1.41,
}
SMOLLM2_SAYS: dict[str, Any] = {
    "languages": "English",
    "licence": "apache-2.0",
    "longest": 8192,
    "parameters": 134_515_008,
    "gflops": 14.16,  # of 128 tokens
    "download_bytes": 92_871_040,
}


class Languages:
    """What its libraries have in common; see `core.backbones.libraries.Library`."""

    name = ""
    usual = ""

    def infos(self, workspace: Workspace | None = None) -> Iterable[LanguageInfo]:
        raise NotImplementedError

    def build(
        self,
        info: LanguageInfo,
        workspace: Workspace,
        *,
        weights_file: Path | None = None,
        random: bool = False,
        reads: Reads = "last",
        needs: Needs = "pooled",
    ) -> Backbone:
        """As `core.backbones.model.build`. A head reads the last stage, whatever `reads` says."""
        from core.backbones.language import networks
        from core.backbones.language.backbone import LanguageBackbone
        from core.backbones.language.config import read_config

        must_be_here(info)
        config, match = read_config(info.folder), None
        if random:
            network = networks.random_network(config)
        else:
            network, match = networks.network_of(info.folder, weights_file)
        own = match if weights_file is not None or info.library == "folder" else None
        return LanguageBackbone(info, network, _cuts(info), networks.is_causal(config), own, needs)

    def stages(self, info: LanguageInfo, workspace: Workspace) -> tuple[Stage, ...]:
        """Without its weights."""
        must_be_here(info)
        return _cuts(info).plan.stages

    def source(self, info: LanguageInfo, workspace: Workspace) -> str:
        return source(info)

    def not_installed(self, info: LanguageInfo) -> str:
        return not_installed(info)

    def download(self, info: LanguageInfo, workspace: Workspace, progress: Any, cancelled: Any) -> None:
        raise BackboneError(f"There is nothing to download for {info.name}.")

    def keep(self, info: LanguageInfo, folder: Path) -> None:
        """Copy into `folder` what a bundle needs of it besides the weights."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in KEPT:
            with suppress(FileNotFoundError):
                shutil.copyfile(info.folder / name, folder / name)

    def kept_in(self, name: str, folder: Path) -> LanguageInfo | None:
        """The backbone of which a bundle has kept that; None if it is none of these."""
        mine = name == self.name or name.startswith(f"{self.name}/")
        return info_of(folder, name, self.name) if mine and (folder / CONFIG).is_file() else None


class Minilm(Languages):
    name = usual = MINILM

    def infos(self, workspace: Workspace | None = None) -> Iterator[LanguageInfo]:
        weights = bundled_file(MINILM)
        if weights is not None:
            yield info_of(weights.parent, MINILM, self.name, **MINILM_SAYS)
            return
        tokenizing = Tokenizing(tokenizer=NOT_HERE, longest=MINILM_SAYS["longest"], types=True)
        yield LanguageInfo(
            MINILM, self.name, "bert", "BERT", download_bytes=None, hub=None, preprocessing=tokenizing, **MINILM_SAYS
        )


class Smollm2(Languages):
    """A small GPT-type, made on a press: see smollm2.py."""

    name = SMOLLM2

    def infos(self, workspace: Workspace | None = None) -> Iterator[LanguageInfo]:
        weights = bundled_file(SMOLLM2)
        if weights is not None:
            yield info_of(weights.parent, SMOLLM2, self.name, **SMOLLM2_SAYS)
            return
        tokenizing = Tokenizing(tokenizer=NOT_HERE, longest=LONGEST)
        yield LanguageInfo(SMOLLM2, self.name, "llama", "Llama", hub=None, preprocessing=tokenizing, **SMOLLM2_SAYS)

    def download(self, info: LanguageInfo, workspace: Workspace, progress: Any, cancelled: Any) -> None:
        from core.backbones.language import smollm2

        smollm2.download(progress, cancelled)


class Folders(Languages):
    """Those that somebody gave: see folders.py."""

    name = "folder"

    def infos(self, workspace: Workspace | None = None) -> Iterator[LanguageInfo]:
        for folder in folders(workspace.root / "weights") if workspace else ():
            with suppress(BackboneError):  # it is damaged
                yield info_of(folder, f"{self.name}/{folder.name}", self.name)


class Hub(Languages):
    """The well-known ones, and whatever else was downloaded: see hub.py."""

    name = "hub"

    def download(self, info: LanguageInfo, workspace: Workspace, progress: Any, cancelled: Any) -> None:
        from core.backbones.language import hub

        hub.download(info, workspace, progress, cancelled)

    def infos(self, workspace: Workspace | None = None) -> Iterator[LanguageInfo]:
        listed = {info.hub: info for info in well_known()}
        here = {_id(folder): folder for folder in folders(workspace.cache / "weights")} if workspace else {}
        for hub, info in listed.items():
            yield _downloaded(here[hub], hub, info) or info if hub in here else info
        for hub, folder in here.items():
            if hub not in listed and (other := _downloaded(folder, hub)):
                yield other


def folders(beside: Path) -> list[Path]:
    """The folders in it that hold a backbone, by name."""
    return sorted(path.parent for path in beside.glob(f"[!.]*/{CONFIG}")) if beside.is_dir() else []


def hub_folder(workspace: Workspace, hub: str) -> Path:
    """Where a download from the hub lies."""
    return workspace.cache / "weights" / hub.replace("/", "--")


def _id(folder: Path) -> str:
    return folder.name.replace("--", "/", 1)


def _downloaded(folder: Path, hub: str, listed: LanguageInfo | None = None) -> LanguageInfo | None:
    known: dict[str, Any] = {"hub": hub}
    with suppress(OSError, DamagedError):
        known |= asdict(read(folder / CARD, _Card))
    if listed:
        known |= {"languages": listed.languages, "licence": listed.licence, "longest": listed.longest}
    with suppress(BackboneError):
        return info_of(folder, f"hub/{hub}", "hub", **known)
    return None


@dataclass(frozen=True)
class _Card:
    languages: str = ""
    licence: str | None = None


def source(info: LanguageInfo) -> str:
    """As `core.backbones.weights.source`."""
    if info.library == MINILM:
        return "bundled" if info.folder != Path() else "absent"
    return "cached" if info.folder != Path() else "download"


def not_installed(info: LanguageInfo) -> str:
    return f"The weights of {info.name} are not installed. {TO_GET[info.name]}"


def must_be_here(info: LanguageInfo) -> None:
    """
    Raises:
        BackboneError: its files are not on this machine.
    """
    if source(info) == "absent":
        raise BackboneError(not_installed(info))
    if source(info) == "download":
        raise not_fetched(info.name)


def not_fetched(name: str) -> BackboneError:
    """name: of one that can be downloaded; it may come from a recipe of another machine."""
    return BackboneError(
        f"{name[:200]} is not on this machine yet. Download it on the Backbone page or with `python -m core backbones "
        f"--download {name[:200]}`, or choose one that is ready."
    )


@lru_cache(maxsize=16)
def _cuts(info: LanguageInfo) -> Cuts:
    from core.backbones.language import networks
    from core.backbones.language.config import read_config
    from core.backbones.language.layers import cuts_of

    network = networks.on_meta(read_config(info.folder))
    how = info.preprocessing
    return cuts_of(network, networks.feed_of(network, how.types), how.longest, how.types)
