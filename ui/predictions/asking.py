"""Asking a run's model about images, and keeping its answers.

Streamlit reruns the page at every click: the model is loaded once for the whole server, and each image is asked about
once for the session.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import streamlit as st

from core.address_space import must_have_for_torch
from core.data.dataset import Dataset
from core.errors import DataError, GraftError
from core.explaining.explaining import Explanation, Method, explain, has_stages, methods_for, stages_seen
from core.explaining.explanation import Listen, StageSeen
from core.explaining.nearest import features_of, nearest_training
from core.importing.layout import is_junk
from core.inference.prediction import Answer
from core.limits import Limits
from core.modalities.images.preprocessing import PLAIN, Rendering, decode
from core.store.full_disk import disk_in_words
from core.units import file_size
from core.workspace import Workspace
from ui.shared.drop import Drop, Piece
from ui.shared.leaving import goes_with_tab

KEPT_EXPLANATIONS = 200
KEPT_STAGES = 20  # images of which they are, half a megabyte each
KEPT_CLASSES = 20  # likeliest classes kept of each answer, whatever number is shown now
AT_ONCE = 8  # images between two movements of the progress bar
THUMBNAIL = 480  # pixels, longer side
_ANSWERS = "answers"


@dataclass(frozen=True)
class Image:
    """key: differs between any two images of a session; name: as the person's file is called, with its folders.

    read: gives what the modality reads: the bytes of an image, a text itself. refused: why it is not looked at, if so.
    """

    key: str
    name: str
    read: Callable[[], Any]
    refused: str = ""


class Given:
    """The images that a person gave in this session: in a file without a name, which goes when the session does."""

    def __init__(self, workspace: Workspace) -> None:
        """
        Raises:
            DataError: the disk refuses.
        """
        self.limits, self._lock = Limits.from_environment(), threading.Lock()
        self._images: dict[str, Image] = {}
        with disk_in_words():
            workspace.cache.mkdir(exist_ok=True)  # somebody may have deleted it
            self._file = tempfile.TemporaryFile(dir=workspace.cache, buffering=0)  # noqa: SIM115  it outlives this
        goes_with_tab(weakref.finalize(self, self._file.close))

    @property
    def images(self) -> list[Image]:
        return list(self._images.values())

    def take(self, drop: Drop, pieces: Sequence[Piece], last: bool) -> None:
        """Keep those that are whole by now. What is given twice is kept once; files of the system are passed over.

        Raises:
            DataError: they are more than are kept, or the disk is full. What was taken before that stays.
        """
        for name, data in drop.whole(pieces, self.limits.file_bytes):
            if not is_junk(name):
                self._add(name, data)

    def clear(self) -> None:
        with self._lock:
            self._images.clear()
            self._file.truncate(0)

    def _add(self, name: str, data: bytes) -> None:
        key = hashlib.sha256(f"{name}\0".encode() + data).hexdigest()
        refused = ""
        if len(data) > self.limits.file_bytes:
            refused, data = f"The file is larger than the {file_size(self.limits.file_bytes)} that one may have.", b""
        with self._lock, disk_in_words():
            begins = self._file.seek(0, os.SEEK_END)
            if len(self._images) >= self.limits.entries or begins + len(data) > self.limits.total_bytes:
                raise DataError("That is more than is read at once. Remove those that were given before.")
            if key not in self._images:
                try:
                    self._write(data)
                except OSError:
                    self._file.truncate(begins)
                    raise
                # Not a method of this, which would hold itself then, and its file long after the session.
                read = partial(_read, self._file, self._lock, begins, len(data))
                self._images[key] = Image(key, name, read, refused)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]


def _read(file: BinaryIO, lock: threading.Lock, begins: int, size: int) -> bytes:
    with lock:
        file.seek(begins)
        return file.read(size)


class Oracle:
    """A predictor that many tabs may ask: one at a time."""

    def __init__(self, bundle: Path) -> None:
        must_have_for_torch()
        from core.inference.predictor import Predictor  # torch takes seconds to import

        self._predictor = Predictor.open(bundle)
        self._lock = threading.Lock()
        self.task, self.choices = self._predictor.task, self._predictor.choices
        self.modality, self.preprocessing = self._predictor.modality, self._predictor.preprocessing
        self.decision = self._predictor.decision
        self.rendering: Rendering = getattr(self.preprocessing, "rendering", PLAIN)
        self._stages: dict[str, tuple[StageSeen, ...]] = {}
        self._nearest: dict[str, pd.DataFrame] = {}
        self._explained: dict[tuple[str, str | None, str | None], Explanation] = {}

    def ask(self, images: Sequence[Image]) -> list[Answer]:
        with self._lock:
            named = [(each.name, each.read()) for each in images if not each.refused]
            answers = iter(self._predictor.predict(named, top=KEPT_CLASSES))
            return [Answer(one.name, error=one.refused) if one.refused else next(answers) for one in images]

    @property
    def methods(self) -> tuple[Method, ...]:
        """The ways there are to explain it, the usual one first."""
        return methods_for(self._predictor)

    def explained(self, image: Image, target: str | None, method: str | None) -> Explanation | None:
        """If it is known already."""
        return self._explained.get((image.key, target, method))

    def explain(self, image: Image, target: str | None, method: str | None, listen: Listen) -> Explanation:
        """As `core.explaining.explaining.explain`, and kept. Raises as that does."""
        with self._lock:
            found = explain(self._predictor, image.read(), target, method, listen)
            while len(self._explained) >= KEPT_EXPLANATIONS:
                del self._explained[next(iter(self._explained))]
            usual = self.methods[0].name if method is None else method
            for key in {(image.key, target, method), (image.key, found.target, usual)}:
                self._explained[key] = found
        return found

    @property
    def has_stages(self) -> bool:
        """Whether `stages` shows anything."""
        return has_stages(self._predictor)

    def stages(self, image: Image) -> tuple[StageSeen, ...]:
        """As `core.explaining.explaining.stages_seen`, and kept. Raises as that does."""
        if image.key not in self._stages:
            with self._lock:
                found = stages_seen(self._predictor, image.read())
            while len(self._stages) >= KEPT_STAGES:
                del self._stages[next(iter(self._stages))]
            self._stages[image.key] = found
        return self._stages[image.key]

    def nearest(self, image: Image, workspace: Workspace, dataset: Dataset) -> pd.DataFrame:
        """As `core.explaining.nearest.nearest_training`, and kept. Raises as that does."""
        if image.key not in self._nearest:
            with self._lock:
                features = features_of(self._predictor, image.read())
                found = nearest_training(workspace, self._predictor, dataset, features)
            while len(self._nearest) >= KEPT_EXPLANATIONS:
                del self._nearest[next(iter(self._nearest))]
            self._nearest[image.key] = found
        return self._nearest[image.key]


def oracle(bundle: Path) -> Oracle:
    """The bundle's model, loaded once until the bundle changes.

    Raises:
        RunError: the bundle cannot be read.
    """
    return _oracle(bundle, (bundle / "bundle.json").stat().st_mtime_ns)


@st.cache_resource(max_entries=3, show_spinner="Loading the model")
def _oracle(bundle: Path, changed: int) -> Oracle:
    return Oracle(bundle)


class Answers:
    """The session's answers of one bundle."""

    def __init__(self, bundle: Path) -> None:
        name = f"{bundle} {(bundle / 'bundle.json').stat().st_mtime_ns}"
        kept = st.session_state.get(_ANSWERS)
        if kept is None or kept[0] != name:  # another run: its answers replace the old ones
            st.session_state[_ANSWERS] = kept = (name, {})
        self._known: dict[str, Answer] = kept[1]

    def to_ask(self, images: Sequence[Image]) -> list[Image]:
        return [each for each in images if each.key not in self._known]

    def of(self, images: Sequence[Image]) -> list[tuple[Image, Answer]]:
        return [(each, self._known[each.key]) for each in images if each.key in self._known]

    def ask(self, oracle: Oracle, images: Sequence[Image]) -> Iterator[int]:
        """Ask about `images`, a few at a time; yields how many are done. What is answered stays, whatever comes."""
        for start in range(0, len(images), AT_ONCE):
            some = images[start : start + AT_ONCE]
            for each, answer in zip(some, oracle.ask(some)):
                self._known[each.key] = answer
            yield start + len(some)


@st.cache_data(max_entries=200, show_spinner=False)
def thumbnail(key: str, _read: Callable[[], bytes], _rendering: Rendering = PLAIN) -> bytes | None:
    """The image as a small upright JPEG; None where it cannot be read. `key` names the image and the rendering."""
    try:
        image = decode(_read(), THUMBNAIL, _rendering)
    except GraftError:
        return None
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
