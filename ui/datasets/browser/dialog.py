"""One example of a dataset, large, with all that is known of it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.data.browsing import findings_of
from core.data.changes import SPLIT_WORDS
from core.data.dataset import Dataset
from ui.datasets.browser.entities import entities_panel
from ui.examples import shown_of
from ui.shared.gone import apart
from ui.shared.widgets import clip, errors_shown, literal


def example_dialog(dataset: Dataset, name: str) -> None:
    """name: of an example of this version."""
    rows = dataset.frame.loc[dataset.frame["name"] == name]
    if rows.empty:  # it was left out meanwhile
        return
    row = rows.iloc[0]
    st.dialog(literal(name.rsplit("/", 1)[-1], 60), width="large")(apart(example_view))(dataset, row)


def example_view(dataset: Dataset, row: pd.Series) -> None:
    """It, large, beside what is known of it."""
    left, right = st.columns([2, 1], gap="medium")
    with left, errors_shown():
        shown_of(dataset).large(dataset, row)
        if dataset.task.classes is not None and dataset.task.classes.placed:
            entities_panel(dataset, row)
    with right:
        for fact, said in _facts(dataset, row).items():
            if said:
                st.markdown(f":gray[:small[{literal(fact)}]]  \n{literal(said, 300)}")
        for finding in findings_of(dataset, row["name"]):
            st.markdown(f":material/info: {literal(finding.title)}")


def _facts(dataset: Dataset, row: pd.Series) -> dict[str, str]:
    several = dataset.task.classes is not None and dataset.task.classes.several
    what = clip(dataset.target, 40) or (dataset.task.plural if several else dataset.noun).capitalize()
    return {
        what: dataset.answers(row.to_frame().T)[0],
        "Split": SPLIT_WORDS[row["split"]].capitalize(),
        "Belongs to": row["group"],
        **shown_of(dataset).facts(row),
    }
