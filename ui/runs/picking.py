"""Which finished run a page is about: the chosen one, or what is chosen here."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from core.errors import RunError
from core.runs import Run, View, get, titles
from core.runs.naming import gone
from core.runs.scores import best_of
from ui.runs.offered import offered, runs_and_views
from ui.shared import state
from ui.shared.widgets import empty_state, literal, show_error


def picked_run(sentence: str, looked_at: str | None = None) -> Run | None:
    """Draw the choice among the runs that have a model. None where there is none yet, or nothing is chosen; then the
    page says so.

    sentence: of the empty state, what there will be as soon as a run has finished. looked_at: the run that the page
    showed last, which it goes on showing where its dataset was changed since.
    """
    usable = [(run, view) for run, view in runs_and_views(state.workspace()) if run.bundle and not view.status.active]
    if not usable:
        empty_state("No finished run yet", sentence, "pages/fine_tune.py", "Fine-tune a model")
        return None
    run = _pick_run(usable, looked_at)
    if run is not None and run.bundle is None:  # gone since the list was made
        st.info(_why_not(run), icon=":material/info:")
        return None
    return run


def _pick_run(usable: list[tuple[Run, View]], looked_at: str | None) -> Run | None:
    """The chosen run; while none is, the newest that was made with what is chosen. Whatever is asked is chosen."""
    by_id = {run.id: (run, view) for run, view in usable}
    chosen = state.choices().run
    runs = [run for run, _ in usable]
    changed = looked_at in by_id and by_id[looked_at][0].facts.dataset == state.choices().dataset
    if chosen is None and changed:
        chosen = looked_at
    elif chosen is None:
        _name_gone(by_id)
        fitting = (run.id for run in runs if state.fits(run, state.choices()))
        chosen = next(fitting, None if state.choices().dataset else runs[0].id)
    elif chosen not in by_id:
        st.info(_why_not(get(state.workspace(), chosen)), icon=":material/info:")
    ids, names = [run.id for run in offered(runs, (chosen or "",))], titles(runs)
    picked = st.selectbox(
        "Run",
        ids,
        index=ids.index(chosen) if chosen in ids else None,
        placeholder="Choose a run",
        format_func=lambda id: names[id] + _scored(by_id[id][1]),
        help="Runs that have finished or were stopped and kept, the newest first. An older one than these is chosen in "
        "the table on the Fine-tune page.",
    )
    if picked is None:
        return None
    if picked != state.choices().run and not (changed and picked == looked_at):
        state.choose(run=picked)
    st.session_state["asked"] = picked
    return by_id[picked][0]


def _why_not(chosen: Run) -> str:
    try:
        _, active = chosen.facts, chosen.view().status.active
    except RunError as error:
        return literal(error)
    if active:
        return "The chosen run can be asked once it has finished. Until then, another can."
    return "The chosen run has nothing to ask: it kept no model, or that is not there any more. Choose another run."


def _name_gone(usable: Collection[str]) -> None:
    """Say so, if the run that was asked until now is gone."""
    before = st.session_state.pop("asked", None)
    if before is not None and before not in usable:
        show_error(gone(state.workspace(), before))


def _scored(view: View) -> str:
    said = best_of(view) if view.ended else ""
    return f", {said}" if said else ""
