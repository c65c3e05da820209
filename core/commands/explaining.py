"""`explain`: why a run's model answers so about one example, as a file."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from core.address_space import must_have_for_torch
from core.commands.jobs import UsageError, bundle_of
from core.commands.printing import printable
from core.errors import DataError, RunError
from core.explaining.explaining import Explanation, explain, methods_for
from core.explaining.files import as_html, as_png
from core.importing.texts.asked import asked
from core.modalities import Modality
from core.modalities.images.preprocessing import PLAIN, decode
from core.store.full_disk import refused
from core.workspace import Workspace, atomic_open

ENDINGS = (".png", ".html")
EVERY = 1.0  # seconds between two lines of how far it is


def explain_one(options: Namespace) -> int:
    out = Path(os.path.expanduser(options.out))
    if out.suffix.lower() not in ENDINGS:
        raise UsageError(f"--out is {options.out[-100:]!r}, and can end with {' or '.join(ENDINGS)}.")
    workspace = Workspace.open(options.workspace)
    _, bundle = bundle_of(workspace, options.run)
    must_have_for_torch()
    from core.inference.predictor import Predictor  # torch takes seconds to import

    model = Predictor.open(bundle)
    name, example = _example(model.modality, options.example)
    found = explain(model, example, options.target, options.method, _Line())
    title = next(method.title for method in methods_for(model) if method.name == found.method)
    _write(out, _file(found, model.preprocessing, example, name, title, out.suffix.lower()))
    said = _said(found, out)
    if options.json:
        print(json.dumps(said, ensure_ascii=False))
        return 0
    of = "" if found.probability is None else f" ({found.probability:.1%})"
    print(f"{printable(str(out))}: why {printable(found.target)}{of}, by {title}. {printable(found.note)}".strip())
    return 0


def _example(modality: Modality, given: str) -> tuple[str, Any]:
    """
    Raises:
        DataError: it is a file of several texts.
    """
    if modality.comes_from == "file":
        return Path(given).name, Path(os.path.expanduser(given))
    found = asked([given])
    if len(found) != 1:
        raise DataError(f"There are {len(found):,} texts in {given[-100:]!r}. Give one text, or a file of one.")
    return found[0]


def _file(found: Explanation, settings: Any, example: Any, name: str, title: str, ending: str) -> bytes:
    rendering = getattr(settings, "rendering", PLAIN)

    def image() -> Any:
        return decode(example, rendering=rendering)

    return as_png(found, image) if ending == ".png" else as_html(found, image, name, title)


def _write(out: Path, data: bytes) -> None:
    """
    Raises:
        RunError: it cannot be written there.
    """
    try:
        with atomic_open(out, "wb") as file:
            file.write(data)
    except OSError as error:
        raise RunError(f"{str(out)[-200:]!r} cannot be written. {refused(error)}") from error


def _said(found: Explanation, out: Path) -> dict[str, Any]:
    said = {"out": str(out), "target": found.target, "probability": found.probability, "method": found.method}
    return said | ({"note": found.note} if found.note else {})


class _Line:
    """How far it is, on stderr, of what takes its time."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self.last >= EVERY:
            self.last = time.monotonic()
            print(f"Looking for reasons: {done} of {total}", file=sys.stderr)
