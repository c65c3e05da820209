"""Where backbones come from besides the catalogue: a library is one file, and one line in `LIBRARIES`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.backbones import catalogue
from core.backbones.language.library import Folders, Hub, Minilm
from core.tasks.heads import Reads
from core.workspace import Workspace

if TYPE_CHECKING:  # torch takes seconds to import, and a page that only lists backbones does not need it
    from core.backbones.backbone import Backbone
    from core.backbones.kept_stages import Stage
    from core.backbones.plans import Needs


class Info(Protocol):
    """What is known about a backbone.

    Attributes:
        name: Unique, with the library's name before it.
        architecture: Of the same architecture and the same numbers, the frozen stages give the same.
        gflops: Multiply-adds in 1e9 for one example, to foretell what a run takes.
        preprocessing: How it wants its examples; its modality knows what that means.
    """

    @property
    def name(self) -> str: ...
    @property
    def library(self) -> str: ...
    @property
    def architecture(self) -> str: ...
    @property
    def gflops(self) -> float | None: ...
    @property
    def preprocessing(self) -> Any: ...
    @property
    def said(self) -> str:
        """Its name, with what is set otherwise than it was published."""
        ...

    def fitted(self, *settings: Any, **more: Any) -> Info:
        """The same for examples that are prepared otherwise, where there is a choice."""
        ...


class Library(Protocol):
    """name: stands before the names of all its backbones."""

    name: str

    def infos(self, workspace: Workspace | None = None) -> Iterable[Info]:
        """All of them; those that lie in a workspace where one is given. Takes no network and does not import torch."""
        ...

    def build(
        self,
        info: Any,
        workspace: Workspace,
        *,
        weights_file: Path | None = None,
        random: bool = False,
        reads: Reads = "last",
        needs: Needs = "pooled",
    ) -> Backbone:
        """As `core.backbones.model.build`. Raises BackboneError."""
        ...

    def describe(self, info: Any) -> tuple[Stage, ...]:
        """As `core.backbones.model.describe`. Raises BackboneError."""
        raise NotImplementedError

    def keep(self, info: Any, folder: Path) -> None:
        """Put into `folder`, of a bundle, what the network is made of besides its weights: nothing where the installed
        library knows it by name."""

    def kept_in(self, name: str, folder: Path) -> Info | None:
        """The backbone that `keep` kept there; None where it is none of this library, or nothing was kept."""
        return None


LIBRARIES: dict[str, Library] = {library.name: library for library in (Minilm(), Folders(), Hub())}


def find(name: str, workspace: Workspace | None = None) -> Info:
    """The backbone called `name`, of any library.

    workspace: where else than among the installed ones to look.

    Raises:
        BackboneError: there is none.
    """
    found = (info for library in LIBRARIES.values() for info in library.infos(workspace) if info.name == name)
    return next(found, None) or catalogue.find(name)


def keep(info: Info, folder: Path) -> None:
    """Put what a bundle needs of a backbone besides its weights into `folder`; nothing for most."""
    if info.library in LIBRARIES:
        LIBRARIES[info.library].keep(info, folder)


def found_in(name: str, folder: Path) -> Info:
    """The backbone that a bundle was made with, from what was kept in `folder` if anything was.

    Raises:
        BackboneError: there is none.
    """
    kept = (library.kept_in(name, folder) for library in LIBRARIES.values())
    return next(filter(None, kept), None) or find(name)


def describe(info: Info) -> tuple[Stage, ...]:
    """The stages of a backbone, without its weights. See `model.describe`.

    Raises:
        BackboneError: it cannot be built, or cannot be cut into stages.
    """
    from core.backbones import model

    if info.library in LIBRARIES:
        return LIBRARIES[info.library].describe(info)
    assert isinstance(info, catalogue.BackboneInfo)
    return model.describe(info)


def build(
    info: Info,
    workspace: Workspace,
    *,
    weights_file: Path | None = None,
    random: bool = False,
    reads: Reads = "last",
    needs: Needs = "pooled",
) -> Backbone:
    """With its pretrained weights, with a person's own, or, only if asked, with random ones. See `model.build`.

    Raises:
        BackboneError: the weights are not on this machine, are damaged, or do not fit.
    """
    from core.backbones import model

    asked: Any = {"weights_file": weights_file, "random": random, "reads": reads, "needs": needs}
    if info.library in LIBRARIES:
        return LIBRARIES[info.library].build(info, workspace, **asked)
    assert isinstance(info, catalogue.BackboneInfo)
    return model.build(info, workspace, **asked)
