"""One run against another on the same examples, and the way from a mended label to a better run."""

from __future__ import annotations

import streamlit as st

from core import runs
from core.data.dataset import Dataset
from core.errors import GraftError
from core.evaluation.answered import Answered, answered
from core.evaluation.difference import difference
from core.runs import Run, titles
from ui.evaluation.gallery import current
from ui.evaluation.scores import Judgement
from ui.runs.offered import runs_and_views
from ui.shared import state
from ui.shared.widgets import clip, count, literal, show_error

KEPT = "evaluating"  # the run that is looked at, while its dataset is changed


def mended_bar(judgement: Judgement) -> None:
    """As soon as the dataset was changed after the run: train again with the same recipe."""
    dataset = current(judgement)
    if dataset is None or judgement.dataset is None or dataset.id != judgement.run.recipe.dataset:
        return
    if dataset.version == judgement.run.recipe.dataset_version:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/build: The dataset was changed since this run: {literal(dataset.changed, 120)} "
            f"(version {dataset.version}).",
            width="stretch",
        )
        if st.button("Train again with these changes", type="primary", icon=":material/replay:"):
            _again(judgement.run, dataset)


def _again(run: Run, dataset: Dataset) -> None:
    try:
        recipe = run.recipe.model_copy(update={"dataset_version": dataset.version})
        made = runs.start(state.workspace(), recipe)
    except (GraftError, OSError) as error:
        show_error(error)
        return
    state.choose(run=made.id)
    st.session_state.pop(KEPT, None)
    st.session_state["to_page"] = "pages/fine_tune.py"
    st.rerun()


def against_panel(judgement: Judgement) -> None:
    others = _others(judgement)
    if not others:
        st.info(
            "There is no other run on this dataset yet. Mend labels under **Mistakes**, or change the settings, and "
            "train again: here you see whether that was better, and whether it can be luck.",
            icon=":material/info:",
        )
        return
    names = titles([judgement.run, *others])
    by_id = {run.id: run for run in others}
    picked = st.selectbox(
        "Compare with", list(by_id), format_func=lambda id: clip(names[id], 100), key=f"against_{judgement.key}"
    )
    before = _answered(by_id[picked], judgement)
    found = difference(judgement.answered, before) if before is not None else None
    if found is None:
        st.info(f"Both were asked about no {judgement.noun} in common.", icon=":material/info:")
        return
    icon = ":material/trending_flat:" if found.can_be_luck else _trend(found.gain)
    st.markdown(f"#### {icon} {literal(found.words)}")
    left = max(len(judgement.answered), len(before) if before else 0) - found.examples
    notes = [f"Both were judged on the same {count(found.examples, judgement.noun)}."]
    if found.relabeled:
        notes.append(f"{found.relabeled:,} of them were relabeled between the runs; both are judged by the new labels.")
    if left:
        notes.append(f"{left:,} that only one of them was asked about do not count.")
    if found.metric.counted:
        notes.append(f"{found.gained:,} are right now that were wrong, {found.lost:,} the other way around.")
    st.caption(" ".join(notes))


def _trend(gain: float) -> str:
    return ":material/trending_up:" if gain > 0 else ":material/trending_down:"


def _others(judgement: Judgement) -> list[Run]:
    """Runs that were asked about the same part of the same dataset, those before this one first."""
    mine, recipe = judgement.run, judgement.run.recipe
    found = [run for run, view in runs_and_views(state.workspace()) if run.bundle and not view.status.active]
    alike = [run for run in found if run.id != mine.id and run.facts.dataset == recipe.dataset]
    earlier = [run for run in alike if run.created <= mine.created]
    return earlier + [run for run in alike if run.created > mine.created]


def _answered(run: Run, judgement: Judgement) -> Answered | None:
    bundle = run.bundle
    if bundle is None:
        return None
    try:
        dataset = state.dataset(run.recipe.dataset, run.recipe.dataset_version)
    except GraftError:
        dataset = None
    try:
        found = answered(bundle, dataset, judgement.answered.part)
    except GraftError as error:
        show_error(error)
        return None
    same = found.task is judgement.answered.task
    return found if same else None
