"""The learning rate over a run that has not begun, drawn by the engine's own plan."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from core.training.plan import Phase, drawn, phase_of, phases
from core.training.recipe import USUAL_BATCH, Recipe
from ui.shared import theme
from ui.shared.live_chart import live_chart
from ui.shared.widgets import count

HEIGHT = 260


def schedule(recipe: Recipe, stages: int) -> None:
    """The chart for a backbone of so many stages, and in words what it cannot show."""
    if recipe.solved:
        st.caption(
            "The head is solved for exactly, so there is no learning rate to plan. To train it step by step, choose "
            "AdamW or SGD under **Optimizer**."
        )
        return
    live_chart(schedule_figure(recipe, stages), key="schedule", alt="The learning rate over the epochs")
    for sentence in sentences(recipe, stages):
        st.caption(sentence)


def schedule_figure(recipe: Recipe, stages: int) -> go.Figure:
    """One line for the head; where stages learn at rates of their own, a thin one for each, from when it is free."""
    colours, planned = theme.palette(), phases(recipe, stages)
    head = drawn(recipe, stages)
    figure = go.Figure()
    if recipe.rate_per_stage < 1:
        for stage in range(planned[-1].frozen, stages):
            figure.add_trace(
                _line(f"Stage {stage + 1}", _of_stage(stage, head, planned, recipe, stages), colours.frozen)
            )
    figure.add_trace(_line("Head" if figure.data else "Learning rate", head, colours.accent, width=2.5))
    for phase in planned[1:]:
        figure.add_vline(phase.first - 1, line={"color": colours.muted, "width": 1, "dash": "dot"})
    figure.update_layout(
        template=theme.template(),
        title="Learning rate",
        height=HEIGHT,
        uirevision="kept",
        showlegend=False,
        margin={"t": 40},
        xaxis={"title": {"text": "Epochs done"}, "range": [0, recipe.epochs]},
        yaxis={"rangemode": "tozero", "exponentformat": "power", "nticks": 5},
    )
    return figure


def _of_stage(
    stage: int, head: Sequence[tuple[float, float]], planned: Sequence[Phase], recipe: Recipe, stages: int
) -> list[tuple[float, float | None]]:
    """stage: counted from 0. Nothing while it is frozen."""
    scale = recipe.rate_per_stage ** (stages - stage)
    return [(x, rate * scale if phase_of(planned, int(x) + 1).frozen <= stage else None) for x, rate in head]


def _line(name: str, points: Sequence[tuple[float, float | None]], colour: str, width: float = 1) -> go.Scatter:
    return go.Scatter(
        x=[x for x, _ in points],
        y=[y for _, y in points],
        name=name,
        mode="lines",
        line={"color": colour, "width": width},
        hovertemplate="%{y:.3g}",
    )


def sentences(recipe: Recipe, stages: int) -> list[str]:
    """Which stages learn when, if that changes; and what nobody can know before."""
    planned, said = phases(recipe, stages), []
    if len(planned) > 1:
        said.append("; ".join(_in_words(phase, stages) for phase in (*planned[:2], *planned[2:][-1:])) + ".")
    if recipe.rate_per_stage < 1 and planned[-1].frozen < stages:
        lowest = recipe.rate_per_stage ** (stages - planned[-1].frozen)
        said.append(
            f"The thick line is the head's; each thin one a stage's, the earliest at {lowest:.2g} times its rate."
        )
    if recipe.batch_size == "auto":
        said.append(
            "The batch size is found when the run begins. A learning rate that is still the suggested one, which is "
            f"for batches of {USUAL_BATCH}, then follows it: larger batches take fewer and surer steps, which may be "
            "longer."
        )
    if recipe.schedule == "plateau":
        waits = count(recipe.step_epochs, "epoch")
        said.append(f"It falls to {recipe.step_factor:g} times itself after each {waits} without improvement.")
    return said


def _in_words(phase: Phase, stages: int) -> str:
    when = f"Epoch {phase.first}" if phase.first == phase.last else f"Epochs {phase.first} to {phase.last}"
    free = stages - phase.frozen
    if not free:
        return f"{when}: only the head learns"
    return f"{when}: the head and {'every stage' if free == stages else 'the last ' + count(free, 'stage')}"
