"""What is said of the sets that torchvision can fetch. Left out are those whose files torchvision states no hash for,
those that lie where a program may not fetch them, and those with other answers than one class an image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.errors import DataError

Splits = tuple[tuple[str, dict[str, Any]], ...]
TRAIN_TEST: Splits = (("train", {"train": True}), ("test", {"train": False}))
SPLIT_TRAIN_TEST: Splits = (("train", {"split": "train"}), ("test", {"split": "test"}))
ALL_THREE: Splits = (("train", {"split": "train"}), ("validation", {"split": "val"}), ("test", {"split": "test"}))
NONE: Splits = (("", {}),)
AS_FILES = {"loader": str}  # torchvision gives paths in place of decoded images
NOT_STATED = "not stated by its makers"


@dataclass(frozen=True)
class PublishedSet:
    """
    Attributes:
        key: The name of torchvision's class.
        megabytes: What is fetched, about.
        page: Its makers' page.
        splits: The splits that it comes with ("" for none), each with the arguments that ask torchvision for it.
        arguments: Of all splits.
    """

    key: str
    title: str
    description: str
    images: int
    classes: int
    megabytes: int
    licence: str
    page: str
    splits: Splits
    arguments: dict[str, Any] = field(default_factory=dict)


def find_published(key: str) -> PublishedSet:
    """
    Raises:
        DataError: there is no such set.
    """
    for one in PUBLISHED:
        if one.key.lower() == key.lower():
            return one
    raise DataError(f"There is no published set {key!r}. There are: {', '.join(one.key for one in PUBLISHED)}.")


PUBLISHED: tuple[PublishedSet, ...] = (
    PublishedSet(
        "EuroSAT",
        "EuroSAT",
        "Land seen by a satellite: fields, forest, rivers, roads, houses. Small, quick, and a good first try.",
        27_000,
        10,
        94,
        "MIT",
        "https://github.com/phelber/eurosat",
        NONE,
        AS_FILES,
    ),
    PublishedSet(
        "Imagenette",
        "Imagenette",
        "Ten kinds of things that are easy to tell apart: fish, dogs, churches, parachutes.",
        13_394,
        10,
        341,
        "as ImageNet: research and teaching",
        "https://github.com/fastai/imagenette",
        (("train", {"split": "train"}), ("validation", {"split": "val"})),
        {**AS_FILES, "size": "320px"},
    ),
    PublishedSet(
        "OxfordIIITPet",
        "Oxford-IIIT Pets",
        "Cats and dogs of 37 breeds, some of them much alike.",
        7_349,
        37,
        811,
        "CC BY-SA 4.0",
        "https://www.robots.ox.ac.uk/~vgg/data/pets/",
        (("train", {"split": "trainval"}), ("test", {"split": "test"})),
    ),
    PublishedSet(
        "Flowers102",
        "Oxford Flowers",
        "Flowers of 102 kinds that grow in Britain, ten of each to learn from.",
        8_189,
        102,
        345,
        NOT_STATED,
        "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
        ALL_THREE,
        AS_FILES,
    ),
    PublishedSet(
        "Food101",
        "Food-101",
        "Photographs of dishes from restaurants, 101 kinds; some labels of the training part are wrong.",
        101_000,
        101,
        4_997,
        "the photographers'; for research",
        "https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/",
        SPLIT_TRAIN_TEST,
        AS_FILES,
    ),
    PublishedSet(
        "DTD",
        "Describable Textures",
        "Textures by what one would call them: braided, cracked, dotted, woven.",
        5_640,
        47,
        625,
        "for research",
        "https://www.robots.ox.ac.uk/~vgg/data/dtd/",
        ALL_THREE,
        AS_FILES,
    ),
    PublishedSet(
        "Caltech101",
        "Caltech 101",
        "Things of 101 kinds, from accordion to yin and yang, 40 to 800 images of each.",
        8_677,
        101,
        137,
        "CC BY 4.0",
        "https://data.caltech.edu/records/mzrjq-6wc02",
        NONE,
    ),
    PublishedSet(
        "Caltech256",
        "Caltech 256",
        "Things of 256 kinds, and one class of images that are none of them.",
        30_607,
        257,
        1_183,
        "CC BY 4.0",
        "https://data.caltech.edu/records/nyy15-4j048",
        NONE,
    ),
    PublishedSet(
        "GTSRB",
        "German traffic signs",
        "Signs cut from video, near and far, dark and blurred; the classes are numbers.",
        39_270,
        43,
        277,
        NOT_STATED,
        "https://benchmark.ini.rub.de/",
        SPLIT_TRAIN_TEST,
    ),
    PublishedSet(
        "CIFAR10",
        "CIFAR-10",
        "Animals and vehicles, 32 by 32 pixels: the classic of its kind.",
        60_000,
        10,
        170,
        NOT_STATED,
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        TRAIN_TEST,
    ),
    PublishedSet(
        "CIFAR100",
        "CIFAR-100",
        "As CIFAR-10, with a hundred kinds of things.",
        60_000,
        100,
        169,
        NOT_STATED,
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        TRAIN_TEST,
    ),
    PublishedSet(
        "STL10",
        "STL-10",
        "As CIFAR-10, 96 by 96 pixels and few to learn from. The archive holds much more that has no class.",
        13_000,
        10,
        2_640,
        "as ImageNet: research and teaching",
        "https://cs.stanford.edu/~acoates/stl10/",
        SPLIT_TRAIN_TEST,
    ),
    PublishedSet(
        "SVHN",
        "Street View house numbers",
        "Digits cut from photographs of house fronts, 32 by 32 pixels.",
        99_289,
        10,
        246,
        "for non-commercial use",
        "http://ufldl.stanford.edu/housenumbers/",
        SPLIT_TRAIN_TEST,
    ),
    PublishedSet(
        "MNIST",
        "MNIST",
        "Handwritten digits, 28 by 28 pixels: where everybody began.",
        70_000,
        10,
        12,
        "CC BY-SA 3.0",
        "http://yann.lecun.com/exdb/mnist/",
        TRAIN_TEST,
    ),
    PublishedSet(
        "FashionMNIST",
        "Fashion-MNIST",
        "Clothes and shoes in the format of MNIST, and harder.",
        70_000,
        10,
        31,
        "MIT",
        "https://github.com/zalandoresearch/fashion-mnist",
        TRAIN_TEST,
    ),
    PublishedSet(
        "KMNIST",
        "Kuzushiji-MNIST",
        "Characters of old Japanese writing in the format of MNIST; the classes are their syllables.",
        70_000,
        10,
        21,
        "CC BY-SA 4.0",
        "https://github.com/rois-codh/kmnist",
        TRAIN_TEST,
    ),
    PublishedSet(
        "USPS",
        "USPS digits",
        "Digits from envelopes, 16 by 16 pixels.",
        9_298,
        10,
        8,
        NOT_STATED,
        "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass.html#usps",
        TRAIN_TEST,
    ),
    PublishedSet(
        "Country211",
        "Country211",
        "Photographs from 211 countries: which one is it? Hard for anyone.",
        63_300,
        211,
        11_400,
        "the photographers': Creative Commons",
        "https://github.com/openai/CLIP/blob/main/data/country211.md",
        (("train", {"split": "train"}), ("validation", {"split": "valid"}), ("test", {"split": "test"})),
        AS_FILES,
    ),
)
