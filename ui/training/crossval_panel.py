"""A cross-validation of the recipe: how to ask for it, and what it found."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import trash
from core.data.folds import FEWEST, MOST
from core.inference.table import harmless
from core.modalities import MODALITIES
from core.tasks.metrics import Metric
from core.training.process.events import EpochEnded
from core.training.recipe import Recipe
from core.training.trials.crossval_results import CrossValidation
from core.words import with_noun
from ui.runs.curves import thin
from ui.shared import state, theme
from ui.shared.confirm import confirm
from ui.shared.live_chart import live_chart
from ui.shared.widgets import count

USUAL = 5


def ask(begin: Callable[[int], None], noun: str) -> None:
    """begin: is given how many folds. noun: what an example is called."""
    with st.popover("Cross-validate", icon=":material/layers:"):
        said = (
            "The images are divided into folds. Each is held out once, while a network learns from the others: so "
            "every image is answered by a network that has not seen it, and you see how much the scores vary."
        )
        st.markdown(with_noun(said, noun))
        alike = "look the same" if noun == "image" else "are alike"
        st.caption(f"Groups and {noun}s that {alike} stay together. The test part stays out.")
        folds = st.number_input("Folds", FEWEST, MOST, USUAL, key="folds", persist_state="session")
        st.button("Start cross-validation", type="primary", on_click=begin, args=(folds,))


def crossval_panel(recipe: Recipe, begin: Callable[[int], None] | None) -> None:
    """What is known of this recipe's newest cross-validation, if there is one. begin: None while it cannot go on."""
    found = CrossValidation.newest(state.workspace(), recipe)
    if found is None:
        return
    with st.expander(f"Cross-validation, {count(found.folds, 'fold')}", icon=":material/layers:", expanded=True):
        if not found.complete:
            st.markdown(f"{len(found.done)} of {count(found.folds, 'fold')} done.")
        if found.done:
            _scores(found, MODALITIES[recipe.modality].noun)
            live_chart(fold_chart(found), key="folds_chart", alt="Each fold's score over the epochs")
        with st.container(horizontal=True):
            if not found.complete and begin is not None:
                st.button("Go on", icon=":material/play_arrow:", on_click=begin, args=(found.folds,))
            if found.complete:
                st.download_button(
                    f"Answers about every {MODALITIES[recipe.modality].noun}",
                    lambda: _answers(found),
                    file_name="out-of-fold.csv",
                    mime="text/csv",
                    icon=":material/download:",
                    on_click="ignore",
                    help="Each by the network that had not seen it (out-of-fold predictions).",
                )
            if begin is not None and st.button("Discard", icon=":material/delete:", key="discard_folds"):
                _confirm_discard(found)


def _scores(found: CrossValidation, noun: str) -> None:
    metrics = found.metrics()
    with st.container(horizontal=True, gap="medium"):
        for metric in metrics:
            help = f"Mean and standard deviation of the folds. {metric.help}"
            st.metric(metric.title, found.said(metric), width="content", help=help)
    epochs = [fold.best_epoch for fold in found.done]
    numbers = range(1, len(epochs) + 1)
    images = [found.held_out(number) for number in numbers]
    table = pd.DataFrame({"Fold": numbers, f"{noun}s".capitalize(): images, "Best epoch": epochs})
    for metric in metrics:
        table[metric.title] = [metric.said(fold.held_out.get(metric.name)) for fold in found.done]
    st.dataframe(table, hide_index=True, width="content")
    st.caption(
        "Each fold's best epoch is chosen by what it held out, as a run's is by its validation part: so all of these "
        "are a little too good, alike for every recipe that you compare."
    )


def fold_chart(found: CrossValidation, height: int = 320) -> go.Figure:
    """The score of what was held out, a line a fold, and over as many epochs as all have, their mean."""
    curves = [found.curve(number) for number in range(1, found.folds + 1)]
    main, colours = found.done[0].held_out.main, theme.palette()
    share = main.unit == "share"
    lines = [_points(curve, main) for curve in curves]
    whole = [line for line in lines if line]
    mean = [(points[0][0], sum(value for _, value in points) / len(points)) for points in zip(*whole) if len(whole) > 1]
    figure = go.Figure()
    for fold, line in enumerate(lines, start=1):
        colour = colours.series[(fold - 1) % len(colours.series)]
        figure.add_trace(_line(f"Fold {fold}", line, {"color": colour, "width": 1.2}, share=share))
    figure.add_trace(_line("Mean", mean, {"color": colours.text, "width": 3}, share=share))
    figure.update_layout(
        template=theme.template(),
        title=f"{main.title} on what was held out",
        height=height,
        uirevision="kept",
        hovermode="x unified",
        xaxis={"title": {"text": "Epoch"}, "rangemode": "tozero"},
        yaxis={"tickformat": ".0%" if share else None, "range": [0, 1.05] if share else None},
    )
    return figure


def _points(curve: list[EpochEnded], metric: Metric) -> list[tuple[int, float]]:
    scored = [(each.epoch, each.validation.get(metric.name)) for each in curve if each.validation]
    return [(epoch, value) for epoch, value in scored if value is not None]


def _line(name: str, points: list[tuple[int, float]], line: dict[str, object], share: bool) -> go.Scatter:
    drawn = thin(points)
    return go.Scatter(
        x=[x for x, _ in drawn],
        y=[y for _, y in drawn],
        name=name,
        mode="lines+markers" if len(drawn) < 2 else "lines",
        line=line,
        hovertemplate="%{y:.1%}" if share else "%{y:.4f}",
    )


def _answers(found: CrossValidation) -> str:
    table = found.answers().drop(columns=["probabilities"], errors="ignore")
    words = table.select_dtypes(exclude="number").columns
    table[words] = table[words].map(harmless)
    return str(table.to_csv(index=False))


def _confirm_discard(found: CrossValidation) -> None:
    title = f"Cross-validation, {count(found.folds, 'fold')}"
    confirm(
        "Discard this cross-validation?",
        f"**{title}**, {len(found.done)} done, with every fold's curves and answers.",
        "Discard it",
        lambda: trash.put(state.workspace(), "cross-validation", found.directory.name, title),
    )
