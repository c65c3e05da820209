"""Sample sets that need no network: to try Graft, to teach with, to test with."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from core.errors import DataError
from core.importing.samples.gauges import write_gauges
from core.modalities import IMAGE, TEXT

TEXTURES = Path(__file__).parent / "textures"
TEXTS = Path(__file__).parent / "texts"  # written by tools/text_samples.py
GAUGES = 300
TILES = 8  # a side: 64 tiles of each texture


@dataclass(frozen=True)
class Sample:
    """
    Attributes:
        description: One sentence for a newcomer.
        examples: How many there are.
        classes: 0 where a number is to be learned.
        source, licence: Shown beside it.
        write: Puts it into a folder.
        note: What stands beside every score that is reached on it.
    """

    key: str
    title: str
    description: str
    examples: int
    classes: int
    source: str
    licence: str
    write: Callable[[Path], None]
    modality: str = IMAGE.name
    note: str = ""


@contextmanager
def sample_folder(key: str) -> Iterator[Path]:
    """The examples of a sample, as they would be imported, for as long as the block lasts.

    Raises:
        DataError: there is no such sample.
    """
    sample = find_sample(key)
    with tempfile.TemporaryDirectory() as folder:
        sample.write(Path(folder))
        yield Path(folder)


def find_sample(key: str) -> Sample:
    """
    Raises:
        DataError: there is no such sample.
    """
    for sample in SAMPLES:
        if sample.key == key:
            return sample
    raise DataError(f"There is no sample set {key!r}. There are: {', '.join(sample.key for sample in SAMPLES)}.")


def _write_textures(folder: Path) -> None:
    for path in sorted(TEXTURES.glob("*.jpg")):
        (folder / path.stem).mkdir()
        with Image.open(path) as photo:
            side = photo.width // TILES
            for number in range(TILES * TILES):
                left, top = number % TILES * side, number // TILES * side
                tile = photo.crop((left, top, left + side, top + side))
                tile.save(folder / path.stem / f"{path.stem}-{number + 1:02}.png")


def _write_digits(folder: Path) -> None:
    from sklearn.datasets import load_digits  # a second to import, and only wanted here

    digits = load_digits()
    for number, (image, digit) in enumerate(zip(digits.images, digits.target)):
        path = folder / str(digit) / f"{digit}-{number:04}.png"
        path.parent.mkdir(exist_ok=True)
        grey = 255 - (image / 16 * 255).astype("uint8")  # ink is dark, as on paper
        Image.fromarray(grey).resize((64, 64), Image.Resampling.BICUBIC).save(path)


def _copy(name: str, folder: Path) -> None:
    shutil.copyfile(TEXTS / name, folder / name)


SAMPLES: tuple[Sample, ...] = (
    Sample(
        "textures",
        "Textures",
        "Close-up photographs of brick, grass and gravel: learned in seconds.",
        192,
        3,
        "CC0Textures (Bricks25, Gravel04) and linolafett (Grass 01), by way of scikit-image",
        "CC0 1.0",
        _write_textures,
    ),
    Sample(
        "digits",
        "Handwritten digits",
        "The digits 0 to 9 in many hands, 8 by 8 pixels enlarged: ten classes, far from what the backbone has seen.",
        1797,
        10,
        "Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, by way of scikit-learn",
        "CC BY 4.0",
        _write_digits,
    ),
    Sample(
        "gauges",
        "Gauges",
        "Drawn dials with a needle: read the number, 0 to 100. Try it with the last stage unlocked, too.",
        GAUGES,
        0,
        "Drawn by Graft itself",
        "Apache 2.0, as Graft",
        lambda folder: write_gauges(folder, GAUGES),
    ),
    Sample(
        "sentiment",
        "Sentiment of reviews",
        "Sentences of product reviews, positive or negative, as twenty people rated each.",
        800,
        2,
        "VADER's rated review snippets (Hutto and Gilbert, ICWSM 2014), an excerpt",
        "MIT, as VADER; the sentences are their writers' own",
        partial(_copy, "sentiment.csv"),
        TEXT.name,
    ),
    Sample(
        "topics",
        "Topics of definitions",
        "What a dictionary says of animals, food, people, places, plants and things made: tell which it is.",
        1_500,
        6,
        "WordNet 3.1, Princeton University",
        "WordNet licence",
        partial(_copy, "topics.csv"),
        TEXT.name,
    ),
    Sample(
        "entities",
        "People and places",
        "Sentences in which the names of people and places are marked.",
        1_165,
        2,
        "WordNet 3.1, Princeton University",
        "WordNet licence",
        partial(_copy, "entities.jsonl"),
        TEXT.name,
        "Labels made by rule: WordNet's names, found in its own sentences. Nobody looked at each.",
    ),
)
