"""Whatever is found, there is something to do about it."""

from __future__ import annotations

import io
import json
from typing import get_args

import pytest
from PIL import Image

from core.data.changes import REPAIRS
from core.data.report import Kind
from core.importing.importing import import_path
from tests.conftest import image
from tests.core.importing.tables.test_manifest import csv
from ui.datasets.findings_panel import ways_out

RED = {f"red/{n}.jpg": image("red", n) for n in range(4)}
BOTH = RED | {f"blue/{n}.jpg": image("blue", n) for n in range(4)}
NAMES = list(BOTH)


def said(*rows, head="path,label", letters="utf-8"):
    return {"t.csv": csv(rows, head, ";" if ";" in head else ",").decode().encode(letters)}


def one_class_each(several):
    """The columns of 0 and 1 of 200 images of which `several` has two."""
    small = {f"{n}.jpg": image("red", n, (8, 8)) for n in range(200)}
    rows = [(f"{n}.jpg", n % 2, int(n % 2 == 0 or n == several)) for n in range(200)]
    return small | said(*rows, head="path,a,b")


def palette():
    file = io.BytesIO()
    Image.open(io.BytesIO(image("red", 8))).quantize(8).save(file, "PNG")
    return file.getvalue()


def shown() -> dict[str, bytes]:
    """What is shown otherwise than it came: 16 bits, white on nothing, and two pages."""
    files = {name: io.BytesIO() for name in ("red/deep.png", "red/clear.png", "red/scan.tif")}
    Image.open(io.BytesIO(image("red", 20))).convert("I;16").save(files["red/deep.png"], "PNG")
    icon = Image.new("LA", (40, 40), (255, 0))
    icon.paste((255, 255), (5, 5, 20, 30))
    icon.save(files["red/clear.png"], "PNG")
    pages = [Image.open(io.BytesIO(image("red", seed))) for seed in (21, 22)]
    pages[0].save(files["red/scan.tif"], "TIFF", save_all=True, append_images=pages[1:])
    return {name: file.getvalue() for name, file in files.items()}


MESSY = BOTH | {
    **{"red/notes.txt": b"hello", "red/copy.jpg": BOTH["red/0.jpg"], "cover.jpg": image("red", 9), "bird/": b""},
    "red/palette.png": palette(),
}
TABLE = said(
    *((name, name[:3]) for name in NAMES[:6]),
    *((NAMES[0], "other"), (NAMES[6], ""), ("/etc/passwd", "red"), ("gone.jpg", "red")),
)
COMMAS = ["bowl", "bowl, empty", "cup", "cup, empty", "bowl", "cup", "cup", "bowl"]
PLAIN = [f"an ordinary sentence about the weather, and it is {word}" for word in ("dry", "wet", "hot", "cold", "mild")]
ODD = [
    *PLAIN,
    "so good<br>really so good",
    "write to me at jo@example.org",
    "a hidden\u200bblank in here",
    "see " + "x" * 150,
    "Добрый день, дорогие друзья",
]
ENTITIES = "\n".join(
    json.dumps({"text": f"{name} lives in Rome", "entities": [[0, len(name), "PERSON"], [2, 900, "PLACE"]] * (n < 7)})
    for n, name in enumerate(["Ann", "Bob", "Carl", "Dora", "Emil", "Fay", "Gus", "Hal"])
).encode()
HEAD = "text;label"
FOUND = {
    "folders": (MESSY, {"left out", "repeated", "no class", "empty class", "mended"}),
    "table": (BOTH | TABLE, {"no class", "no label", "missing", "outside", "twice"}),
    "columns": (BOTH | said(*((name, name[4], name[4]) for name in NAMES), head="path,width,height"), {"unused"}),
    "commas": (BOTH | said(*zip(NAMES, COMMAS), head="path;label"), {"commas"}),
    "guess": (
        BOTH | said(*((name, name[:3], len(name) / 7 + n) for n, name in enumerate(NAMES)), head="path,kind,score"),
        {"guess"},
    ),
    "boxes": (BOTH | said(*((name, name[:3], 1, 2) for name in NAMES), head="path;label;bbox;x"), {"boxes"}),
    "letters": (
        BOTH | said(*((name, "Käfer" if "red" in name else "Bär") for name in NAMES), letters="cp1252"),
        {"letters"},
    ),
    "loosely": (BOTH | said(*((name.upper(), name[:3]) for name in NAMES)), {"loosely"}),
    "shown": (BOTH | shown(), {"values", "ground", "pages", "mended"}),
    "texts": (
        said(*((text, "ab"[n % 2]) for n, text in enumerate(ODD * 2)), head=HEAD),
        {"markup", "personal", "hidden", "unbroken", "script"},
    ),
    "words": (
        said(
            *((f"{'hello' if n % 2 else 'well then'} {n} {PLAIN[n % 5]}", "ab"[n % 2]) for n in range(40)),
            head=HEAD,
        ),
        {"tell-tale"},
    ),
    "entities": ({"e.jsonl": ENTITIES}, {"entities", "no entities"}),
    "marks": (one_class_each(several=7), {"several labels"}),
}
# Where there is nothing to click, the words say what to do.
IN_WORDS = {
    "unused": "call it so and import again",
    **dict.fromkeys(("guess", "boxes", "letters"), "import again"),
    "entities": "was kept",
}
OF_A_VERSION = {
    *REPAIRS,
    "one number",
    "fetched",
}  # no image, no file


@pytest.mark.parametrize("source", FOUND)
def test_each_finding_has_its_files_or_a_button_or_says_what_to_do(workspace, make_zip, source):
    files, kinds = FOUND[source]
    dataset = import_path(workspace, make_zip(files=files))
    found = {one.kind: one for one in dataset.report.findings}
    assert kinds <= set(found)
    for kind, one in found.items():
        ways = ways_out(dataset, one)
        assert ways or IN_WORDS[kind] in one.why
        assert one.why and bool(one.files) == ("files" in ways)
    if source == "folders":
        assert ways_out(dataset, found["empty class"]) == {"add"}
        assert {"repair", "add", "show", "files"} == ways_out(dataset, found["few images"])


def test_no_kind_of_finding_is_left_out_here():
    assert OF_A_VERSION.union(*(kinds for _, kinds in FOUND.values())) == set(get_args(Kind))
