"""From which chance on something is said, and what that costs: the cheapest thresholds, and those of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.evaluation.curves import is_there
from core.evaluation.thresholds import (
    HIGHEST,
    LOWEST,
    At,
    Costs,
    Sweep,
    at,
    best,
    moved,
    sweep,
    sweep_all_labels,
    usual_thresholds,
)
from core.tasks.decision import USUAL_THRESHOLD, Decision
from ui.evaluation.curves import curves_panel
from ui.evaluation.deciding import TITLES, decide, found_by, undo_line
from ui.evaluation.scores import Judgement
from ui.shared import theme
from ui.shared.gone import apart
from ui.shared.widgets import clip, count, literal, percent

DEAREST = 1_000_000.0
OF = 100  # examples whose cost is told
ALL = -1  # one threshold for all labels


def thresholds_panel(judgement: Judgement) -> None:
    undo_line(judgement)
    _thresholds(judgement)
    st.divider()
    st.markdown("#### What each threshold would find")
    curves_panel(judgement)


class _Draft:
    """What is tried on the page, in this session: thresholds, and what mistakes cost. Nothing of it is kept in the
    bundle before the button is pressed."""

    def __init__(self, judgement: Judgement) -> None:
        self.judgement, self.judged = judgement, judgement.answered.judged
        self.of_labels = np.ndim(self.judged.truth) == 2
        self.lone = len(self.judged.names) == 2 and not self.of_labels
        decision = judgement.answered.decision
        # Where the bundle decides otherwise by now, the page begins from that.
        self.key = f"{judgement.key}_{hash((decision.thresholds, decision.least, decision.temperature))}"
        usual = decision.thresholds or usual_thresholds(self.judged)
        fresh: dict[str, Any] = {"thresholds": usual, "least": decision.least}
        self.held: dict[str, Any] = st.session_state.setdefault(f"draft_{self.key}", fresh)
        # What mistakes cost stays, whatever the bundle decides.
        costs: dict[str, Any] = {"miss": {}, "alarm": {}, "unsure": 0.2}
        self.prices: dict[str, Any] = st.session_state.setdefault(f"prices_{judgement.key}", costs)

    @property
    def decision(self) -> Decision:
        before, thresholds = self.judgement.answered.decision, tuple(self.held["thresholds"])
        kept = () if thresholds == usual_thresholds(self.judged) else thresholds
        decides = bool(kept) or self.held["least"] > 0
        on = found_by(self.judgement).part if decides else ""
        return before.model_copy(update={"thresholds": kept, "least": self.held["least"], "chosen_on": on})

    @property
    def costs(self) -> Costs:
        numbers = range(len(self.judged.names))
        miss, alarm = (tuple(self.prices[kind].get(number, 1.0) for number in numbers) for kind in ("miss", "alarm"))
        return Costs(miss, alarm if self.of_labels else (), self.prices["unsure"])

    def name(self, number: int, most: int = 40) -> str:
        return clip(self.judged.names[number], most)


@st.fragment
@apart
def _thresholds(judgement: Judgement) -> None:
    draft = _Draft(judgement)
    st.markdown("#### When it says what")
    st.caption(_explained(draft))
    left, right = st.columns([2, 3], gap="large")
    with left:
        number = _which(draft)
        _costs(draft, number)
        _slider(draft, number)
        if not draft.of_labels:
            _not_sure(draft)
    decision, costs = draft.decision, draft.costs
    with right:
        _chart(draft, _swept(draft, decision, costs, number), number)
    _told(draft, at(draft.judged, decision, costs, 0 if number is None else number), number)
    _buttons(draft, decision)


def _explained(draft: _Draft) -> str:
    if draft.of_labels:
        return "A label is said from its threshold on; usually one half. Say what mistakes cost, and take the cheapest."
    if draft.lone:
        return "Usually the likelier class is said. Where one mistake is dearer than the other, another threshold is."
    return (
        "The class with the largest chance for its threshold is said; usually all are alike. One with a lower "
        "threshold is said more often. Say what it costs to miss each, and take the cheapest."
    )


def _which(draft: _Draft) -> int | None:
    """The number of the class, or None for all labels alike."""
    numbers = list(range(len(draft.judged.names)))
    if draft.of_labels:
        numbers.append(ALL)
    there = [int(is_there(draft.judged, number).sum()) for number in range(len(draft.judged.names))]
    rarest = int(np.argmin(there)) if draft.lone else 0
    chosen = st.selectbox(
        "To find" if draft.lone else (draft.judgement.answered.task.noun or "class").capitalize(),
        numbers,
        index=rarest,
        format_func=lambda one: "One threshold for all" if one == ALL else draft.name(one, 60),
        key=f"threshold_of_{draft.key}",
    )
    return None if chosen == ALL else chosen


def _costs(draft: _Draft, number: int | None) -> None:
    first, second = st.columns(2)
    with first:
        label = "A miss costs" if draft.of_labels or draft.lone else "To miss one costs"
        _money(draft, label, "miss", number, "What it costs that one is there and is not said.")
    with second:
        if draft.of_labels:
            _money(draft, "A false alarm costs", "alarm", number, "What it costs that one is said and is not there.")
        elif draft.lone and number is not None:
            help_ = f"What it costs that one is called {literal(draft.name(number))} and is none."
            _money(draft, "A false alarm costs", "miss", 1 - number, help_)


def _money(draft: _Draft, label: str, kind: str, number: int | None, help_: str) -> None:
    numbers = [number] if number is not None else list(range(len(draft.judged.names)))
    key = f"cost_{kind}_{number}_{label[:6]}_{draft.key}"

    def changed() -> None:
        for each in numbers:
            draft.prices[kind][each] = float(st.session_state[key])

    st.session_state[key] = float(draft.prices[kind].get(numbers[0], 1.0))
    st.number_input(label, 0.0, DEAREST, step=1.0, format="%g", key=key, on_change=changed, help=help_)


def _slider(draft: _Draft, number: int | None) -> None:
    key = f"threshold_{number}_{draft.key}"

    def changed() -> None:
        _move(draft, number, float(st.session_state[key]))

    held = draft.held["thresholds"][0 if number is None else number]
    st.session_state[key] = round(float(np.clip(held, LOWEST, HIGHEST)), 3)
    st.slider("Threshold", LOWEST, HIGHEST, step=0.001, format="%.3f", key=key, on_change=changed)


def _move(draft: _Draft, number: int | None, to: float) -> None:
    if number is None:
        draft.held["thresholds"] = (to,) * len(draft.judged.names)
    else:
        draft.held["thresholds"] = moved(tuple(draft.held["thresholds"]), number, to, draft.of_labels)


def _not_sure(draft: _Draft) -> None:
    on, key, cost = f"unsure_on_{draft.key}", f"least_{draft.key}", f"unsure_cost_{draft.key}"

    def switched() -> None:
        draft.held["least"] = USUAL_THRESHOLD if st.session_state[on] else 0.0

    def changed() -> None:
        draft.held["least"] = float(st.session_state[key])

    def paid_for() -> None:
        draft.prices["unsure"] = float(st.session_state[cost])

    st.session_state[on] = draft.held["least"] > 0
    if not st.toggle("It may say that it is not sure", key=on, on_change=switched):
        return
    st.session_state[key], st.session_state[cost] = draft.held["least"], draft.prices["unsure"]
    st.slider("Not sure below", LOWEST, HIGHEST, step=0.001, format="%.3f", key=key, on_change=changed)
    st.number_input(
        "“Not sure” costs",
        0.0,
        DEAREST,
        step=0.1,
        format="%g",
        key=cost,
        on_change=paid_for,
        help="As somebody has to look at it then.",
    )


def _swept(draft: _Draft, decision: Decision, costs: Costs, number: int | None) -> dict[str, Sweep]:
    """Of what thresholds are found by, and of what is shown where that is another part."""
    found, shown = found_by(draft.judgement), draft.judgement.answered
    parts = {found.part: found.judged, shown.part: shown.judged}
    if number is None:
        return {part: sweep_all_labels(judged, costs) for part, judged in parts.items()}
    return {part: sweep(judged, decision, costs, number) for part, judged in parts.items()}


def _chart(draft: _Draft, swept: dict[str, Sweep], number: int | None) -> None:
    colours, figure = theme.palette(), go.Figure()
    found, now = next(iter(swept.values())), draft.held["thresholds"][0 if number is None else number]
    for (part, each), colour in zip(swept.items(), (colours.validation, colours.training)):
        name = f"{part.capitalize()} part" if part != "other" else "This dataset"
        line = {"color": colour, "dash": "dash" if part == "validation" and len(swept) > 1 else "solid"}
        figure.add_scatter(x=each.thresholds, y=each.costs * OF, mode="lines", line=line, name=name)
    star = {"symbol": "star", "size": 15, "color": colours.accent, "line": {"color": colours.text, "width": 1}}
    figure.add_scatter(
        x=[found.best], y=[found.least * OF], mode="markers", marker=star, name=f"Best, {found.best:.3f}"
    )
    figure.add_vline(x=now, line={"color": colours.text, "dash": "dot"}, annotation_text="chosen")
    figure.update_layout(
        template=theme.template(),
        title="What it costs",
        height=400,
        xaxis={"title": {"text": "Threshold"}, "range": [0, 1]},
        yaxis={"title": {"text": f"Cost of {OF} {draft.judgement.noun}s"}, "rangemode": "tozero"},
        showlegend=True,
        legend={"y": -0.22, "yanchor": "top"},
    )
    st.plotly_chart(figure, theme=None, config=theme.CHART_CONFIG, key=f"costs_{draft.key}", alt="Cost by threshold")


def _told(draft: _Draft, found: At, number: int | None) -> None:
    by, shown = found_by(draft.judgement).part, draft.judgement.answered.part
    columns = st.columns(4)
    cost, usual = found.cost, found.usual
    columns[0].metric(
        f"Cost of {OF}",
        f"{cost.value * OF:,.3g}",
        f"{(cost.value - usual.value) * OF:+,.3g} against the usual" if draft.decision.has_thresholds else None,
        delta_color="inverse",
        help=f"Of {OF} {draft.judgement.noun}s, on average. With the usual thresholds {usual.value * OF:,.3g}.",
    )
    if number is not None:
        said = literal(draft.name(number))
        columns[1].metric("Precision", _share(found.precision), help=f"Of those called {said}, how many are.")
        columns[2].metric("Recall", _share(found.recall), help=f"Of those that are {said}, how many it found.")
    if draft.held["least"]:
        columns[3].metric("Not sure", percent(found.unsure))
    told = f"On {count(len(draft.judged), draft.judgement.noun)} of {TITLES[shown]}"
    fair = (
        ", which thresholds were found by too: expect new ones to cost a little more"
        if by == shown
        else f"; the best was found on {TITLES[by]}"
    )
    st.caption(f"{told}{fair}. The cost could be {cost.low * OF:,.3g} to {cost.high * OF:,.3g}.")


def _share(value: float) -> str:
    return "–" if np.isnan(value) else percent(value)


def _buttons(draft: _Draft, decision: Decision) -> None:
    judgement, kept = draft.judgement, draft.judgement.answered.decision
    with st.container(horizontal=True):
        what = "Take the best" if draft.lone else f"Take the best of all {judgement.answered.task.plural}"
        help_ = "The cheapest ones, found at once."
        st.button(what, icon=":material/star:", key=f"best_{draft.key}", help=help_, on_click=_take_best, args=(draft,))
        if st.button(
            "Use for this model",
            type="primary",
            icon=":material/check:",
            key=f"use_{draft.key}",
            disabled=decision == kept,
            help="In the bundle: Predict, a shell and all that reads it answer by it.",
        ):
            decide(judgement, decision, "The model answers by these thresholds.")
        if kept.has_thresholds and st.button("Back to the usual", icon=":material/undo:", key=f"usual_{draft.key}"):
            decide(judgement, kept.without_thresholds(), "The model answers by the usual thresholds.")
    if kept.has_thresholds:
        chosen = {"validation": "the validation part", "test": "the test part"}.get(kept.chosen_on, "other examples")
        st.caption(f":material/tune: This model answers by thresholds of its own, chosen on {literal(chosen)}.")


def _take_best(draft: _Draft) -> None:
    judged, costs = found_by(draft.judgement).judged, draft.costs
    if st.session_state.get(f"threshold_of_{draft.key}") == ALL:
        _move(draft, None, sweep_all_labels(judged, costs).best)
        return
    found = best(judged, draft.decision, costs)
    draft.held["thresholds"], draft.held["least"] = found.thresholds, found.least
