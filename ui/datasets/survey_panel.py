"""A dataset as the chosen backbone sees it: a map, label issues, and outliers."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core import jobs
from core.data import changes
from core.data.dataset import Dataset
from core.survey import Survey, kept_survey, seen_by, surveyed_before
from core.survey.confirmed import confirm, confirmed
from core.survey.lasso import inside, line_of
from core.survey.seeing import seeing
from core.survey.survey import TILE
from ui.components import component
from ui.datasets.browser.actions import action_bar
from ui.datasets.browser.dialog import example_dialog
from ui.datasets.browser.grid import example_grid
from ui.datasets.browser.rows import by_name
from ui.datasets.browser.ticks import Ticks, ticks
from ui.examples import shown_of
from ui.shared import job_watch, state, theme
from ui.shared.gone import apart
from ui.shared.undo import apply
from ui.shared.widgets import clip, count, errors_shown, literal

ON_A_PAGE = 24
MOST_POINTS = 4000  # drawn on the map
MOST_COLOURS = 8
DOUBTS, APART, LASSO = "Label issues", "Outliers", "Inside the line"
_LINE = "lasso"  # the line that is drawn on a map: dataset, version, and what the browser says
_map = component(__file__, "map")


def survey_panel(dataset: Dataset) -> None:
    space, chosen = state.workspace(), _seeing(state.choices(), dataset)
    if job_watch.at_work(space, "survey"):
        return
    if not chosen.backbone:
        st.caption(f"No backbone that is installed here sees {dataset.modality.noun}s.")
        return
    file = Path(chosen.weights_file) if chosen.weights_file else None
    backbone = seen_by(chosen.backbone, file)
    seen = _survey(space.root, dataset.directory, dataset.version, backbone, dataset)
    if seen is None:
        _look_again(dataset, chosen, backbone)
        _offer(dataset, chosen)
        return
    ticks(dataset).renew()
    _seen(dataset, seen)


def _seeing(chosen: state.Choices, dataset: Dataset) -> state.Choices:
    """Of the dataset's examples; with another backbone than the chosen one, where that sees none of them."""
    backbone = seeing(chosen.backbone, dataset.modality, state.workspace())
    return chosen if backbone == chosen.backbone else state.Choices(backbone=backbone)


def _offer(dataset: Dataset, chosen: state.Choices) -> None:
    with st.container(border=True):
        what = "labels" if dataset.task.classes is not None else dataset.task.plural
        many = f"{dataset.modality.noun}s"
        st.markdown(f"**See the {many} as the backbone sees them**")
        st.markdown(
            f"The frozen backbone looks at every {dataset.modality.noun} once. Then Graft draws a map on which alike "
            f"{many} lie together, and points out {what} that the other {many} contradict, and {many} that are like "
            "no other. What it sees is kept: training on it starts at once."
        )
        if st.button(f"Look with {literal(chosen.backbone, 60)}", type="primary", icon=":material/travel_explore:"):
            _look(dataset, chosen)


def _look(dataset: Dataset, chosen: state.Choices) -> None:
    with errors_shown():
        jobs.start(
            state.workspace(),
            "survey",
            f"Looking over {clip(dataset.name, 60)}",
            dataset=dataset.id,
            version=dataset.version,
            backbone=chosen.backbone,
            weights_file=chosen.weights_file,
        )
        st.rerun()


def _look_again(dataset: Dataset, chosen: state.Choices, backbone: str) -> None:
    """After a change, without being asked, once: nearly all of it is known."""
    asked = (dataset.id, dataset.version, backbone)
    if st.session_state.get("looked_again") != asked and surveyed_before(state.workspace(), dataset, backbone):
        st.session_state["looked_again"] = asked
        _look(dataset, chosen)


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept(root: Path, directory: Path, version: int, backbone: str, _dataset: Dataset) -> Survey | None:
    return kept_survey(state.workspace(), _dataset, backbone)


def _survey(root: Path, directory: Path, version: int, backbone: str, dataset: Dataset) -> Survey | None:
    found = _kept(root, directory, version, backbone, dataset)
    if found is None:  # it may be there soon
        _kept.clear(root, directory, version, backbone, dataset)
    return found


@st.fragment
@apart
def _seen(dataset: Dataset, seen: Survey) -> None:
    right = confirmed(dataset)
    suspects = seen.suspects[~seen.suspects["name"].isin(right)]
    outliers = seen.outliers[~seen.outliers["name"].isin(right)]
    taken = _inside(dataset, seen)
    _draw_map(dataset, seen, set(suspects["name"]), set(outliers["name"]))
    options = [DOUBTS, APART, LASSO]
    sizes = {DOUBTS: len(suspects), APART: len(outliers), LASSO: len(taken.names)}
    what = st.segmented_control(
        "What",
        options,
        default=options[0],
        required=True,
        format_func=lambda one: f"{_name(one, dataset)} ({sizes[one]:,})",
        label_visibility="collapsed",
        key=_look_key(dataset),
    )
    if what == LASSO:
        _taken(dataset, taken)
    elif what == DOUBTS:
        sentence = (
            f"A simple model that learned from the other {dataset.modality.noun}s, and saw none of these, expects "
            "something else of them. Often the label is a slip; look first."
        )
        _list(dataset, suspects, sentence, _suggestions(suspects))
    else:
        _list(
            dataset,
            outliers,
            f"No other {dataset.modality.noun} is like these. They may not belong, or be the rare cases.",
            {},
        )
    name = st.session_state.pop("enlarged", None)
    if name is not None:
        example_dialog(dataset, name)


def _look_key(dataset: Dataset) -> str:
    return f"doubts_{dataset.id}_{dataset.version}"


def _name(what: str, dataset: Dataset) -> str:
    return f"{dataset.task.noun.capitalize()} issues" if what == DOUBTS and dataset.task.classes is None else what


def _suggestions(suspects: pd.DataFrame) -> dict[str, str]:
    return dict(zip(suspects["name"], suspects["suggested"]))


def _list(dataset: Dataset, found: pd.DataFrame, sentence: str, suggested: dict[str, str]) -> None:
    if found.empty:
        st.caption(":material/check_circle: None.")
        return
    if sentence:
        st.caption(sentence)
    many = -(-len(found) // ON_A_PAGE)
    key = f"doubts_page_{dataset.id}_{dataset.version}_{bool(suggested)}_{many}"
    page = min(st.session_state.get(key, 1), many)
    rows = by_name(dataset).loc[found["name"].iloc[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]]
    said = zip(rows.index, dataset.answers(rows))
    words = {name: f"{clip(answer, 40)} → {suggested[name]}?" for name, answer in said if name in suggested}
    marked = ticks(dataset)
    example_grid(
        dataset, rows, marked, place=f"{key} {page}", answers=True, words=words, on_open=_enlarge, key="doubts_grid"
    )
    if many > 1:
        st.pagination(many, default=page, key=key)
    _answers(dataset, marked, suggested)
    action_bar(dataset, marked, found["name"])


def _answers(dataset: Dataset, marked: Ticks, suggested: dict[str, str]) -> None:
    """What can be said of the ticked ones beyond what can be said of any."""
    ticked = [name for name in marked.names if name in suggested]
    if not ticked:
        return
    with st.container(horizontal=True):
        labels = changes.with_copies(dataset, {name: suggested[name] for name in ticked})
        help = (
            f"{dataset.modality.noun.capitalize()}s that look the same as a ticked one, and have its class, go with it."
        )
        one = dataset.task.classes is not None and not dataset.task.classes.several
        if one and st.button(f"Relabel {count(len(labels), dataset.modality.noun)} as suggested", help=help):
            apply(dataset, changes.relabel_each, labels)
        if st.button("They are right", help="These will not be listed again."):
            confirm(dataset, ticked)
            marked.clear()
            st.rerun(scope="fragment")


@st.cache_resource(max_entries=4, show_spinner=False)
def _lines(directory: Path, version: int, names: tuple[str, ...], _dataset: Dataset) -> list[str]:
    """What is told of each point of the map: read once, as every tick draws it again."""
    rows = by_name(_dataset).loc[list(names)]
    return [clip(line, 160) for line in shown_of(_dataset).lines(_dataset, rows)]


def _enlarge(name: str) -> None:
    st.session_state["enlarged"] = name


# The map --------------------------------------------------------------------------------------------------------------


def _draw_map(dataset: Dataset, seen: Survey, suspects: set[str], outliers: set[str]) -> None:
    drawn = seen.frame[(seen.frame["landmark"] >= 0) | seen.frame["name"].isin(suspects | outliers)]
    if len(drawn) > MOST_POINTS:
        drawn = drawn.iloc[:: -(-len(drawn) // MOST_POINTS)]
    rows = by_name(dataset).loc[drawn["name"]]
    names = drawn["name"].tolist()

    def clicked() -> None:
        at = st.session_state["map"].get("open")
        if isinstance(at, int) and 0 <= at < len(names):
            _enlarge(names[at])

    def lassoed() -> None:
        said = st.session_state["map"].get("lasso")
        if line_of(said) is not None:
            st.session_state[_LINE] = (dataset.id, dataset.version, said)
            st.session_state[_look_key(dataset)] = LASSO

    legend, colours = _colours(dataset, rows)
    data = {
        "x": (drawn["x"] * 1000).round().astype(int).tolist(),
        "y": (drawn["y"] * 1000).round().astype(int).tolist(),
        "tile": drawn["landmark"].tolist(),
        "colour": colours,
        "legend": legend,
        "marked": [2 if name in suspects else 1 if name in outliers else 0 for name in names],
        "name": _lines(dataset.directory, dataset.version, tuple(names), dataset),
        "word": [clip(answer, 60) for answer in dataset.answers(rows)],
        "mosaic": _encoded(seen.mosaic) if seen.mosaic else "",
        "across": seen.across,
        "size": TILE,
        "all": len(seen.frame),
        "noun": dataset.modality.noun,
        "lasso": _line(dataset),
    }
    _map(key="map", data=data, on_open_change=clicked, on_lasso_change=lassoed)


# Inside of a line on it -----------------------------------------------------------------------------------------------


def _line(dataset: Dataset) -> Any:
    """As the browser drew it on the map of this version; None while there is none."""
    of, version, said = st.session_state.get(_LINE, ("", 0, None))
    return said if (of, version) == (dataset.id, dataset.version) else None


@dataclass(frozen=True, eq=False)
class Taken:
    """names: of all examples inside of the line, drawn or not. words: how many have which answer."""

    names: pd.Series
    words: str


def _inside(dataset: Dataset, seen: Survey) -> Taken:
    said = _line(dataset) or []
    return _within(dataset.directory, dataset.version, tuple(map(tuple, said)), dataset, seen)


@st.cache_resource(max_entries=8, show_spinner=False)
def _within(
    directory: Path, version: int, said: tuple[tuple[float, ...], ...], _dataset: Dataset, _seen: Survey
) -> Taken:
    line = line_of([list(corner) for corner in said])
    some = _seen.frame.iloc[:0] if line is None else _seen.frame[inside(_seen.frame[["x", "y"]].to_numpy(), line)]
    answers = pd.Series(_dataset.answers(by_name(_dataset).loc[some["name"]]), dtype=str).value_counts()
    words = ", ".join(f"{size:,} {literal(answer, 40) or 'without any'}" for answer, size in answers.head(5).items())
    return Taken(some["name"], words + (f" and {len(answers) - 5:,} more" if len(answers) > 5 else ""))


def _taken(dataset: Dataset, taken: Taken) -> None:
    noun, marked = dataset.modality.noun, ticks(dataset)
    if taken.names.empty:
        st.caption(
            f"Press ◌ on the map, or hold Shift, and draw around some {noun}s: they are shown here, to be relabeled, "
            "moved, left out, tagged, or made a dataset of their own."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{count(len(taken.names), noun)}: {taken.words}.", width="content")
        st.button("Tick them all", type="tertiary", on_click=marked.add, args=(taken.names,))
        st.button("Forget the line", type="tertiary", on_click=lambda: st.session_state.pop(_LINE, None))
    _list(dataset, taken.names.to_frame(), "", {})


def _colours(dataset: Dataset, rows: pd.DataFrame) -> tuple[list[dict[str, str]], list[int]]:
    """What each colour stands for, and the colour of each row. Of many classes, or sets of labels, the largest have one
    each."""
    palette = theme.palette()
    if dataset.task.ordered:
        numbers = rows[dataset.column]
        tenths = pd.qcut(numbers.rank(method="first"), min(5, len(rows)), labels=False)
        lows = numbers.groupby(tenths.to_numpy()).min()
        legend = [{"label": f"from {low:g}", "colour": palette.scale[number]} for number, low in enumerate(lows)]
        return legend, tenths.astype(int).tolist()
    answers = pd.Series(dataset.answers(rows))
    largest = answers.value_counts().head(MOST_COLOURS).index.tolist()
    legend = [{"label": clip(answer, 40), "colour": palette.series[number]} for number, answer in enumerate(largest)]
    place = {answer: number for number, answer in enumerate(largest)}
    if answers.nunique() > len(largest):
        legend.append({"label": f"other {dataset.task.plural}", "colour": palette.muted})
    return legend, [place.get(answer, len(largest)) for answer in answers]


@lru_cache(4)
def _encoded(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
