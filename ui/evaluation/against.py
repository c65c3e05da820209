"""One run against another on the same examples, and the way from a mended label to a better run."""

from __future__ import annotations

import streamlit as st

from core import runs
from core.data.compared import changes_between, common
from core.data.dataset import Dataset
from core.errors import GraftError
from core.evaluation.answered import Answered
from core.evaluation.difference import Difference, difference
from core.runs import Run, titles
from ui.evaluation.parts import own_part
from ui.evaluation.scores import Judgement, current
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
    words, same = _since(dataset.id, judgement.dataset.version, dataset.version, judgement.dataset, dataset)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/build: Changed since this run: {literal(words or dataset.changed, 120)} "
            f"(version {dataset.version}). {same}",
            width="stretch",
        )
        if st.button("Train again with these changes", type="primary", icon=":material/replay:"):
            _again(judgement.run, dataset)


@st.cache_data(max_entries=16, show_spinner=False)
def _since(dataset: str, version: int, newer: int, _before: Dataset, _now: Dataset) -> tuple[str, str]:
    """What was changed, and what both runs will be compared on."""
    both, before, now = common(_before, _now, "validation")
    many = count(both, _now.modality.noun)
    if not both:
        same = ""
    elif both == before == now:
        same = f"The validation part stays the same {many}, by which both runs are compared."
    else:
        same = f"Both runs are compared on the {many} that their validation parts have in common."
    return changes_between(_before, _now).words, same


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


def gain_bar(judgement: Judgement) -> None:
    """Of a run that repeats an earlier one on a dataset that was mended: whether that was better."""
    before = _repeated(judgement)
    found = _difference(judgement, before) if before is not None else None
    if found is None or before is None:
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{_icon(found)} Trained again with the changes: {literal(found.words)}**")
        st.caption(
            f"Compared with {literal(titles([judgement.run, before])[before.id], 100)}. {_notes(found, judgement)}"
        )


def _repeated(judgement: Judgement) -> Run | None:
    """The newest earlier run whose recipe is this one's but for the version of the dataset."""
    recipe = judgement.run.recipe
    for run in _others(judgement):
        if run.created > judgement.run.created or run.facts.dataset_version == recipe.dataset_version:
            continue
        try:
            # What was made by hand may leave the task open, which a run is told when it starts.
            other = {"dataset_version": recipe.dataset_version, "task": recipe.task}
            if run.recipe.model_copy(update=other) == recipe:
                return run
        except GraftError:
            continue
    return None


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
    found = _difference(judgement, by_id[picked])
    if found is None:
        st.info(f"Both were asked about no {judgement.noun} in common.", icon=":material/info:")
        return
    st.markdown(f"#### {_icon(found)} {literal(found.words)}")
    st.caption(_notes(found, judgement))


def _notes(found: Difference, judgement: Judgement) -> str:
    notes = [f"Both were judged on the same {count(found.examples, judgement.noun)}."]
    if found.relabeled:
        are = "was" if found.relabeled == 1 else "were"
        notes.append(
            f"{found.relabeled:,} of them {are} relabeled between the runs; both are judged by the new labels."
        )
    if found.alone:
        notes.append(f"{found.alone:,} that only one of them was asked about do not count.")
    if found.gained or found.lost:
        notes.append(f"Right now and wrong before: {found.gained:,}; the other way around: {found.lost:,}.")
    return " ".join(notes)


def _icon(found: Difference) -> str:
    return ":material/trending_flat:" if found.can_be_luck else _trend(found.gain)


def _trend(gain: float) -> str:
    return ":material/trending_up:" if gain > 0 else ":material/trending_down:"


def _others(judgement: Judgement) -> list[Run]:
    """Runs that were asked about the same part of the same dataset, those before this one first."""
    mine, recipe = judgement.run, judgement.run.recipe
    found = [run for run, view in runs_and_views(state.workspace()) if run.bundle and not view.status.active]
    alike = [run for run in found if run.id != mine.id and run.facts.dataset == recipe.dataset]
    earlier = [run for run in alike if run.created <= mine.created]
    return earlier + [run for run in alike if run.created > mine.created]


def _difference(judgement: Judgement, run: Run) -> Difference | None:
    try:
        before = own_part(run, judgement.answered.part)
    except GraftError:  # its answers are damaged, or of an earlier version
        return None
    if before is None or before.task is not judgement.answered.task:
        return None
    return _kept(judgement.key, id(judgement.answered), id(before), judgement.answered, before)


@st.cache_data(max_entries=16, show_spinner="Comparing the two runs")
def _kept(key: str, identity: int, other: int, _now: Answered, _before: Answered) -> Difference | None:
    return difference(_now, _before)
