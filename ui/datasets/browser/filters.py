"""The filters above the examples of a dataset: class, split, finding, order, and a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.data.browsing import Order, orders
from core.data.dataset import SPLITS, Dataset
from core.data.splits import Split
from core.data.tags import tags_of
from core.tasks.classes import Classes
from ui.examples import shown_of
from ui.shared.sight import look_at_place
from ui.shared.widgets import clip

LOOK, EXAMPLES = "look", "Examples"  # which of the looks at a dataset is open, and the one at its examples
FEW, EVERY = "\0few", "\0every"  # no class is called so: names of classes have no control characters
NONE = ""  # nor so
ANY_SPLIT, ANY_FINDING, ANY_TAG = "any", "any", "\0any"  # no tag is called so
WIDTH: Final = "stretch"
_SPLITS = {ANY_SPLIT: "Any split", "train": "Training", "validation": "Validation", "test": "Test"}
_FINDINGS: dict[str, str] = {  # in the words of their sentences above
    "similar names": "Similar class names",
    "contradiction": "Different classes",
    "duplicate": "More than once",
    "leak": "On both sides",
    "group": "Group on both sides",
    "no training": "No training {example}",
    "no validation": "No validation {example}",
    "one image": "Single {example}",
    "few images": "Few {example}s",
    "imbalance": "Uneven classes",
    "far out": "Far from the others",
    "mended": "Brought into shape",
    "mojibake": "Letters look wrong",
    "tell-tale": "Words give away",
    "values": "More than 8 bits",
    "ground": "Transparent",
    "pages": "Several pages",
    "twice": "In the table twice",
    "commas": "Comma in the name",
}
_ORDERS: dict[Order, str] = {
    "lowest": "Lowest",
    "highest": "Highest",
    "name": "Name",
}


@dataclass(frozen=True)
class Query:
    """What is asked for. label: NONE for examples without any. finding: of which kind. tag: that they have;
    tagged: changes when others have it. few: an overview, a few examples of each class."""

    label: str | None = None
    split: Split | None = None
    finding: str | None = None
    tag: str | None = None
    tagged: int = 0
    text: str = ""
    order: Order = "name"
    few: bool = False


def filters(dataset: Dataset) -> Query:
    """Draw the filters; they keep what is chosen from version to version, and while other pages are shown."""
    query = Query()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if dataset.task.classes is not None:
            none = [NONE] if dataset.report.unlabelled else []
            options, words = [FEW, EVERY, *none, *dataset.classes], _words(dataset.task.classes, dataset.modality.noun)
            label = _choice(dataset, "Class", options, words, dataset.noun.capitalize())
            query = replace(query, label=None if label in (FEW, EVERY) else label, few=label == FEW)
        splits = [split for split in SPLITS if dataset.report.splits[split]]
        split = _choice(dataset, "Split", [ANY_SPLIT, *splits], _SPLITS)
        titles = {ANY_FINDING: "Any finding"} | shown_findings(dataset)
        finding = _choice(dataset, "Finding", list(titles), titles) if len(titles) > 1 else ANY_FINDING
        tags = tags_of(dataset)
        tag = _choice(dataset, "Tag", [ANY_TAG, *tags], {ANY_TAG: "Any"}) if tags else ANY_TAG
        order = _choice(dataset, "Sort by", list(orders(dataset)), {**_ORDERS, **shown_of(dataset).orders})
        text = _search(dataset)
    query = query if tag == ANY_TAG else replace(query, tag=tag, tagged=hash(tags[tag]))
    query = replace(query, split=None if split == ANY_SPLIT else split, text=text, order=order)
    return replace(query, finding=None if finding == ANY_FINDING else finding)


def _words(classes: Classes, example: str) -> dict[str, str]:
    every = f"All {example}s" if classes.several else f"All {classes.plural}"
    return {FEW: "A few of each", EVERY: every, NONE: f"No {classes.noun}"}


def look_at(dataset: Dataset, label: str) -> None:
    """Show the pages of a class."""
    st.session_state[_key(dataset, "Class")] = label


def look_at_finding(dataset: Dataset, kind: str) -> None:
    """Show the pages of all that a finding is about, wherever on the page it was clicked."""
    clear(dataset)
    st.session_state.update({_key(dataset, "Class"): EVERY, _key(dataset, "Finding"): kind, LOOK: EXAMPLES})
    look_at_place("images")


def clear(dataset: Dataset) -> None:
    """Ask for nothing."""
    nothing = {"Class": FEW, "Split": ANY_SPLIT, "Finding": ANY_FINDING, "Sort by": orders(dataset)[0], "Search": ""}
    nothing |= {"Tag": ANY_TAG} if tags_of(dataset) else {}
    st.session_state.update({_key(dataset, what): value for what, value in nothing.items()})


def shown_findings(dataset: Dataset) -> dict[str, str]:
    """The kinds of findings that have examples of this version. In words without counts: those change with the version,
    and the browser takes an option in other words for another one."""
    return _findings(dataset.directory, dataset.version, dataset)


def _choice(dataset: Dataset, what: str, options: list[Any], words: Mapping[Any, str], called: str = "") -> Any:
    """The option chosen, the first until then, and again when what was chosen is not in this version."""
    key = _key(dataset, what)
    if st.session_state.get(key, options[0]) not in options:
        st.session_state[key] = options[0]
    return st.selectbox(
        called or what,
        options,
        format_func=lambda option: words.get(option, clip(option, 80)),
        key=key,
        on_change=_changed,
        args=(dataset, what),
        width=WIDTH,
        persist_state="session",
    )


def _search(dataset: Dataset) -> str:
    text = st.text_input(
        "Search",
        key=_key(dataset, "Search"),
        type="search",
        placeholder=shown_of(dataset).searched,
        live=True,
        on_change=_changed,
        args=(dataset, "Search"),
        width=WIDTH,
        persist_state="session",
    )
    return (text or "").strip()


def _changed(dataset: Dataset, what: str) -> None:
    """Whoever filters or sorts wants all that match, not a few of each class."""
    if what != "Class" and st.session_state.get(_key(dataset, "Class")) == FEW:
        st.session_state[_key(dataset, "Class")] = EVERY


@st.cache_data(max_entries=8, show_spinner=False)
def _findings(directory: Path, version: int, _dataset: Dataset) -> dict[str, str]:
    names = set(_dataset.frame["name"])
    kinds = [one.kind for one in _dataset.report.findings if not names.isdisjoint(one.files)]
    example = _dataset.modality.noun
    return {kind: _FINDINGS.get(kind, kind.capitalize()).format(example=example) for kind in kinds}


def page_key(dataset: Dataset, query: Query) -> str:
    """Where the page of a query is remembered: each has pages of its own, so that another one begins with its first."""
    return _key(dataset, f"page_{hash(query)}")


def place(dataset: Dataset) -> dict[str, object]:
    """Which filters and pages are chosen, to come back to: `st.session_state.update` takes it."""
    return {str(key): value for key, value in st.session_state.items() if str(key).startswith(_key(dataset, ""))}


def _key(dataset: Dataset, what: str) -> str:
    return f"browse_{dataset.id}_{what}"
