"""Where backbones come from besides the catalogue: a library is one file, and one line in `LIBRARIES`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.backbones import catalogue, kept_stages, weights
from core.backbones.kept_stages import Stage
from core.backbones.language.library import Folders, Hub, Minilm, Smollm2, not_fetched
from core.errors import BackboneError
from core.modalities import IMAGE
from core.progress import Cancelled
from core.tasks.heads import Reads
from core.workspace import Workspace

if TYPE_CHECKING:  # torch takes seconds to import, and a page that only lists backbones does not need it
    from core.backbones.backbone import Backbone
    from core.backbones.plans import Needs


class Info(Protocol):
    """What is known about a backbone.

    Attributes:
        name: Unique, with the library's name before it.
        architecture: Of the same architecture and the same numbers, the frozen stages give the same.
        gflops: Multiply-adds in 1e9 for one example, to foretell what a run takes.
        preprocessing: How it wants its examples; its modality knows what that means.
        modality: The name of that modality.
        parameters, download_bytes, licence: None where nobody says.
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
    def modality(self) -> str: ...
    @property
    def parameters(self) -> int | None: ...
    @property
    def download_bytes(self) -> int | None: ...
    @property
    def licence(self) -> str | None: ...
    @property
    def said(self) -> str:
        """Its name, with what is set otherwise than it was published."""
        ...

    def fitted(self, *settings: Any) -> Info:
        """The same for examples that are prepared otherwise, where there is a choice."""
        ...


class Library(Protocol):
    """name: stands before the names of all its backbones. usual: with which of them a dataset of its modality begins,
    where nobody chose one; empty where it has none to propose."""

    name: str
    usual: str = ""

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

    def source(self, info: Any, workspace: Workspace) -> str:
        """Where its weights are now: "bundled", "absent" (not installed with the others), "cached" or "download".
        Quick, and takes no network."""
        return "bundled"

    def not_installed(self, info: Any) -> str:
        """What to say of one that is "absent"."""
        return f"The weights of {info.name} are not installed. Run `make run` again."

    def download(
        self, info: Any, workspace: Workspace, progress: Callable[[int, int | None], None], cancelled: Cancelled
    ) -> None:
        """As `core.backbones.download.download`."""
        raise BackboneError(f"There is nothing to download for {info.name}.")

    def stages(self, info: Any, workspace: Workspace) -> tuple[Stage, ...]:
        """Without weights. Brings torch; `stages_of` keeps what it gave. Raises BackboneError."""
        return self.build(info, workspace, random=True).stages

    def keep(self, info: Any, folder: Path) -> None:
        """Put into `folder`, of a bundle, what the network is made of besides its weights: nothing where the installed
        library knows it by name."""

    def kept_in(self, name: str, folder: Path) -> Info | None:
        """The backbone that `keep` kept there; None where it is none of this library, or nothing was kept."""
        return None


LIBRARIES: dict[str, Library] = {library.name: library for library in (Minilm(), Smollm2(), Folders(), Hub())}


def find(name: str, workspace: Workspace | None = None) -> Info:
    """The backbone called `name`, of any library.

    workspace: where else than among the installed ones to look.

    Raises:
        BackboneError: there is none.
    """
    found = (info for library in LIBRARIES.values() for info in library.infos(workspace) if info.name == name)
    if one := next(found, None):
        return one
    if name.startswith(f"{Hub.name}/"):
        raise not_fetched(name)
    return catalogue.find(name)


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


def infos(modality: str, workspace: Workspace | None = None) -> tuple[Info, ...]:
    """All backbones for such examples, as `find` finds them; of those for images the bundled one first."""
    found = [info for library in LIBRARIES.values() for info in library.infos(workspace) if info.modality == modality]
    return (*found, *(catalogue.catalogue() if modality == IMAGE.name else ()))


def search(text: str, among: Iterable[Any]) -> list[Any]:
    """Those that have every word of it in their name, family, languages or licence."""
    words = text.lower().split()

    def said(info: Any) -> str:
        told = (getattr(info, name, None) for name in ("name", "family", "languages", "licence"))
        return " ".join(each for each in told if each).lower()

    return [info for info in among if all(word in said(info) for word in words)]


def usual(modality: str) -> str:
    """The name of the backbone with which a dataset of such examples begins; empty where there is none."""
    if modality == IMAGE.name:
        return catalogue.BUNDLED
    proposed = {library.usual for library in LIBRARIES.values()} - {""}
    return next((info.name for info in infos(modality) if info.name in proposed), "")


def source(info: Info, workspace: Workspace) -> str:
    """As `Library.source`, of any backbone."""
    library = LIBRARIES.get(info.library)
    return library.source(info, workspace) if library else weights.source(_of_images(info), workspace)


def is_ready(info: Info, workspace: Workspace) -> bool:
    """Whether the weights are on this machine."""
    return source(info, workspace) in ("bundled", "cached")


def not_installed(info: Info) -> str:
    """What to say of one whose weights are "absent"."""
    library = LIBRARIES.get(info.library)
    return library.not_installed(info) if library else weights.not_installed(_of_images(info))


def download(
    info: Info, workspace: Workspace, progress: Callable[[int, int | None], None], cancelled: Cancelled
) -> None:
    """As `core.backbones.download.download`, of any backbone."""
    from core.backbones import download as of_images

    library = LIBRARIES.get(info.library)
    if library:
        library.download(info, workspace, progress, cancelled)
    else:
        of_images.download(_of_images(info), workspace, progress, cancelled)


def stages_of(info: Info, workspace: Workspace) -> tuple[Stage, ...]:
    """As `kept_stages.stages_of`, of any backbone."""
    library = LIBRARIES.get(info.library)
    if library is None:
        return kept_stages.stages_of(_of_images(info), workspace)
    if info == info.fitted() and (known := kept_stages.shipped(info.name)):
        return known
    return kept_stages.found_before(workspace, repr(info), lambda: library.stages(info, workspace))


def _of_images(info: Info) -> catalogue.BackboneInfo:
    assert isinstance(info, catalogue.BackboneInfo)
    return info


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
    return model.build(_of_images(info), workspace, **asked)
