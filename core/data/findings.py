"""What in a version of a dataset could spoil the training. Everything here is worked out from its rows alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core.data.report import Intaken, Numbers, Report, Sizes
from core.data.report import Kind as Found
from core.finding import Finding
from core.modalities.images.preprocessing import CLEAR, DEEP, ONE_COLOUR, Rendering
from core.tasks import Kind
from core.tasks.labels import a_row_each, folded
from core.words import names_of, number_of

FEW_IMAGES = 10
ENOUGH_IMAGES = 20
MOST_TO_LEAST = 10  # images of the largest class to those of the smallest
SMALL_SIDE = 32  # pixels
LONGEST_TO_SHORTEST = 3
FAR_OUT = 8.0  # times the median distance from the median
SPLITS = ("train", "validation", "test")
# As they are best mended, one after another: what changes the classes first, then what changes how many images there
# are, as both may mend or make those that come after.
ORDER: tuple[Found, ...] = (
    *("one number", "similar names", "contradiction", "leak", "duplicate", "group"),
    *("one colour", "odd size", "far out", "no training", "no validation", "one image", "few images", "imbalance"),
)


def report_on(name: str, frame: pd.DataFrame, kind: Kind, target: str, found: Intaken) -> Report:
    """The whole report of a version: what its rows show, and what the import had found."""
    counts = _by_class(frame, kind)["label"].value_counts() if kind != "number" else {}
    splits = frame["split"].value_counts()
    return Report(
        name=name,
        images=len(frame),
        bytes=int(frame["bytes"].sum()),
        classes={str(label): int(counts[label]) for label in sorted(counts.keys())},
        unlabelled=int((frame["label"] == "").sum()) if kind == "labels" else None,
        numbers=_numbers(frame, target) if kind == "number" else None,
        splits={split: int(splits.get(split, 0)) for split in SPLITS},
        sizes=Sizes(width=_spread(frame["width"]), height=_spread(frame["height"])),
        findings=[*findings(frame, kind), *found.findings],
        files=found.files,
        tables=found.tables,
        ignored=found.ignored,
    )


def findings(frame: pd.DataFrame, kind: Kind) -> list[Finding]:
    """In their `ORDER`."""
    found = [*_twins(frame, kind), *_groups(frame), *_odd(frame)]
    if kind == "number":
        found += _targets(frame)
    else:
        by_class = _by_class(frame, kind)
        found += [*_untaught(by_class, kind), *_few(by_class, kind), *_names(by_class, kind)]
    if kind == "classes":
        found += _balance(frame)  # labels are on as many images as they are
    return sorted(found, key=lambda one: ORDER.index(one.kind))


# Copies ---------------------------------------------------------------------------------------------------------------


def _twins(frame: pd.DataFrame, kind: Kind) -> Iterator[Finding]:
    """Each image with copies in one finding alone: what they contradict is settled before any of them is left out."""
    twins = frame[frame["twins"] > 0]
    if twins.empty:
        return
    by_group = twins.groupby("twins")
    if kind != "number":
        torn = by_group["label"].transform("nunique") > 1
    else:
        spread = max(float(frame["target"].std()), 1e-12)
        torn = (by_group["target"].transform("max") - by_group["target"].transform("min")) > spread / 4
    if torn.any():
        groups = _members(twins[torn], "twins")
        what = "numbers" if kind == "number" else kind
        title = f"{number_of(len(groups), 'image has', 'images have')} copies with different {what}."
        why = "No model can learn two answers to one question: say what each is, or leave it out with its copies."
        yield _grouped("contradiction", title, why, groups)
    same = twins[~torn]
    groups = _straddling(same, "twins")
    if groups:
        title = f"{number_of(len(groups), 'image lies', 'images lie')} on both sides of the split as copies."
        why = (
            "The model is then judged on what it has learned by heart, and the score is a lie. "
            "Keep one of each, or all of them on one side."
        )
        yield _grouped("leak", title, why, groups)
    same = same[~same["name"].isin([name for group in groups for name in group])]
    groups = _members(same[same.groupby("twins")["name"].transform("size") > 1], "twins")
    if groups:
        title = f"{number_of(len(groups), 'image is', 'images are')} in it more than once, or nearly so."
        why = "Copies teach nothing new, and give their image more weight. A new split keeps them together."
        yield _grouped("duplicate", title, why, groups)


def _groups(frame: pd.DataFrame) -> Iterator[Finding]:
    groups = _straddling(frame[frame["group"] != ""], "group")
    if groups:
        title = f"{number_of(len(groups), 'group lies', 'groups lie')} on both sides of the split."
        why = (
            "What belongs together (one patient, one scene) was to stay on one side, "
            "or the score tells how well the model knows them, not how it will do with new ones."
        )
        yield _grouped("group", title, why, groups)


def _straddling(frame: pd.DataFrame, column: str) -> list[list[str]]:
    if frame.empty:
        return []
    return _members(frame[frame.groupby(column)["split"].transform("nunique") > 1], column)


def _members(frame: pd.DataFrame, column: str) -> list[list[str]]:
    return [names.tolist() for _, names in frame.groupby(column)["name"]] if len(frame) else []


def _grouped(kind: str, title: str, why: str, groups: list[list[str]]) -> Finding:
    return Finding(kind=kind, title=title, why=why, files=[name for group in groups for name in group], groups=groups)  # type: ignore[arg-type]


# Classes --------------------------------------------------------------------------------------------------------------


_NOUNS = {"classes": ("class has", "classes have"), "labels": ("label has", "labels have")}


def _by_class(frame: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """A row an image, or where images have several labels, one for each of them."""
    return a_row_each(frame) if kind == "labels" else frame


def _untaught(frame: pd.DataFrame, kind: Kind) -> Iterator[Finding]:
    """Classes that came split in a way that leaves them untaught or unchecked."""
    sizes = frame["label"].value_counts()
    many = set(sizes[sizes > 1].index)
    for split, word, why in (
        ("train", "training", "The model cannot learn what it is never shown: put images of them into training."),
        ("validation", "validation", "Nothing checks what is learned of them: put some into validation."),
    ):
        missing = sorted(many - set(frame.loc[frame["split"] == split, "label"]))
        if missing:
            title = f"{number_of(len(missing), *_NOUNS[kind])} no {word} image: {names_of(missing)}."
            yield Finding(kind=f"no {word}", title=title, why=why, files=_of_labels(frame, missing))  # type: ignore[arg-type]


def _few(frame: pd.DataFrame, kind: Kind) -> Iterator[Finding]:
    sizes = frame["label"].value_counts()
    lone = sizes[sizes == 1].index.tolist()
    few = sizes[(sizes > 1) & (sizes < FEW_IMAGES)]
    if lone:
        title = f"{number_of(len(lone), *_NOUNS[kind])} a single image: {names_of(lone)}."
        why = "One image cannot both teach it and check what was learned. Add at least one more to each."
        yield Finding(kind="one image", title=title, why=why, files=_of_labels(frame, lone))
    if len(few):
        labels = few.index.tolist()
        have = number_of(len(labels), *_NOUNS[kind])
        title = f"{have} fewer than {FEW_IMAGES} images: {names_of(labels)}."
        more = names_of([f"{ENOUGH_IMAGES - size} of {label}" for label, size in few.items()])
        why = f"The scores of so few say little. Aim for {ENOUGH_IMAGES}: collect {more}."
        yield Finding(kind="few images", title=title, why=why, files=_of_labels(frame, labels))


def _balance(frame: pd.DataFrame) -> Iterator[Finding]:
    every = frame["label"].value_counts(sort=False)
    sizes = every[every > 1]  # of a lone image, a finding of its own tells
    if len(sizes) < 2 or sizes.max() <= MOST_TO_LEAST * sizes.min():
        return
    most, least = sizes.idxmax(), sizes.idxmin()
    uneven = f"{sizes[most]:,} images of {names_of([most])}, {sizes[least]:,} of {names_of([least])}"
    limit = MOST_TO_LEAST * int(sizes[least])
    over = number_of(int((sizes - limit).clip(lower=0).sum()), "image")
    why = (
        "Always guessing the large class scores well. Collect more of the small ones, or use at most "
        f"{limit:,} of each class, which leaves {over} out."
    )
    large = sizes[sizes > limit].index.tolist()
    yield Finding(kind="imbalance", title=f"The classes are uneven: {uneven}.", why=why, files=_of_labels(frame, large))


def _names(frame: pd.DataFrame, kind: Kind) -> Iterator[Finding]:
    labels = frame["label"].unique()
    plain = pd.Series({label: folded(str(label)) for label in labels}, dtype=str)
    similar = sorted(plain[plain.duplicated(keep=False)].index)
    if similar:
        title = f"{kind.capitalize()} differ only in capitals, spaces or hyphens: {names_of(similar)}."
        why = "They are kept apart. If they mean the same, make them one."
        yield Finding(kind="similar names", title=title, why=why, files=_of_labels(frame, similar))


def _of_labels(frame: pd.DataFrame, labels: list[str]) -> list[str]:
    return frame.loc[frame["label"].isin(labels), "name"].drop_duplicates().tolist()


# Numbers --------------------------------------------------------------------------------------------------------------


def _targets(frame: pd.DataFrame) -> Iterator[Finding]:
    target = frame["target"]
    if target.nunique() < 2:
        why = "There is nothing to learn: give images with different numbers."
        yield Finding(kind="one number", title="All the images have the same number.", why=why)
    if not (frame["split"] == "validation").any():
        why = "Nothing checks what is learned, and no epoch can be called the best: put some into validation."
        yield Finding(kind="no validation", title="There is no validation image.", why=why)
    distance = (target - target.median()).abs()
    usual = distance.median() or target.std()  # where most numbers are the same
    far = frame[distance > FAR_OUT * usual] if usual else frame[:0]
    if len(far):
        title = f"{number_of(len(far), 'image has a number', 'images have numbers')} far from all the others."
        shown = names_of([f"{value:g}" for value in far["target"].head(5)])
        why = f"Often a slip of the pen ({shown}), and the squared error makes the model bend to them."
        yield Finding(kind="far out", title=title, why=why, files=far["name"].tolist())


def _numbers(frame: pd.DataFrame, name: str) -> Numbers:
    target = frame["target"]
    return Numbers(
        name=name,
        smallest=float(target.min()),
        median=float(target.median()),
        largest=float(target.max()),
        mean=float(target.mean()),
        deviation=float(target.std(ddof=0)),
    )


# Images -------------------------------------------------------------------------------------------------------------


def _odd(frame: pd.DataFrame) -> Iterator[Finding]:
    uniform = frame["contrast"] < ONE_COLOUR
    clear = frame["mended"].str.contains(CLEAR, regex=False)
    if (uniform & clear).any():
        names = frame.loc[uniform & clear, "name"].tolist()
        title = f"{number_of(len(names), 'transparent image shows', 'transparent images show')} nothing."
        why = (
            "Nothing in them is visible, or it has the colour of the ground that all transparent images are laid on. "
            "Give them a ground of another colour."
        )
        yield Finding(kind="one colour", title=title, why=why, files=names)
    plain = frame.loc[uniform & ~clear, "name"].tolist()
    if plain:
        title = f"{number_of(len(plain), 'image shows', 'images show')} one colour and nothing else."
        why = "Often a covered lens or a failed export. There is nothing to learn from."
        yield Finding(kind="one colour", title=title, why=why, files=plain)
    short, long = np.minimum(frame["width"], frame["height"]), np.maximum(frame["width"], frame["height"])
    usual = float(short.median())
    odd = frame.loc[
        (long > LONGEST_TO_SHORTEST * short) | (short < min(SMALL_SIDE, usual / 2)) | (short < usual / 8), "name"
    ]
    if len(odd):
        title = f"{number_of(len(odd), 'image is', 'images are')} very small or very long."
        why = (
            "Only the middle square of an image is seen, enlarged where it is small. They may stay if one can tell "
            f"from it what they show; the usual shorter side here is {usual:.0f} pixels."
        )
        yield Finding(kind="odd size", title=title, why=why, files=odd.tolist())


# How they are shown ---------------------------------------------------------------------------------------------------

_GREYS = {255: "white", 128: "mid grey", 0: "black"}


def shown(frame: pd.DataFrame, rendering: Rendering) -> Iterator[Finding]:
    """What an import decided once for all of its images. frame: with how many `pages` the file of each has."""
    deep = frame.loc[frame["mended"].str.contains(DEEP, regex=False), "name"].tolist()
    if deep and rendering.window is not None:
        low, high = rendering.window
        title = (
            f"{number_of(len(deep), 'image has', 'images have')} more than 8 bits a value: {low:,.10g} is shown as "
            f"black, {high:,.10g} as white."
        )
        why = (
            "Alike for all of them, in training and in prediction. The two come from all their values, but for the "
            "lowest and highest half percent; what lies beyond is black or white."
        )
        yield Finding(kind="values", title=title, why=why, files=deep)
    clear = frame.loc[frame["mended"].str.contains(CLEAR, regex=False), "name"].tolist()
    if clear and rendering.ground != 255:
        ground = _GREYS.get(rendering.ground, f"grey {rendering.ground}")
        title = f"{number_of(len(clear), 'transparent image is', 'transparent images are')} laid on {ground}."
        why = (
            "On white, what is visible of them could not be seen. It is the same ground in training and in prediction."
        )
        yield Finding(kind="ground", title=title, why=why, files=clear)
    many = frame[frame["pages"] > 1]
    if len(many):
        more = number_of(int((many["pages"] - 1).sum()), "more page", "more pages")
        title = f"{number_of(len(many), 'file holds', 'files hold')} {more}; only the first is looked at."
        why = "If each page is an image of its own, import again and say so: on the page, or with --pages all."
        yield Finding(kind="pages", title=title, why=why, files=many["name"].tolist())


def _spread(values: pd.Series) -> tuple[int, int, int]:
    return int(values.min()), int(values.median()), int(values.max())
