"""What may be wrong with images as examples, and what an import decided once for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from core.finding import Finding
from core.modalities.images.preprocessing import CLEAR, DEEP, ONE_COLOUR, Rendering
from core.words import number_of

if TYPE_CHECKING:
    import pandas as pd

SMALL_SIDE = 32  # pixels
LONGEST_TO_SHORTEST = 3


def odd(frame: pd.DataFrame) -> Iterator[Finding]:
    """Images that can hardly teach anything, as they are."""
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


def mended(frame: pd.DataFrame) -> Iterator[Finding]:
    """What is done to images whenever they are read."""
    frame = frame[frame["mended"] != ""]
    if frame.empty:
        return
    counts = Counter(word for said in frame["mended"] for word in said.split(", "))
    words = ", ".join(f"{word} ({count:,})" for word, count in counts.most_common())
    are = number_of(len(frame), "image is", "images are")
    title = f"{are} brought into shape on the way in."
    why = f"What is done: {words}. There is nothing to do; the files themselves stay as they are."
    yield Finding(kind="mended", title=title, why=why, files=frame["name"].tolist())


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
