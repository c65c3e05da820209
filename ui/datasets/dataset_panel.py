"""One dataset on the page: its numbers, what was found, and one of several looks at it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.data.changes import resplit
from core.data.dataset import SPLITS, Dataset
from core.data.report import Report
from core.modalities import Modality
from core.tasks.classes import Classes
from ui.datasets.browser.filters import EXAMPLES, LOOK
from ui.datasets.browser.panel import browser_panel
from ui.datasets.classes_panel import merge_panel, rename_panel
from ui.datasets.findings_panel import findings_panel
from ui.datasets.pretraining_panel import pretraining_panel
from ui.datasets.survey_panel import survey_panel
from ui.datasets.versions_panel import versions_panel
from ui.examples import SHOWN
from ui.shared import theme
from ui.shared.sight import here
from ui.shared.undo import apply, undo_bar
from ui.shared.widgets import count, escaped, literal, short_number

MOST_BARS = 24
BINS = 30
NUMBER = 104  # pixels: three in a row of a telephone
MAP, BALANCE = "Map, label issues, outliers", "Balance and split"


def dataset_panel(dataset: Dataset) -> None:
    report = _report(dataset.directory, dataset.version, dataset)
    _numbers(report, dataset.modality)
    if dataset.note:
        st.caption(f":material/info: {literal(dataset.note)}")
    findings_panel(dataset)
    if report.ignored:
        st.caption(f"Also ignored: {count(report.ignored, 'file')} of the system, such as indexes of thumbnails.")
    looks = [EXAMPLES, MAP, BALANCE]
    words = {EXAMPLES: f"{dataset.modality.noun}s".capitalize()}
    here("images")
    st.session_state.setdefault(LOOK, EXAMPLES)
    look = st.segmented_control(
        "Look",
        looks,
        format_func=lambda look: words.get(look, look),
        required=True,
        key=LOOK,
        label_visibility="collapsed",
    )
    if look == BALANCE:
        left, right = st.columns(2, gap="large")
        with left:
            if dataset.task.ordered:
                _histogram(dataset)
            if dataset.task.classes is not None:
                _balance(dataset, dataset.task.classes, report)
        with right:
            _split(dataset)
        if dataset.task.classes is not None:
            rename_panel(dataset)
        merge_panel(dataset)
        pretraining_panel(dataset)
    elif look == MAP:
        survey_panel(dataset)
    elif look == EXAMPLES:
        browser_panel(dataset)
    undo_bar(dataset)
    versions_panel(dataset)


@st.cache_resource(max_entries=8, show_spinner=False)
def _report(directory: Path, version: int, _dataset: Dataset) -> Report:
    return _dataset.report


def _numbers(report: Report, modality: Modality) -> None:
    with st.container(horizontal=True):
        st.metric(f"{modality.noun}s".capitalize(), count(report.images), width=NUMBER)
        if report.unlabelled is not None:
            help = f"{modality.noun.capitalize()}s may have several of them, or none."
            st.metric("Labels", count(len(report.classes)), help=help, width=NUMBER)
            if report.unlabelled:
                st.metric(
                    "No label",
                    count(report.unlabelled),
                    help=f"{modality.noun.capitalize()}s that have none.",
                    width=NUMBER,
                )
        elif report.classes:
            st.metric("Classes", count(len(report.classes)), width=NUMBER)
        if report.numbers is not None:
            numbers = report.numbers
            help = f"Mean {numbers.mean:.4g}, standard deviation {numbers.deviation:.4g}, median {numbers.median:.4g}."
            span = f"{short_number(numbers.smallest)} to {short_number(numbers.largest)}"
            st.metric(literal(numbers.name or "Number", 24), span, help=help, width=180)
        for split, name in zip(SPLITS, ("Training", "Validation", "Test")):
            if report.splits[split]:
                st.metric(name, count(report.splits[split]), width=NUMBER)
        SHOWN[modality.name].sizes(report)


def _histogram(dataset: Dataset) -> None:
    """How the numbers are spread, training and validation side by side."""
    st.subheader("Spread of the numbers", anchor=False)
    colours = theme.palette()
    figure = go.Figure(layout={"template": theme.template(), "barmode": "stack", "bargap": 0.05, "height": 320})
    edges = pd.cut(dataset.frame[dataset.column], BINS)
    middles = [interval.mid for interval in edges.cat.categories]
    for split, name, colour in zip(
        SPLITS, ("Training", "Validation", "Test"), (colours.training, colours.validation, colours.muted)
    ):
        heights = edges[dataset.frame["split"] == split].value_counts(sort=False)
        if heights.any():
            figure.add_bar(x=middles, y=heights.tolist(), name=name, marker={"color": colour})
    figure.update_layout(margin={"t": 44}, xaxis_title=escaped(dataset.target), yaxis_title=f"{dataset.modality.noun}s")
    st.plotly_chart(figure, theme=None, key="histogram", config=theme.CHART_CONFIG, alt="How the numbers are spread")


def _balance(dataset: Dataset, classes: Classes, report: Report) -> None:
    st.subheader(f"Balance of the {classes.plural}", anchor=False)
    counts = dataset.counts()
    if classes.several:
        st.caption(
            f"One {dataset.modality.noun} that has several labels counts for each of them: so these add up to "
            f"{sum(report.classes.values()):,}, for {count(report.images, dataset.modality.noun)}, "
            f"of which {report.unlabelled or 0:,} have none."
        )
    counts = counts.loc[counts.sum(axis=1).sort_values(kind="stable").index]
    if len(counts) > MOST_BARS:
        st.caption(f"The {MOST_BARS // 2} smallest and the {MOST_BARS // 2} largest of {len(counts)} {classes.plural}.")
        counts = pd.concat([counts.head(MOST_BARS // 2), counts.tail(MOST_BARS // 2)])
    st.plotly_chart(
        _bars(counts),
        theme=None,
        key="balance",
        config=theme.CHART_CONFIG,
        alt=f"{dataset.modality.noun.capitalize()}s of each {dataset.noun}",
    )


def _bars(counts: pd.DataFrame) -> go.Figure:
    """A bar a class, its parts the splits. Labels are other people's text, so they are neither markup nor formulas."""
    colours = theme.palette()
    rows = list(range(len(counts)))
    names = [escaped(label) for label in counts.index]
    figure = go.Figure(layout={"template": theme.template(), "barmode": "stack", "bargap": 0.35})
    for split, name, colour in zip(
        SPLITS, ("Training", "Validation", "Test"), (colours.training, colours.validation, colours.muted)
    ):
        if counts[split].any():
            figure.add_bar(
                y=rows,
                x=counts[split],
                orientation="h",
                name=name,
                marker={"color": colour},
                customdata=names,
                hovertemplate="%{customdata}: %{x:,}<extra>" + name + "</extra>",
            )
    figure.update_yaxes(tickvals=rows, ticktext=[escaped(label, 22) for label in counts.index], showgrid=False)
    figure.update_layout(height=110 + 26 * max(3, len(rows)), margin={"t": 44}, legend={"traceorder": "normal"})
    return figure


def _split(dataset: Dataset) -> None:
    st.subheader("Split", anchor=False)
    how = (
        f"as it came with the {dataset.modality.noun}s"
        if dataset.split.given
        else f"drawn with seed {dataset.split.seed}"
    )
    st.caption(
        f"The model learns from training and is judged on validation, which it never sees. This split: {how}. "
        f"{dataset.task.divided} divided by the same shares; copies, and groups, stay on one side."
    )
    many = f"{dataset.modality.noun}s".capitalize()
    with st.form("split", border=False):
        help = f"{many} kept back to judge every epoch. A fifth is usual."
        validation = st.slider("Validation", 5, 50, _in_percent(dataset.split.validation, 5), format="%d%%", help=help)
        help = f"{many} kept back from training and from every choice, for one honest check at the end."
        test = st.slider("Test", 0, 40, _in_percent(dataset.split.test, 0), format="%d%%", help=help)
        help = "The same seed draws the same split."
        seed = st.number_input("Seed", 0, 2**31 - 1, dataset.split.seed, help=help)
        if st.form_submit_button(
            "Split anew", help="Makes a new version; the old one stays, with the runs that use it."
        ):
            apply(dataset, resplit, validation=validation / 100, test=test / 100, seed=int(seed))


def _in_percent(share: float, least: int) -> int:
    return max(least, round(share * 100))
