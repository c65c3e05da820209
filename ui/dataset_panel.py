"""One dataset on the page: its numbers, what was found, its balance, examples, and how it is split."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from PIL import ImageOps

from core.data.changes import resplit
from core.data.dataset import SPLITS, Dataset
from core.data.preprocessing import decode
from core.data.report import Finding
from core.errors import DataError
from ui import state, theme
from ui.widgets import clip, count, errors_shown, file_size, literal

THUMBNAIL = 112  # pixels, as shown: Streamlit would reduce anything larger again at every click
MOST_BARS = 24
NAMES_SHOWN = 500
CLASSES_SHOWN, EACH, ALONE = 6, 6, 36


@dataclass(frozen=True)
class Look:
    """What the page shows of a dataset, kept, so that the next click costs no more for a large one.

    counts: images of each class in each split. examples: where a few images of each class lie.
    """

    counts: pd.DataFrame
    examples: dict[str, list[Path]]


def dataset_panel(dataset: Dataset) -> None:
    look = _look(dataset.directory, dataset.version, dataset)
    _numbers(dataset)
    _findings(dataset.report.findings)
    if ignored := dataset.report.ignored:
        st.caption(f"Also ignored: {count(ignored, 'file')} of the system, such as indexes of thumbnails.")
    left, right = st.columns(2, gap="large")
    with left:
        _balance(look.counts)
    with right:
        _split(dataset)
    _examples(dataset, look)


@st.cache_resource(max_entries=8, show_spinner=False)
def _look(directory: Path, version: int, _dataset: Dataset) -> Look:
    first = _dataset.frame.groupby("label", sort=False).head(ALONE)
    examples = {
        str(label): [_dataset.path(image) for image in images] for label, images in first.groupby("label")["image"]
    }
    return Look(_dataset.counts(), examples)


def _numbers(dataset: Dataset) -> None:
    report = dataset.report
    with st.container(horizontal=True):
        st.metric("Images", count(report.images), width=110)
        st.metric("Classes", count(len(report.classes)), width=90)
        for split, name in zip(SPLITS, ("Training", "Validation", "Test")):
            if report.splits[split]:
                st.metric(name, count(report.splits[split]), width=110)
        wide, high = report.sizes.width, report.sizes.height
        help = f"Width {wide[0]} to {wide[2]}, height {high[0]} to {high[2]} pixels."
        st.metric("Median size", f"{wide[1]} × {high[1]}", help=help, width=140)
        st.metric("On disk", file_size(report.bytes), width="content")


def _findings(findings: list[Finding]) -> None:
    for number, finding in enumerate(findings):
        said = f"**{literal(finding.title)}** {literal(finding.why)}"
        with st.container(border=True):
            st.markdown(f":material/info: {said}")
            if finding.files:
                with st.expander(count(len(finding.files), "name")):
                    st.dataframe(pd.DataFrame({"Name": finding.files[:NAMES_SHOWN]}), hide_index=True, height=200)
                    st.download_button(
                        "Download the whole list",
                        lambda files=finding.files: "\n".join(clip(name) for name in files),
                        f"{finding.kind.replace(' ', '-')}.txt",
                        key=f"finding_{number}",
                        on_click="ignore",
                    )


def _balance(counts: pd.DataFrame) -> None:
    st.subheader("Balance of the classes", anchor=False)
    counts = counts.loc[counts.sum(axis=1).sort_values(kind="stable").index]
    if len(counts) > MOST_BARS:
        st.caption(f"The {MOST_BARS // 2} smallest and the {MOST_BARS // 2} largest of {len(counts)} classes.")
        counts = pd.concat([counts.head(MOST_BARS // 2), counts.tail(MOST_BARS // 2)])
    st.plotly_chart(_bars(counts), theme=None, key="balance", config=theme.CHART_CONFIG, alt="Images of each class")


def _bars(counts: pd.DataFrame) -> go.Figure:
    """A bar a class, its parts the splits. Labels are other people's text, so they are neither markup nor formulas."""
    colours = theme.palette()
    rows = list(range(len(counts)))
    names = [_plain(label) for label in counts.index]
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
    figure.update_yaxes(tickvals=rows, ticktext=[_plain(clip(label, 22)) for label in counts.index], showgrid=False)
    figure.update_layout(height=110 + 26 * max(3, len(rows)), margin={"t": 44}, legend={"traceorder": "normal"})
    return figure


def _plain(text: object) -> str:
    """Plotly reads a little HTML, and formulas between dollar signs."""
    escaped = clip(text, 120).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("$", "&#36;")


def _split(dataset: Dataset) -> None:
    st.subheader("Split", anchor=False)
    how = "as it came with the pictures" if dataset.split.given else f"drawn with seed {dataset.split.seed}"
    st.caption(
        f"The model learns from training and is judged on validation, which it never sees. This split: {how}. "
        "Each class is divided by the same shares."
    )
    with st.form("split", border=False):
        help = "Pictures kept back to judge every epoch. A fifth is usual."
        validation = st.slider("Validation", 5, 50, _in_percent(dataset.split.validation, 5), format="%d%%", help=help)
        help = "Pictures kept back from training and from every choice, for one honest check at the end."
        test = st.slider("Test", 0, 40, _in_percent(dataset.split.test, 0), format="%d%%", help=help)
        help = "The same seed draws the same split."
        seed = st.number_input("Seed", 0, 2**31 - 1, dataset.split.seed, help=help)
        if st.form_submit_button(
            "Split anew", help="Makes a new version; the old one stays, with the runs that use it."
        ):
            with errors_shown():
                made = resplit(state.workspace(), dataset, validation=validation / 100, test=test / 100, seed=int(seed))
                state.choose(dataset=made.id, dataset_version=made.version)
                st.rerun()


def _in_percent(share: float, least: int) -> int:
    return max(least, round(share * 100))


def _examples(dataset: Dataset, look: Look) -> None:
    st.subheader("Examples", anchor=False)
    many = len(dataset.classes) > CLASSES_SHOWN
    several = f"A few of each of the first {CLASSES_SHOWN} classes" if many else "A few of each class"
    options = [-1, *range(len(dataset.classes))]
    picked = st.selectbox(
        "Class",
        options,
        format_func=lambda number: several if number < 0 else clip(dataset.classes[number], 80),
        key=f"class_{dataset.id}",
    )
    if picked >= 0:
        _thumbnails(dataset.classes[picked], look, ALONE)
        return
    for label in dataset.classes[:CLASSES_SHOWN]:
        _thumbnails(label, look, EACH)


def _thumbnails(label: str, look: Look, most: int) -> None:
    st.markdown(f"**{literal(label, 80)}** :gray[{count(int(look.counts.loc[label].sum()), 'image')}]")
    with st.container(horizontal=True, gap="xsmall"):
        for path in look.examples[label][:most]:
            if small := thumbnail(path):
                st.image(small, width=THUMBNAIL)


@st.cache_data(max_entries=4000, show_spinner=False)
def thumbnail(path: Path) -> bytes | None:
    """A small square JPEG of the picture's middle; None if the file is gone."""
    try:
        image = decode(path, at_least=2 * THUMBNAIL)
    except DataError:
        return None
    file = io.BytesIO()
    ImageOps.fit(image, (THUMBNAIL, THUMBNAIL)).save(file, "JPEG", quality=85)
    return file.getvalue()
