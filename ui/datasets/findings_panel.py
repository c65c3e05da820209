"""What was found in a dataset: each finding with its files, some of its examples, and what can be done about it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd
import streamlit as st

from core.data import changes
from core.data.changes import repair, repairs
from core.data.dataset import Dataset
from core.data.report import LEFT_OUT, SHOWN_SO, Kind
from core.errors import GraftError
from core.finding import Finding
from core.importing.drafts.making import draft_of, fits_a_draft
from core.words import names_of
from ui.datasets.add_dataset import open_draft
from ui.datasets.browser.filters import look_at_finding, shown_findings
from ui.datasets.contradictions import contradictions
from ui.datasets.mending import LOOKED_AT_FIRST, mending
from ui.examples import shown_of
from ui.shared import job_watch, state
from ui.shared.example_row import example_row
from ui.shared.undo import apply
from ui.shared.widgets import clip, count, literal, words_table

NAMES_SHOWN = 500
LINE = '<hr style="margin:0.3rem 0;border:0;border-top:1px solid color-mix(in srgb, currentColor 15%, transparent)">'
# Of these the examples tell more than their names.
SHOWN = frozenset({"leak", "duplicate", "one colour", "odd size", "one image", "far out", "mended", "tell-tale"})
SERIOUS = frozenset({"leak", "contradiction", "no training", "group", "one number", "similar names"})
ICONS = {"serious": ":material/error:", "worth": ":material/warning:", "info": ":material/info:"}
WANT_MORE: frozenset[Kind] = frozenset({"empty class", "one image", "few images", "imbalance"})
Way = Literal["repair", "add", "column", "show", "files"]


def findings_panel(dataset: Dataset) -> None:
    """What is worth mending, in the order of `core.data.findings.ORDER`; what the import dealt with is a click away."""
    findings = dataset.report.findings
    worth = [finding for finding in findings if _weight(finding) != "info"]
    info = [finding for finding in findings if _weight(finding) == "info"]
    if not worth:
        small = "" if dataset.task.classes is None else f"no {dataset.noun} too small, "
        st.caption(f":material/check_circle: Nothing to mend: no copies, {small}nothing out of shape.")
    key = f"finding_{dataset.id}_{dataset.version}"
    if worth:
        with st.container(border=True, gap="xsmall"):
            for number, finding in enumerate(worth):
                if number:
                    st.html(LINE)
                _finding(dataset, finding, f"{key}_{number}")
    if info:
        said = ": ".join(filter(None, ("On the way in", _on_the_way(info, dataset.modality.noun))))
        with st.expander(said, icon=ICONS["info"]):
            for number, finding in enumerate(info):
                _finding(dataset, finding, f"{key}_info_{number}")


def _on_the_way(info: list[Finding], example: str) -> str:
    out = sum(len(finding.files) for finding in info if finding.kind in LEFT_OUT)
    mended = sum(len(finding.files) for finding in info if finding.kind == "mended")
    fetched = sum(finding.kind == "fetched" for finding in info)
    words = {
        "fetched from the web": fetched,
        f"{count(out, 'file')} left out": out,
        f"{count(mended, example)} brought into shape": mended,
    }
    return ", ".join(said for said, files in words.items() if files)


def _weight(finding: Finding) -> str:
    if finding.kind in SERIOUS:
        return "serious"
    return "info" if finding.kind in LEFT_OUT | SHOWN_SO else "worth"


def ways_out(dataset: Dataset, finding: Finding) -> set[Way]:
    """What there is to click about a finding; where there is nothing, it says in words what to do."""
    ways: dict[Way, bool] = {
        "repair": bool(repairs(dataset, finding)),
        "add": finding.kind in WANT_MORE and fits_a_draft(dataset),
        "column": finding.kind == "unused" and dataset.task.told_by_folders and len(dataset.columns.columns) > 0,
        "show": finding.kind in shown_findings(dataset),
        "files": bool(finding.files),
    }
    return {way for way, there in ways.items() if there}


def _finding(dataset: Dataset, finding: Finding, key: str) -> None:
    ways = ways_out(dataset, finding)
    said = f"{ICONS[_weight(finding)]} **{literal(finding.title)}** {literal(finding.why)}"
    if not ways:
        st.markdown(said)
        return
    words, buttons = st.columns([5, 3], gap="medium", vertical_alignment="center")
    words.markdown(said)
    with buttons, st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        for one in repairs(dataset, finding):
            if one.key in LOOKED_AT_FIRST:
                mending(dataset, finding, one, f"{key}_{one.key}")
            elif st.button(one.label, help=one.help, key=f"{key}_{one.key}"):
                apply(dataset, repair, finding, one.key)
        if "add" in ways:
            _add_more(dataset, key)
        if "column" in ways:
            _choose_column(dataset, key)
        if "show" in ways:
            help = f"Shows them all among the {dataset.modality.noun}s below."
            args = (dataset, finding.kind)
            st.button("Show", type="tertiary", help=help, key=f"{key}_show", on_click=look_at_finding, args=args)
        if "files" in ways:
            of_files = dataset.modality.comes_from == "file" or finding.kind == "fetched"
            files = "file" if of_files else dataset.modality.noun
            with st.popover(count(len(finding.files), files), type="tertiary"):
                _files(finding, key)
    if finding.kind in SHOWN and finding.files:
        shown = [name for group in finding.groups for name in group] if finding.groups else finding.files
        with words:
            example_row(dataset, shown[: shown_of(dataset).of_a_finding])
    elif finding.kind == "contradiction":
        contradictions(dataset, finding, key)


def _add_more(dataset: Dataset, key: str) -> None:
    many = f"{dataset.modality.noun}s"
    help = (
        f"Opens a draft with the {many} of this version: give more to any class, and make a new dataset of it. "
        "This one stays as it is; the new one is split anew."
    )
    st.button(f"Add {many}", help=help, key=f"{key}_add", on_click=_open_draft, args=(dataset,))


def _open_draft(dataset: Dataset) -> None:
    empty = [label for finding in dataset.report.findings for label in finding.labels]
    try:
        draft = draft_of(state.workspace(), dataset, empty)
    except GraftError as error:
        job_watch.tell("error", str(error))
    else:
        open_draft(draft)


def _choose_column(dataset: Dataset, key: str) -> None:
    with st.popover("Choose the column"):
        words = _columns(dataset.directory, dataset)
        label = "Column that tells the classes"
        column = st.selectbox(label, list(words), format_func=words.__getitem__, key=f"{key}_column")
        help = "In a new version, each is of the class that stands there; where nothing stands, it is left out."
        if st.button("Take the classes from it", type="primary", help=help, key=f"{key}_take"):
            apply(dataset, changes.relabel_by, column)


@st.cache_resource(max_entries=8, show_spinner=False)
def _columns(directory: Path, _dataset: Dataset) -> dict[str, str]:
    """The columns that may tell the classes, each with some of what stands there."""
    entries = {column: names_of([one for one in cells.unique() if one]) for column, cells in _dataset.columns.items()}
    return {column: clip(f"{clip(column, 40)}: {some}", 120) for column, some in entries.items()}


def _files(finding: Finding, key: str) -> None:
    words_table(pd.DataFrame({"Name": finding.files[:NAMES_SHOWN]}), f"{key}_names", height=240)
    if len(finding.files) > NAMES_SHOWN:
        st.caption(f"The first {NAMES_SHOWN:,} of {len(finding.files):,}.")
    st.download_button(
        "Download the whole list",
        lambda: "\n\n".join("\n".join(group) for group in finding.groups or [finding.files]),
        f"{finding.kind.replace(' ', '-')}.txt",
        key=f"{key}_list",
        on_click="ignore",
    )
