"""Texts: how each begins, one below the other. They are other people's: shown letter by letter, never as markup."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.data.browsing import Order
from core.data.dataset import Dataset
from core.data.report import Report
from core.modalities.texts.kept import FILE, KeptTexts, Text, shortened, stamp
from ui.examples.shown import Shown
from ui.shared import theme
from ui.shared.widgets import clip, count

SHOWN_OF_EACH = 240  # characters, on a page of many
SHOWN_AT_ONCE = 100_000  # characters of one that is opened: more make a browser slow
ORDERS: Final[dict[Order, str]] = {"smallest": "Shortest", "largest": "Longest"}
BOX = (
    "white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext;text-align:start;overflow:auto;max-height:60vh"
)
LINE = (
    "overflow:hidden;text-overflow:ellipsis;white-space:nowrap;unicode-bidi:isolate;min-width:0;flex:0 1 auto;"
    "border-left:2px solid currentColor;padding-left:0.5rem"
)
SAID = (
    "flex:none;opacity:0.75;font-size:0.85rem;white-space:nowrap;max-width:12rem;overflow:hidden;text-overflow:ellipsis"
)

Part = tuple[str, str]  # of a text, and what it is marked as, "" for nothing


class TextsShown(Shown):
    looks = "texts"
    searched = "Words in the texts"
    orders = ORDERS
    each = 3
    of_a_finding = 4

    def sizes(self, report: Report) -> None:
        if report.lengths is None:
            return
        for what, (shortest, median, longest) in (
            ("words", report.lengths.words),
            ("characters", report.lengths.characters),
        ):
            help = f"Half of the texts have more. The shortest has {shortest:,}, the longest {longest:,}."
            st.metric(f"Median {what}", f"{median:,}", help=help, width=140)

    def cells(self, dataset: Dataset, rows: pd.DataFrame) -> list[dict[str, Any]]:
        texts = texts_of(dataset, rows)
        lines = shortened(texts, 80)
        return [
            {
                "title": line,
                "foot": count(row["characters"], "character"),
                "parts": parts_of(text, dataset.task.places(row[dataset.column]), SHOWN_OF_EACH),
                "second": _cut(second, SHOWN_OF_EACH),
            }
            for line, (text, second), row in zip(lines, texts, rows.to_dict("records"))
        ]

    def row(self, dataset: Dataset, rows: pd.DataFrame, answers: Sequence[str]) -> None:
        drawn = [_line(line, word) for line, word in zip(self.lines(dataset, rows), answers)]
        st.html(f'<div style="display:grid;gap:0.35rem;min-width:0">{"".join(drawn)}</div>')

    def lines(self, dataset: Dataset, rows: pd.DataFrame) -> list[str]:
        return [clip(line, 200) for line in shortened(texts_of(dataset, rows))]

    def large(self, dataset: Dataset, row: pd.Series) -> None:
        ((text, second),) = texts_of(dataset, row.to_frame().T)
        for each, places in ((text, dataset.task.places(row[dataset.column])), (second, ())):
            if not each:
                continue
            marked = _marked(parts_of(each, places, SHOWN_AT_ONCE), theme.palette().accent)
            st.html(f'<div dir="auto" style="{BOX}">{marked}</div>')
            if len(each) > SHOWN_AT_ONCE:
                st.caption(f"The first {SHOWN_AT_ONCE:,} of {len(each):,} characters.")
        if len(text) + len(second) > SHOWN_AT_ONCE:
            whole = "\n\n".join(each for each in (text, second) if each)
            st.download_button("Download the whole text", lambda: whole.encode("utf-8", "replace"), "text.txt")

    def facts(self, row: pd.Series) -> dict[str, str]:
        return {
            "Length": f"{count(row['characters'], 'character')}, {count(row['words'], 'word')}",
            "Name": row["name"],
        }

    def previews(self, given: Sequence[str]) -> None:
        drawn = "".join(_line(shortened([(text, "")])[0], "") for text in given)
        st.html(f'<div style="display:grid;gap:0.35rem;min-width:0">{drawn}</div>')

    def changes(self, before: Sequence[Text], after: Sequence[Text]) -> None:
        rows = zip(*(changed_lines(one, other) for one, other in zip(before, after)))
        for title, lines in zip(("Now", "Mended"), rows):
            drawn = "".join(_line(line, "") for line in lines)
            st.caption(title)
            st.html(f'<div style="display:grid;gap:0.35rem;min-width:0">{drawn}</div>')


def changed_lines(before: Text, after: Text, around: int = 20, longest: int = 80) -> tuple[str, str]:
    """A line of each, from shortly before they begin to differ."""
    one, other = ("\n".join(each) for each in (before, after))
    same = next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    at = max(0, same - around)
    begins = "…" if at else ""
    first, second = (shortened([(begins + each[at : at + 4 * longest], "")], longest)[0] for each in (one, other))
    return first, second


def texts_of(dataset: Dataset, rows: pd.DataFrame) -> list[Text]:
    """Only those rows are read from the file. Raises DataError if it cannot be."""
    path = dataset.path(FILE)
    return _kept(path, stamp(path))[rows["row"].astype("int64").to_numpy()]


@lru_cache(8)
def _kept(path: Path, _stamp: int) -> KeptTexts:
    return KeptTexts(path)


def parts_of(text: str, places: Sequence[tuple[int, int, str]], most: int) -> list[Part]:
    """The first characters of a text, cut where marks begin and end. places: (start, end, what it is), in order; of
    those that overlap, the first."""
    shown, at = _cut(text, most), 0
    found: list[Part] = []
    for start, end, label in places:
        if at <= start < end and start < min(len(shown), most - 1):
            found += [(shown[at:start], ""), (shown[start:end], label)]
            at = end
    found.append((shown[at:], ""))
    return [part for part in found if part[0]]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _marked(parts: Sequence[Part], colour: str) -> str:
    style = f"color:inherit;border-radius:0.2rem;background:color-mix(in srgb,{colour} 26%,transparent)"
    return "".join(
        f'<mark style="{style}">{html.escape(part)}'
        f'<small style="opacity:0.75;margin-inline-start:0.25rem">{html.escape(clip(label, 40))}</small></mark>'
        if label
        else html.escape(part)
        for part, label in parts
    )


def _line(line: str, word: str) -> str:
    said = f'<span style="{SAID}">{html.escape(clip(word, 40))}</span>' if word else ""
    text = f'<span dir="auto" style="{LINE}" title="{html.escape(line, quote=True)}">{html.escape(line)}</span>'
    return f'<div style="display:flex;gap:0.6rem;align-items:baseline;min-width:0">{text}{said}</div>'
