"""Well-known sets of images that torchvision can fetch, as datasets: fetched only when a person asked for one.

torchvision knows where each set lies, its MD5, how it is unpacked and what its images are called. What is ours is the
fetching (it goes on from where it stopped, and tells how far it is) and the way from there into a dataset.

cache/published/<key>/files       what was fetched so far; kept until the import has ended well
                      unpacked    for torchvision; emptied at every beginning, as it takes half a set for a whole one
"""

from __future__ import annotations

import http.client
import io
import os
import pickle
import shutil
import urllib.error
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from filelock import FileLock, Timeout
from PIL import Image

from core.data.dataset import Dataset
from core.errors import DataError
from core.fetching import fetch
from core.importing.archives.entries import Entry, Source
from core.importing.archives.readers import file_entry
from core.importing.importing import import_source
from core.importing.samples.published_sets import PublishedSet, find_published
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.store.full_disk import disk_in_words
from core.workspace import Workspace, slug

MEGABYTE = 10**6


def import_published(
    workspace: Workspace,
    key: str,
    *,
    name: str | None = None,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Dataset:
    """Fetch one of the sets of `published_sets`, and import it with the split that it comes with.

    Raises:
        DataError: there is no such set, no network or no room, or what came is not what was published.
        WorkStopped: `cancelled()` became true. What was fetched is kept for the next time.
    """
    given = find_published(key)
    folder = workspace.cache / "published" / slug(key)
    with _alone(folder, given):
        splits = _unpacked(given, folder, Fetcher(folder / "files", progress, cancelled))
        source = _source(splits, folder / "unpacked")
        dataset = import_source(workspace, source, name or given.title, progress=progress, cancelled=cancelled)
        shutil.rmtree(folder, ignore_errors=True)
    return dataset


@contextmanager
def _alone(folder: Path, given: PublishedSet) -> Iterator[None]:
    """The folder, empty but for what was fetched before, and nobody else's for as long as the block lasts."""
    unpacked = folder / "unpacked"
    try:
        with disk_in_words():
            (folder / "files").mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock"), timeout=0):
            shutil.rmtree(unpacked, ignore_errors=True)  # of one that was killed
            try:
                with disk_in_words():
                    unpacked.mkdir()
                yield
            finally:
                shutil.rmtree(unpacked, ignore_errors=True)
    except Timeout as error:
        raise DataError(f"{given.title} is being fetched already. Wait for it.") from error


# Fetching -------------------------------------------------------------------------------------------------------------


class Fetcher:
    """Stands in for torchvision's own way to fetch a file. failed: what went wrong with the last one, if anything."""

    def __init__(self, files: Path, progress: OnProgress | None, cancelled: Cancelled | None) -> None:
        self.files, self.progress, self.cancelled = files, progress, cancelled
        self.failed: Exception | None = None

    def __call__(self, url: str, target: str | Path, *_: Any) -> None:
        """Bring the file to `target`, from what is kept if it was fetched before."""
        name = Path(target).name
        whole, self.failed = self.files / name, None
        try:
            if not whole.exists():
                fetch(url, self.files / f"{name}.part", partial(self._tell, name))
                os.replace(self.files / f"{name}.part", whole)
        except http.client.HTTPException as error:
            self.failed = error
            raise ConnectionError("the connection broke off") from error  # torchvision knows only such
        except OSError as error:
            self.failed = error
            raise
        self._tell("")
        try:
            os.link(whole, target)
        except OSError:  # not every disk can
            shutil.copyfile(whole, target)

    def _tell(self, name: str, done: int = 0, total: int | None = None) -> None:
        if self.cancelled is not None and self.cancelled():
            raise WorkStopped("Stopped. What was fetched so far is kept for the next time.")
        if self.progress is not None:
            phase = f"Downloading {name} (MB)" if name else "Unpacking"
            self.progress(Progress(phase, done // MEGABYTE, total and -(-total // MEGABYTE)))


def _unpacked(given: PublishedSet, folder: Path, fetcher: Fetcher) -> list[tuple[str, Any]]:
    """Each split's name, "" where the set has none, with torchvision's dataset of it.

    Raises as `import_published`.
    """
    try:
        with _torchvision(fetcher) as datasets:
            make = partial(getattr(datasets, given.key), str(folder / "unpacked"), download=True, **given.arguments)
            return [(split, make(**arguments)) for split, arguments in given.splits]
    except (RuntimeError, OSError) as error:
        if fetcher.failed is not None:
            raise DataError(_in_words(fetcher.failed, given)) from error
        if isinstance(error, OSError):
            with disk_in_words():
                raise
        shutil.rmtree(folder, ignore_errors=True)  # RuntimeError is how torchvision says that a hash is wrong
        raise DataError(
            f"What came is not the set {given.title} as it was published, and was deleted. Fetch it again; if that "
            "does not help, something on the way to the server changes files, or the set has changed."
        ) from error


@contextmanager
def _torchvision(fetcher: Fetcher) -> Iterator[Any]:
    """torchvision's datasets, fetching with the fetcher and reading no code where they mean to read arrays."""
    from torchvision import datasets  # torch takes seconds to import
    from torchvision.datasets import cifar, utils

    with (
        _replaced(utils, "_urlretrieve", fetcher),
        _replaced(utils, "_get_redirect_url", lambda url, **_: url),  # urllib follows by itself
        _replaced(cifar, "pickle", SimpleNamespace(load=lambda file, **said: _Arrays(file, **said).load())),
    ):
        yield datasets


@contextmanager
def _replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


class _Arrays(pickle.Unpickler):
    """Reads a pickle of numbers, texts and arrays. A pickle can run anything; this one finds nothing to run."""

    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy.core", "numpy._core")  # as old pickles call it
        if f"{module}.{name}" not in ("numpy._core.multiarray._reconstruct", "numpy.ndarray", "numpy.dtype"):
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a table of images")
        return super().find_class(module, name)


def _in_words(error: Exception, given: PublishedSet) -> str:
    if isinstance(error, urllib.error.HTTPError):
        where = "is not where it was published any more" if error.code == 404 else f"gave error {error.code}"
        return f"{given.title} {where}. Try again later, or see {given.page}."
    if isinstance(error, urllib.error.URLError):
        return (
            f"The server that has {given.title} cannot be reached. Check the network and try again; the sample sets "
            "need none."
        )
    if isinstance(error, ConnectionError | TimeoutError | http.client.HTTPException):
        return f"The connection broke off while {given.title} was fetched. Try again; it goes on from where it stopped."
    try:
        with disk_in_words():
            raise error
    except DataError as said:
        return str(said)


# From torchvision's datasets to files ---------------------------------------------------------------------------------


def _source(splits: list[tuple[str, Any]], root: Path) -> Source:
    """The images of all splits; `labels` fills as they are read."""
    labels: dict[str, str] = {}

    def entries() -> Iterator[Entry]:
        for split, images in splits:
            for number, (image, target) in enumerate(_answered(images), start=1):
                label = _label(images, target)
                folder = f"{split}/{target:03}-{slug(label)}".lstrip("/")
                entry = _entry(image, folder, number, root)
                labels[entry.name] = label
                yield entry

    return Source(entries(), sum(len(images) for _, images in splits), labels=labels)


def _answered(images: Any) -> Iterable[tuple[str | Path | Image.Image, int]]:
    if hasattr(images, "_images"):  # the pets, which torchvision decodes although there are files
        return zip(images._images, images._labels)
    return (images[index] for index in range(len(images)))


def _label(images: Any, target: int) -> str:
    classes = getattr(images, "classes", None) or getattr(images, "categories", None)
    label = classes[target] if classes else str(target)
    return label if isinstance(label, str) else str(label[0])  # some have several names


def _entry(image: str | Path | Image.Image, folder: str, number: int, root: Path) -> Entry:
    """An image's own file where it has one, else a new one."""
    if isinstance(image, Image.Image) and (path := getattr(image, "filename", "")):
        image.close()
        image = path
    if isinstance(image, str | Path):
        file = file_entry(Path(image), root)
        return replace(file, name=f"{folder}/{Path(image).name}")
    data = io.BytesIO()
    image.save(data, "PNG", compress_level=1)
    content = data.getvalue()
    opened: Callable[[], Any] = partial(io.BytesIO, content)
    return Entry(f"{folder}/{number:06}.png", len(content), opened)
