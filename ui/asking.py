"""Asking a run's model about pictures, and keeping its answers.

Streamlit reruns the page at every click: the model is loaded once for the whole server, and each picture is asked about
once for the session.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import streamlit as st

from core.data.preprocessing import decode
from core.errors import GraftError
from core.inference.predictor import Prediction, Predictor

KEPT_CLASSES = 20  # likeliest classes kept of each answer, whatever number is shown now
AT_ONCE = 8  # pictures between two movements of the progress bar
THUMBNAIL = 480  # pixels, longer side
_ANSWERS = "answers"


@dataclass(frozen=True)
class Picture:
    """key: differs between any two pictures of a session; name: as the person's file is called."""

    key: str
    name: str
    data: bytes


class Oracle:
    """A predictor that many tabs may ask: one at a time."""

    def __init__(self, bundle: Path) -> None:
        self._predictor = Predictor.open(bundle)
        self._lock = threading.Lock()
        self.classes, self.target = self._predictor.classes, self._predictor.target
        task = self._predictor.task
        self.several = task.get("kind") == "labels"
        self.span: tuple[float, float] = (task.get("smallest", 0.0), task.get("largest", 0.0))

    def ask(self, pictures: Sequence[Picture]) -> list[Prediction]:
        with self._lock:
            return list(self._predictor.predict([(each.name, each.data) for each in pictures], top=KEPT_CLASSES))


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
        self._known: dict[str, Prediction] = kept[1]

    def to_ask(self, pictures: Sequence[Picture]) -> list[Picture]:
        return [each for each in pictures if each.key not in self._known]

    def of(self, pictures: Sequence[Picture]) -> list[tuple[Picture, Prediction]]:
        return [(each, self._known[each.key]) for each in pictures if each.key in self._known]

    def ask(self, oracle: Oracle, pictures: Sequence[Picture]) -> Iterator[int]:
        """Ask about `pictures`, a few at a time; yields how many are done. What is answered stays, whatever comes."""
        for start in range(0, len(pictures), AT_ONCE):
            some = pictures[start : start + AT_ONCE]
            for each, answer in zip(some, oracle.ask(some)):
                self._known[each.key] = answer
            yield start + len(some)


@st.cache_data(max_entries=200, show_spinner=False)
def thumbnail(key: str, _data: bytes) -> bytes | None:
    """The picture as a small upright JPEG; None where it cannot be read. `key` names the picture."""
    try:
        image = decode(_data, at_least=THUMBNAIL)
    except GraftError:
        return None
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
