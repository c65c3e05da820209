"""Whether it is as often right as it is sure; what a temperature mends; and how far off a number may be."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from core.evaluation.calibration import (
    MOST_BINS,
    Calibration,
    Coverage,
    Reliability,
    calibration,
    can_be_held_out,
    coverage,
)
from core.inference.calibrating import FEWEST, decision_of
from core.tasks.decision import PLAIN
from ui.evaluation.deciding import TITLES, decide, found_by, undo_line
from ui.evaluation.scores import Judgement
from ui.shared import theme
from ui.shared.widgets import count, escaped

FEWEST_SHOWN = 10  # examples, below which a curve says nothing


def has_sureness(judgement: Judgement) -> bool:
    return judgement.answered.judge.decides or judgement.answered.judge.ranges


def calibration_panel(judgement: Judgement) -> None:
    if len(judgement.answered) < FEWEST_SHOWN or len(found_by(judgement)) < FEWEST_SHOWN:
        st.info(f"With fewer than {FEWEST_SHOWN} examples nothing can be said about that.", icon=":material/info:")
        return
    if not can_be_held_out(judgement.answered, found_by(judgement)):
        st.info(
            f"All of these {judgement.noun}s belong together, so none can be held out to tell. A test part, or another "
            "dataset, can tell it.",
            icon=":material/info:",
        )
        return
    undo_line(judgement)
    if judgement.answered.judge.ranges:
        _range(judgement)
    else:
        _sureness(judgement)


def _sureness(judgement: Judgement) -> None:
    found = _calibration(judgement.key, id(judgement.answered), judgement)
    used = judgement.answered.decision.temperature != 1
    now = found.after if used else found.before
    st.markdown(f"#### {now.words}")
    verdict = (
        "more than chance alone would make it" if now.is_off else "within what chance makes of a model that is honest"
    )
    st.caption(
        f"The expected calibration error is {now.error:.1%}, {verdict} (up to {now.by_chance:.1%} with "
        f"{count(now.answers, 'answer')}). {_one_example(now, judgement)}"
    )
    st.markdown("##### How often it is right, by how sure it is")
    _chart(judgement, found)
    _temperature(judgement, found, used)
    _figures(judgement, found)


@st.cache_data(max_entries=16, show_spinner="Comparing how sure it is with how often it is right")
def _calibration(key: str, identity: int, _judgement: Judgement) -> Calibration:
    return calibration(_judgement.answered, found_by(_judgement))


def _one_example(found: Reliability, judgement: Judgement) -> str:
    worst = found.worst
    if worst is None:
        return ""
    several = judgement.answered.judged.truth.ndim == 2
    what = "labels it gives" if several else "answers at"
    right = "are there" if several else "are right"
    return (
        f"Of {what} about {worst.sure:.0%}, {worst.right:.0%} {right} (could be {worst.from_:.0%} to {worst.to:.0%}, "
        f"from {worst.answers:,})."
    )


def _temperature(judgement: Judgement, found: Calibration, used: bool) -> None:
    decision, fit = judgement.answered.decision, found.fit
    loss = f"log loss {fit.before:.3f} without, {fit.after:.3f} with it"
    whom = f"{count(fit.examples, judgement.noun)} of {TITLES[found.by]}"
    if used:
        st.markdown(
            f":material/thermostat: **Calibrated with temperature {decision.temperature:.2f}**, found by {whom} "
            f"({loss}, on those held out). It makes every chance "
            f"{'less' if decision.temperature > 1 else 'more'} sure and changes no answer."
        )
        label, then, said = "Turn it off", PLAIN, "Chances are as the network gives them."
    else:
        st.markdown(f":material/thermostat: **Not calibrated.** {_why_not(found, loss, judgement)}")
        label, then = f"Use temperature {fit.temperature:.2f}", decision_of(fit, found.by)
        said = f"Calibrated with temperature {fit.temperature:.2f}."
    gone = " The thresholds that were chosen are taken back, as they are of other chances." * decision.has_thresholds
    if st.button(label, key=f"temperature_{judgement.key}", help=f"In the bundle, for Predict and all else.{gone}"):
        decide(judgement, then, said + gone)


def _why_not(found: Calibration, loss: str, judgement: Judgement) -> str:
    fit = found.fit
    if fit.examples < FEWEST:
        return (
            f"{count(fit.examples, judgement.noun)} are too few to find a temperature by: Graft wants {FEWEST} before "
            "it does so by itself."
        )
    if fit.helps and not fit.is_taken:
        return (
            f"Temperature {fit.temperature:.2f} would make it surer, and seems to help: {loss}, on examples held out. "
            "Graft does not do so by itself, as these examples may have chosen the epoch, and flatter then."
        )
    if fit.helps:
        return f"Temperature {fit.temperature:.2f} would help: {loss}, on examples held out."
    return f"Temperature {fit.temperature:.2f} would not help by more than luck: {loss}, on examples held out."


def _figures(judgement: Judgement, found: Calibration) -> None:
    pairs = [(found.before, found.loss_before), (found.after, found.loss_after)]
    rows = {
        "Sure, on average": [f"{each.sure:.1%}" for each, _ in pairs],
        "Right": [f"{each.right:.1%}" for each, _ in pairs],
        "Calibration error": [f"{each.error:.1%}" for each, _ in pairs],
        "The same, bins of equal width": [f"{each.by_width:.1%}" for each, _ in pairs],
        "Log loss": [f"{loss:.3f}" for _, loss in pairs],
    }
    table = pd.DataFrame.from_dict(rows, "index", columns=["Without", f"At {found.fit.temperature:.2f}"])
    st.dataframe(table.reset_index(names=""), hide_index=True)
    held = (
        "Each of these examples has a temperature here that was found without it."
        if found.is_held_out
        else f"The temperature is from {TITLES[found.by]}, not from these examples."
    )
    st.caption(f"{held} Bins have equally many answers, where nothing else is said.")


def _chart(judgement: Judgement, found: Calibration) -> None:
    colours = theme.palette()
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.06)
    diagonal = {"color": colours.muted, "dash": "dot"}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=diagonal, name="As right as sure", row=1, col=1)
    both = ((found.before, "Before", colours.validation), (found.after, "With temperature", colours.training))
    for each, name, colour in both:
        figure.add_trace(_points(each, name, colour), row=1, col=1)
        middles = [(number + 0.5) / MOST_BINS for number in range(MOST_BINS)]
        bars = go.Bar(x=middles, y=each.counts, marker_color=colour, name=name, showlegend=False, opacity=0.8)
        figure.add_trace(bars, row=2, col=1)
    several = judgement.answered.judged.truth.ndim == 2
    legend = {"y": -0.14, "yanchor": "top"}  # below, as above it is in the way on a telephone
    figure.update_layout(template=theme.template(), height=500, margin={"t": 16}, legend=legend)
    figure.update_yaxes(
        title_text="Are there" if several else "Are right", tickformat=".0%", range=[0, 1.02], row=1, col=1
    )
    figure.update_yaxes(title_text="Answers", row=2, col=1)
    figure.update_xaxes(title_text="How sure", tickformat=".0%", range=[0, 1.02], row=2, col=1)
    figure.update_xaxes(range=[0, 1.02], row=1, col=1)
    st.plotly_chart(
        figure, theme=None, config=theme.CHART_CONFIG, key=f"reliability_{judgement.key}", alt="Reliability curve"
    )


def _points(found: Reliability, name: str, colour: str) -> go.Scatter:
    return go.Scatter(
        x=[each.sure for each in found.bins],
        y=[each.right for each in found.bins],
        mode="lines+markers",
        line={"color": colour},
        marker={"size": 8},
        name=name,
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [max(0.0, each.to - each.right) for each in found.bins],
            "arrayminus": [max(0.0, each.right - each.from_) for each in found.bins],
            "thickness": 1,
            "color": colour,
        },
        hovertext=[
            f"{each.answers:,} answers, {each.low:.0%} to {each.high:.0%} sure: {each.right:.0%} right"
            for each in found.bins
        ],
        hoverinfo="text",
    )


# Numbers --------------------------------------------------------------------------------------------------------------


def _range(judgement: Judgement) -> None:
    found = _coverage(judgement.key, id(judgement.answered), judgement)
    within, share, used = found.decision.within, found.decision.share, judgement.answered.decision.within
    if within is None:
        st.info("The model gave answers that are no numbers, so no range can be told.", icon=":material/info:")
        return
    target = escaped(judgement.answered.spec.get("target", ""), 40)
    st.markdown(f"#### {share:.0%} of answers are within ±{within:.3g}{f' of {target}' if target else ''}")
    held = "each with a range found without it" if found.is_held_out else "of which none helped to find it"
    st.caption(
        f"Found by {count(found.decision.examples, judgement.noun)} of {TITLES[found.decision.calibrated_on]}. Of "
        f"these {count(len(judgement.answered), judgement.noun)}, {held}, {found.inside:.1%} lie inside (could be "
        f"{found.low:.0%} to {found.high:.0%})."
    )
    if used is None:
        if st.button("Show the range on Predict", key=f"range_{judgement.key}"):
            decide(judgement, found.decision, "Predict shows the range.")
    else:
        st.markdown(f":material/straighten: Predict shows ±{used:.3g} with every answer.")
        if st.button("Do not show it", key=f"range_{judgement.key}"):
            decide(judgement, PLAIN, "Predict shows no range.")


@st.cache_data(max_entries=16, show_spinner=False)
def _coverage(key: str, identity: int, _judgement: Judgement) -> Coverage:
    return coverage(_judgement.answered, found_by(_judgement))
