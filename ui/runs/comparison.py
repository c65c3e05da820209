"""Several runs on one chart, as they learn: which of them, what they differ in, and how far each came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core import runs
from core.backbones.kept_stages import Stage
from core.data.dataset import Dataset
from core.errors import GraftError
from core.runs import Run, View
from core.runs.comparison import differences, freezing, frozen_words
from core.runs.expectations import expect
from core.runs.scores import Scored, scored
from core.tasks.metrics import LOSS, Metric
from core.training.recipe import Recipe
from core.words import with_noun
from ui.runs.curves import comparison_chart
from ui.runs.live import live
from ui.runs.live_frame import comparison_drawn_as
from ui.runs.note import note
from ui.runs.offered import offered, view_of
from ui.shared import state
from ui.shared.gone import apart
from ui.shared.live_chart import live_chart
from ui.shared.widgets import duration, errors_shown, roughly, short_number, steady

SECONDS_BETWEEN_DRAWINGS = 2.0
MOST = 8  # as many colours can be told apart
HELP = (
    "Trains several times with these settings, one after the other: with all stages frozen, with half of them, and "
    "with none; of a transformer then with adapters. Then one chart shows which learns best, and what it costs."
)


def compare_freezing(recipe: Recipe, stages: Sequence[Stage], dataset: Dataset, devices: int, disabled: bool) -> None:
    """The button that starts a run with all stages frozen, one with half of them, one with none and, of a transformer,
    one with adapters, and says what that will cost."""
    recipes, space = freezing(recipe, stages), state.workspace()
    costs = [expect(space, each, dataset, len(stages)).total for each in recipes]
    words = [frozen_words(each.freeze, each.adapters) for each in recipes]
    parts = "; ".join(f"{said}, {roughly(cost)}" for said, cost in zip(words, costs))
    help = f"{HELP} Here: {parts}."
    disabled = disabled or not stages
    pressed = st.button("Compare freezing", icon=":material/ssid_chart:", help=help, disabled=disabled, key="freezing")
    st.caption(f"Comparing takes {roughly(sum(costs))}", width="content")
    if pressed:
        with errors_shown():
            started = [runs.start(space, each, dataset.name, devices).id for each in recipes]
            state.choose(run=started[0], compared=tuple(started))
            st.rerun()


def comparison(found: Sequence[tuple[Run, View]], names: Mapping[str, str]) -> None:
    """Which runs to compare, and their curves on one chart. Drawn again by itself while one of them is at work.

    names: what each run is called, by its id.
    """
    if len(found) < 2:
        return
    by_id = {run.id: run for run, _ in found}
    chosen = [each for each in state.choices().compared if each in by_id]
    with st.expander("Compare runs", expanded=len(chosen) > 1, icon=":material/ssid_chart:"):
        st.session_state["compared"] = chosen
        st.multiselect(
            "Runs on one chart",
            [run.id for run in offered(list(by_id.values()), chosen)],
            format_func=names.__getitem__,
            key="compared",
            max_selections=MOST,
            placeholder="Choose two or more",
            on_change=lambda: state.choose(compared=tuple(st.session_state["compared"])),
        )
        if len(chosen) < 2:
            return
        together = [by_id[each] for each in chosen]
        active = any(view.status.active for run, view in found if run.id in chosen)
        with steady("live_comparison"):
            st.fragment(apart(_live))(together, active)


def _live(together: Sequence[Run], drawn_active: bool) -> None:
    try:
        views = [view_of(run) for run in together]
    except (GraftError, OSError):
        st.rerun()  # one of them was discarded
    if drawn_active and not any(view.status.active for view in views):
        st.rerun()
    if drawn_active:
        subject = f"comparison/{','.join(run.id for run in together)}"
        live(subject, comparison_drawn_as(views), key="live_comparison_feed", seconds=SECONDS_BETWEEN_DRAWINGS)
    names = _names(together)
    mains = {row.train.main for view in views for row in view.curve}
    main = mains.pop() if len(mains) == 1 else LOSS  # which all of them have
    part = "validation" if all(row.validation for view in views for row in view.curve) else "training"
    lines = [(name, _points(view, part, main)) for name, view in zip(names, views)]
    title = f"{main.title}, {part}"
    live_chart(
        comparison_chart(title, lines, share=main.unit == "share"), key="comparison", alt=f"{title}, of several runs"
    )
    if len({(run.recipe.dataset, run.recipe.dataset_version) for run in together}) > 1:
        said = "They learn from different images, so their scores cannot be compared exactly."
        st.caption(with_noun(said, views[0].noun))
    for dataset in dict.fromkeys(run.recipe.dataset for run in together):
        note(dataset)
    rows = [_row(name, view) for name, view in zip(names, views)]
    st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder="–", key="comparison_table")


def _names(together: Sequence[Run]) -> list[str]:
    """By what differs, numbered where nothing does."""
    words = differences([run.recipe for run in together])
    return [
        f"{word[0].upper()}{word[1:]}" + (f" ({words[: number + 1].count(word)})" if words.count(word) > 1 else "")
        for number, word in enumerate(words)
    ]


def _points(view: View, part: str, main: Metric) -> list[tuple[float, float]]:
    scored = [(row.epoch, row.validation if part == "validation" else row.train) for row in view.curve]
    return [(float(epoch), each.get(main.name) or 0.0) for epoch, each in scored if each]


def _row(name: str, view: View) -> dict[str, object]:
    best = next((row for row in view.curve if row.epoch == view.best_epoch), None)
    found = scored(view) or ([Scored("training", best.train, 0)] if best else [])
    said = {f"{each.part.capitalize()} score": each.worth for each in found}
    seconds = view.ended.seconds if view.ended else view.seconds_trained
    return {
        "Run": name,
        "Status": view.status.value,
        **said,
        "Best epoch": view.best_epoch,
        "Time": duration(seconds) if view.curve else "",
        "Trainable parameters": short_number(view.trainable or None),
    }
