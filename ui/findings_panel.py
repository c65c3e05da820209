"""What was found in a dataset: each finding with its files, some of its pictures, and the button that mends it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.data.changes import repair, repairs
from core.data.dataset import Dataset
from core.data.report import LEFT_OUT, Finding
from ui.contradictions import contradictions
from ui.thumbnail_row import thumbnail_row
from ui.undo import apply
from ui.widgets import count, literal, words_table

NAMES_SHOWN = 500
PICTURES_SHOWN = 8
LINE = '<hr style="margin:0.3rem 0;border:0;border-top:1px solid color-mix(in srgb, currentColor 15%, transparent)">'
# Of these the pictures tell more than their names.
SHOWN = frozenset({"leak", "duplicate", "one colour", "odd size", "one image", "far out", "mended"})
SERIOUS = frozenset({"leak", "contradiction", "no training", "group", "one number", "similar names"})
ICONS = {"serious": ":material/error:", "worth": ":material/warning:", "info": ":material/info:"}


def findings_panel(dataset: Dataset) -> None:
    """What is worth mending, in the order of `core.data.findings.ORDER`; what the import dealt with is a click away."""
    findings = dataset.report.findings
    worth = [finding for finding in findings if _weight(finding) != "info"]
    info = [finding for finding in findings if _weight(finding) == "info"]
    if not worth:
        st.caption(
            f":material/check_circle: Nothing to mend: no copies, no {dataset.noun} too small, nothing out of shape."
        )
    key = f"finding_{dataset.id}_{dataset.version}"
    if worth:
        with st.container(border=True, gap="xsmall"):
            for number, finding in enumerate(worth):
                if number:
                    st.html(LINE)
                _finding(dataset, finding, f"{key}_{number}")
    if info:
        with st.expander(f"On the way in: {_on_the_way(info)}", icon=ICONS["info"]):
            for number, finding in enumerate(info):
                _finding(dataset, finding, f"{key}_info_{number}")


def _on_the_way(info: list[Finding]) -> str:
    out = sum(len(finding.files) for finding in info if finding.kind != "mended")
    mended = sum(len(finding.files) for finding in info if finding.kind == "mended")
    words = {f"{count(out, 'file')} left out": out, f"{count(mended, 'picture')} brought into shape": mended}
    return ", ".join(said for said, files in words.items() if files)


def _weight(finding: Finding) -> str:
    if finding.kind in SERIOUS:
        return "serious"
    return "info" if finding.kind in LEFT_OUT or finding.kind == "mended" else "worth"


def _finding(dataset: Dataset, finding: Finding, key: str) -> None:
    buttons_of = repairs(dataset, finding)
    if not (finding.files or buttons_of):
        st.markdown(f"{ICONS[_weight(finding)]} **{literal(finding.title)}** {literal(finding.why)}")
        return
    words, buttons = st.columns([5, 3], gap="medium", vertical_alignment="center")
    words.markdown(f"{ICONS[_weight(finding)]} **{literal(finding.title)}** {literal(finding.why)}")
    with buttons, st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        for one in buttons_of:
            if st.button(one.label, help=one.help, key=f"{key}_{one.key}"):
                apply(dataset, repair, finding, one.key)
        if finding.files:
            with st.popover(count(len(finding.files), "file"), type="tertiary"):
                _files(finding, key)
    if finding.kind in SHOWN and finding.files:
        shown = [name for group in finding.groups for name in group] if finding.groups else finding.files
        with words:
            thumbnail_row(dataset, shown[:PICTURES_SHOWN])
    elif finding.kind == "contradiction":
        contradictions(dataset, finding, key)


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
